package jinja

import (
	"strings"

	"fleet/internal/source"
)

// Options are how a template text is read.
type Options struct {
	// TrimBlocks removes the newline after a block tag.
	TrimBlocks bool
	// LstripBlocks removes the blanks between a line's start and a block tag.
	LstripBlocks bool
	// KeepTrailingNewline keeps the newline that ends the text, as Jinja's option.
	KeepTrailingNewline bool
	// PreserveNewlines gives the result at least as many newlines at its end as
	// the text has, which is what Ansible does for variables and template files.
	PreserveNewlines bool
	// RawBackslashes leaves backslashes of strings inside {{ }} alone, which is
	// what Ansible does for text in playbooks (not in template files).
	RawBackslashes bool
	// Delimiters; the zero values are {{ }} {% %} {# #}.
	VariableStart, VariableEnd, BlockStart, BlockEnd, CommentStart, CommentEnd string
	// NewlineSequence ends the lines of the template's own text; "\n" where empty.
	NewlineSequence string
}

// ForFile returns the options of Ansible for template files.
func ForFile() Options { return Options{TrimBlocks: true, PreserveNewlines: true} }

// ForText returns the options of Ansible for text in playbooks and variables.
func ForText() Options {
	return Options{TrimBlocks: true, PreserveNewlines: true, RawBackslashes: true}
}

// Template is a parsed template. It is never changed, and safe for concurrent use.
type Template struct {
	text     *text
	options  Options
	body     []stmt
	blocks   map[string]*blockStmt
	calls    []callAt
	single   expr // the one expression that the template consists of
	newlines int  // that the source ends with
}

// Parse reads a template that starts at pos. Unknown filters, tests and
// statements are errors, with the nearest name as hint. A first line such as
// "#jinja2: lstrip_blocks: True" changes the options, as Ansible has it.
func Parse(src string, pos source.Pos, o Options) (*Template, error) {
	src = strings.ReplaceAll(strings.ReplaceAll(src, "\r\n", "\n"), "\r", "\n")
	t := &Template{text: &text{src, pos}, newlines: len(src) - len(strings.TrimRight(src, "\n"))}
	start, err := header(t.text, &o)
	if err != nil {
		return nil, err
	}
	t.options = o.withDefaults()
	tokens, err := lexTemplate(t.text, start, t.options)
	if err != nil {
		return nil, err
	}
	p := &parser{text: t.text, tokens: tokens, tables: builtin(), blocks: map[string]*blockStmt{}}
	if t.body, err = p.body(); err != nil {
		return nil, err
	}
	t.blocks, t.calls = p.blocks, p.calls
	if len(t.body) == 1 {
		if s, ok := t.body[0].(*printStmt); ok {
			t.single = s.x
		}
	}
	return t, nil
}

// header reads the line "#jinja2: option: value, …", and returns where the
// template starts.
func header(t *text, o *Options) (int, error) {
	const mark = "#jinja2:"
	if !strings.HasPrefix(t.src, mark) {
		return 0, nil
	}
	line, _, _ := strings.Cut(t.src, "\n")
	bools := map[string]*bool{
		"trim_blocks": &o.TrimBlocks, "lstrip_blocks": &o.LstripBlocks, "keep_trailing_newline": &o.KeepTrailingNewline,
	}
	texts := map[string]*string{
		"variable_start_string": &o.VariableStart, "variable_end_string": &o.VariableEnd,
		"block_start_string": &o.BlockStart, "block_end_string": &o.BlockEnd,
		"comment_start_string": &o.CommentStart, "comment_end_string": &o.CommentEnd, "newline_sequence": &o.NewlineSequence,
	}
	off := len(mark)
	for _, pair := range strings.Split(line[len(mark):], ",") {
		key, value, ok := strings.Cut(pair, ":")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		at := place{t, off + len(pair) - len(strings.TrimLeft(pair, " "))}.pos()
		off += len(pair) + 1
		b, s := bools[key], texts[key]
		switch {
		case !ok:
			return 0, source.Errorf(at, "expected \"option: value\" after #jinja2:")
		case b != nil && (value == "True" || value == "False"):
			*b = value == "True"
		case s != nil && len(value) > 2 && (value[0] == '\'' || value[0] == '"') && value[len(value)-1] == value[0]:
			*s, _ = unescape(value[1 : len(value)-1])
		case b != nil || s != nil:
			return 0, source.Errorf(at, "%s cannot be %s", key, value).WithHint("write True, False or a text in quotes")
		default:
			e := source.Errorf(at, "unknown template option %q", key)
			e.Hint = source.DidYouMean(key, []string{"lstrip_blocks", "trim_blocks", "keep_trailing_newline", "newline_sequence"})
			return 0, e
		}
	}
	return min(len(line)+1, len(t.src)), nil
}

// Render returns the text.
func (t *Template) Render(c *Context) (string, error) {
	w, err := t.render(c, &render{})
	if err != nil {
		return "", err
	}
	return t.finish(w.String()), nil
}

// render returns what is written, without the line ends that belong behind it.
func (t *Template) render(c *Context, rt *render) (*output, error) {
	if err := c.enter(); err != nil {
		return nil, locate(err, place{t.text, 0})
	}
	defer c.leave()
	w := &output{rt: rt, main: true}
	if err := t.run(&frame{c: c, rt: rt, text: t.text}, w); err != nil {
		return nil, locate(err, place{t.text, 0})
	}
	return w, nil
}

// finish gives the result its line ends.
func (t *Template) finish(s string) string {
	if t.options.PreserveNewlines {
		if n := t.newlines - (len(s) - len(strings.TrimRight(s, "\n"))); n > 0 {
			s += strings.Repeat(t.options.NewlineSequence, n)
		}
	}
	return s
}

// valueOf evaluates x to a value that may leave the template: nothing in it is
// undefined.
func valueOf(f *frame, x expr) (any, error) {
	v, err := x.eval(f)
	if err == nil && f.c.left.changed.any() {
		v, err = f.c.loosely(v)
	}
	if err != nil {
		return nil, err
	}
	if u, ok := v.(*Undefined); ok && u.lenient {
		return "", nil
	}
	if u := findUndefined(v); u != nil {
		return nil, locate(u.Err(), f.at(x.offset()))
	}
	return v, nil
}

// findUndefined returns what is undefined in v, or nil. It does not look through
// all of a very large value.
func findUndefined(v any) *Undefined {
	left := 1_000_000
	return undefinedIn(v, 0, &left)
}

func undefinedIn(v any, depth int, left *int) *Undefined {
	if *left--; depth > maxDepth || *left < 0 {
		return nil
	}
	var items []any
	switch x := v.(type) {
	case *Undefined:
		return x
	case []any:
		items = x
	case Tuple:
		items = x
	case *Map:
		items = x.vals
	}
	for _, e := range items {
		if isScalar(e) {
			continue
		}
		if u := undefinedIn(e, depth+1, left); u != nil {
			return u
		}
	}
	return nil
}

// Calls returns the filters, tests and lookups in use.
func (t *Template) Calls() []Call { return located(t.calls, t.text) }

// Calls is as Template.Calls.
func (e *Expr) Calls() []Call { return located(e.calls, e.text) }
