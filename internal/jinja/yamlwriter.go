package jinja

import (
	"math"
	"math/big"
	"strings"
	"time"
)

// yamlWriter writes YAML as PyYAML's dump does with Ansible's dumper, except that
// a value that is there twice is written twice, without anchors.
type yamlWriter struct {
	b         strings.Builder
	step      int // blanks per level
	width     int
	sort      bool
	ascii     bool
	blockOnly bool             // never inline
	flowOnly  bool             // always inline
	wrapped   func(v any) bool // a vault that stands for an encrypted value

	indent     int // of the present level; -1 outside of all
	flow       int // inline collections that are open
	col        int
	whitespace bool // what was written last is a blank or a line's start
	indention  bool // only blanks, dashes and the like stand on the line
}

// dumpYAML writes v. The arguments are indent, width, sort_keys, allow_unicode,
// explicit_start, explicit_end, and three that must be left alone.
func dumpYAML(c *Context, v any, a []any, flow any) (any, error) {
	w := &yamlWriter{wrapped: c.wrapped, step: 2, width: 80, indent: -1, whitespace: true, indention: true}
	if err := w.options(a, flow); err != nil {
		return nil, err
	}
	flags, err := truths(a[4], a[5])
	if err != nil {
		return nil, err
	}
	if flags[0] {
		w.indicator("---", true, false, false)
	}
	if err := w.node(v, yamlPlace{}, 0); err != nil {
		return nil, err
	}
	w.newLevelLine()
	if flags[1] {
		w.indicator("...", true, false, false)
		w.newLevelLine()
	}
	return w.b.String(), nil
}

func (w *yamlWriter) options(a []any, flow any) error {
	for i, p := range []*int{&w.step, &w.width} {
		if a[i] == nil {
			continue
		}
		if _, f, isInt, ok := num(a[i]); ok && !isInt && i == 1 {
			w.width = int(min(f, math.MaxInt32))
			continue
		}
		n, err := intArg([]string{"indent", "width"}[i], a[i])
		if err != nil {
			return err
		}
		*p = n
	}
	if w.step < 2 || w.step > 9 {
		w.step = 2
	}
	if w.width <= 2*w.step {
		w.width = 80
	}
	for i, name := range []string{"default_style", "line_break", "canonical"} {
		if a[6+i] != nil {
			return newError("the argument %q is not supported", name)
		}
	}
	flags, err := truths(a[2], a[3], flow)
	if err != nil {
		return err
	}
	w.sort, w.ascii = flags[0], !flags[1]
	w.flowOnly, w.blockOnly = flags[2], flow != nil && !flags[2]
	return nil
}

// yamlPlace is where a node stands.
type yamlPlace struct {
	mapping, key bool
}

func (w *yamlWriter) text(s string) {
	w.b.WriteString(s)
	w.col += len([]rune(s))
}

// indicator writes punctuation, with a blank in front where one is needed.
func (w *yamlWriter) indicator(s string, needSpace, whitespace, indention bool) {
	if needSpace && !w.whitespace {
		s = " " + s
	}
	w.whitespace = whitespace
	w.indention = w.indention && indention
	w.text(s)
}

func (w *yamlWriter) lineBreak(s string) {
	w.b.WriteString(s)
	w.whitespace, w.indention, w.col = true, true, 0
}

// newLevelLine moves to the indentation of the present level, on a new line
// unless the line is still empty.
func (w *yamlWriter) newLevelLine() {
	indent := max(w.indent, 0)
	if !w.indention || w.col > indent || w.col == indent && !w.whitespace {
		w.lineBreak("\n")
	}
	if w.col < indent {
		w.whitespace = true
		w.text(strings.Repeat(" ", indent-w.col))
	}
}

// deeper opens a level and returns the function that closes it.
func (w *yamlWriter) deeper(flow, sameIndent bool) func() {
	old := w.indent
	switch {
	case old < 0 && flow:
		w.indent = w.step
	case old < 0:
		w.indent = 0
	case !sameIndent:
		w.indent += w.step
	}
	return func() { w.indent = old }
}

func (w *yamlWriter) node(v any, at yamlPlace, depth int) error {
	if depth > maxJSONDepth {
		return newError("the value nests more than %d levels deep", maxJSONDepth)
	}
	if w.b.Len() > maxOutput {
		return textTooLarge()
	}
	switch x := v.(type) {
	case []any:
		return w.list(x, at, depth)
	case Tuple:
		return w.list(x, at, depth)
	case *Map:
		return w.dict(x, depth)
	case *Undefined:
		return x.Err()
	}
	s, isText, err := yamlScalar(v)
	if err != nil {
		return err
	}
	defer w.deeper(true, false)()
	if w.wrapped(v) {
		w.vault(s, at)
		return nil
	}
	w.scalar(s, !isText || !ambiguous(s), at)
	return nil
}

// yamlScalar returns a scalar's text, and whether it stands for a text.
func yamlScalar(v any) (string, bool, error) {
	switch x := v.(type) {
	case nil:
		return "null", false, nil
	case bool:
		return strings.ToLower(Str(x)), false, nil
	case *big.Int:
		return bigText(x), false, nil
	case int:
		return Str(x), false, nil
	case float64:
		return yamlFloat(x), false, nil
	case string:
		return x, true, nil
	case time.Time:
		return isoTime(x, " "), false, nil
	case omitType:
		return x.String(), true, nil
	}
	return "", false, newError("%s cannot be written as YAML", describe(v))
}

func yamlFloat(f float64) string {
	s := floatText(f)
	switch s {
	case "inf", "nan":
		return "." + s
	case "-inf":
		return "-.inf"
	}
	if strings.Contains(s, "e") && !strings.Contains(s, ".") {
		s = strings.Replace(s, "e", ".0e", 1)
	}
	return s
}

// inline reports whether a collection is written on one line.
func (w *yamlWriter) inline(items ...[]any) bool {
	if w.flow > 0 || w.flowOnly || len(items[0]) == 0 {
		return true
	}
	if w.blockOnly {
		return false
	}
	for _, l := range items {
		for _, e := range l {
			switch e.(type) {
			case []any, Tuple, *Map:
				return false
			}
			if w.wrapped(e) {
				return false
			}
		}
	}
	return true
}

func (w *yamlWriter) list(l []any, at yamlPlace, depth int) error {
	if w.inline(l) {
		return w.inlineItems("[", "]", len(l), func(i int) error {
			return w.node(l[i], yamlPlace{}, depth+1)
		})
	}
	defer w.deeper(false, at.mapping && !w.indention)()
	for _, e := range l {
		w.newLevelLine()
		w.indicator("-", true, false, true)
		if err := w.node(e, yamlPlace{}, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// inlineItems writes a collection on one line, as far as the width allows.
func (w *yamlWriter) inlineItems(open, end string, n int, item func(i int) error) error {
	w.indicator(open, true, true, false)
	w.flow++
	restore := w.deeper(true, false)
	for i := range n {
		if i > 0 {
			w.indicator(",", false, false, false)
		}
		if w.col > w.width {
			w.newLevelLine()
		}
		if err := item(i); err != nil {
			return err
		}
	}
	restore()
	w.flow--
	w.indicator(end, false, false, false)
	return nil
}
