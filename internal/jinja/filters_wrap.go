package jinja

import (
	"strconv"
	"strings"
	"unicode"
)

func filterWordwrap(c *Context, v any, a []any) (any, error) {
	s, err := textArg("value", v)
	if err != nil {
		return nil, err
	}
	width, err := intArg("width", a[0])
	if err != nil {
		return nil, err
	}
	if width < 1 {
		return nil, newError("the argument \"width\" must be at least 1")
	}
	flags, err := truths(a[1], a[3])
	if err != nil {
		return nil, err
	}
	sep := "\n"
	if a[2] != nil {
		if sep, err = textArg("wrapstring", a[2]); err != nil {
			return nil, err
		}
	}
	var lines []string
	for _, line := range splitLines(s, false) {
		if err := c.textWork(line); err != nil {
			return nil, err
		}
		parts, err := wrap(line, width, flags[0], flags[1])
		if err != nil {
			return nil, err
		}
		if len(parts) == 0 {
			parts = []string{""}
		}
		lines = append(lines, parts...)
	}
	if len(s)+len(sep)*len(lines) > maxOutput {
		return nil, textTooLarge()
	}
	return strings.Join(lines, sep), nil
}

// wrap is Python's textwrap.wrap for one paragraph.
func wrap(s string, width int, breakLong, hyphens bool) ([]string, error) {
	chunks, err := wrapChunks(s, hyphens)
	if err != nil {
		return nil, err
	}
	var lines []string
	for len(chunks) > 0 {
		if len(lines) > 0 && strings.TrimSpace(chunks[0]) == "" {
			chunks = chunks[1:]
			continue
		}
		var line []string
		n := 0
		for len(chunks) > 0 && n+runesUpTo(chunks[0], width) <= width {
			line = append(line, chunks[0])
			n += runesUpTo(chunks[0], width)
			chunks = chunks[1:]
		}
		if len(chunks) > 0 && runesUpTo(chunks[0], width) > width {
			if breakLong {
				head := breakAt(chunks[0], width-n, hyphens)
				line = append(line, head)
				if chunks[0] = chunks[0][len(head):]; chunks[0] == "" {
					chunks = chunks[1:]
				}
			} else if len(line) == 0 {
				line, chunks = append(line, chunks[0]), chunks[1:]
			}
		}
		if len(line) > 0 && strings.TrimSpace(line[len(line)-1]) == "" {
			line = line[:len(line)-1]
		}
		if len(line) > 0 {
			lines = append(lines, strings.Join(line, ""))
		}
	}
	return lines, nil
}

// runesUpTo counts the characters of s, but no further than just beyond limit.
func runesUpTo(s string, limit int) int {
	n := 0
	for range s {
		if n++; n > limit {
			break
		}
	}
	return n
}

// breakAt returns the head of a long word that fits in space characters, behind
// a hyphen where there is one.
func breakAt(word string, space int, hyphens bool) string {
	head := firstRunes(word, max(space, 0))
	if i := strings.LastIndexByte(head, '-'); hyphens && i > 0 && strings.Trim(head[:i], "-") != "" {
		return head[:i+1]
	}
	return head
}

// The pieces between which Python's textwrap breaks: blanks, dashes, and words
// up to a hyphen between letters.
const wordPieces = `[ \t\n\x0b\x0c\r]+|(?<=[\w!"'&.,?])-{2,}(?=\w)|[^ \t\n\x0b\x0c\r]+?(?:` +
	`-(?:(?<=[^\d\W]{2}-)|(?<=[^\d\W]-[^\d\W]-))(?=[^\d\W]-?[^\d\W])|(?=[ \t\n\x0b\x0c\r]|\Z)|` +
	`(?<=[\w!"'&.,?])(?=-{2,}\w))`

// wrapChunks splits a line into the pieces between which it may be broken.
func wrapChunks(s string, hyphens bool) ([]string, error) {
	pattern := wordPieces
	if !hyphens {
		pattern = `[ \t\n\x0b\x0c\r]+|[^ \t\n\x0b\x0c\r]+`
	}
	re, err := patterns.get(pattern, 0)
	if err != nil {
		return nil, err
	}
	var out []string
	err = re.All(s, func(m []int) bool {
		if m[0] < m[1] {
			out = append(out, s[m[0]:m[1]])
		}
		return true
	})
	return out, err
}

// commentStyles are the decorations of the filter comment, by style.
var commentStyles = map[string][3]string{ // beginning, decoration, end
	"plain":  {"", "# ", ""},
	"erlang": {"", "% ", ""},
	"c":      {"", "// ", ""},
	"cblock": {"/*", " * ", " */"},
	"xml":    {"<!--", " - ", "-->"},
}

func filterComment(c *Context, v any, a []any) (any, error) {
	text, err := textArg("text", v)
	if err != nil {
		return nil, err
	}
	style, ok := commentStyles[Str(a[0])]
	if !ok {
		return nil, newError("unknown comment style %s", Repr(a[0])).WithHint("the styles are c, cblock, erlang, plain and xml")
	}
	kw, _ := a[1].(*Map)
	get := func(name, otherwise string) string {
		if v, ok := kw.Get(name); ok {
			return Str(v)
		}
		return otherwise
	}
	count := func(name string) int {
		n, err := strconv.Atoi(get(name, "1"))
		if err != nil || n < 0 {
			return 0
		}
		return min(n, 1000)
	}
	deco := get("decoration", style[1])
	pieces := 0
	for _, e := range kw.All() {
		pieces += len(Str(e))
	}
	if len(text)+(len(deco)+1)*(strings.Count(text, get("newline", "\n"))+1)+pieces*(count("prefix_count")+count("postfix_count")+1) > maxOutput {
		return nil, textTooLarge()
	}
	edge := strings.TrimRightFunc(deco, unicode.IsSpace)
	nl := get("newline", "\n")
	var b strings.Builder
	if begin := get("beginning", style[0]); begin != "" {
		b.WriteString(begin + nl)
	}
	if prefix := get("prefix", edge); prefix == nl {
		b.WriteString(strings.Repeat(nl, count("prefix_count")))
	} else if prefix != "" {
		b.WriteString(strings.Repeat(prefix+nl, count("prefix_count")))
	}
	body := deco + strings.ReplaceAll(text, nl, nl+deco)
	b.WriteString(strings.ReplaceAll(body, deco+nl, edge+nl))
	b.WriteString(strings.Repeat(nl+get("postfix", edge), count("postfix_count")))
	if end := get("end", style[2]); end != "" {
		b.WriteString(nl + end)
	}
	return b.String(), nil
}
