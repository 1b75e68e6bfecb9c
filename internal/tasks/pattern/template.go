package pattern

import (
	"fmt"
	"strconv"
	"strings"
)

// Template is a replacement, as Python's re.sub takes it: \1, \g<1> and \g<name>
// stand for groups.
type Template struct {
	parts []part
}

// part is text, or where group is not -1 the group with this number.
type part struct {
	text  string
	group int
}

// NewTemplate reads the replacement for matches of re.
func NewTemplate(text string, re *Regexp) (*Template, error) {
	t := &Template{}
	for left := text; left != ""; {
		plain, rest, found := strings.Cut(left, `\`)
		t.add(plain)
		if !found {
			break
		}
		var err error
		if left, err = t.escape(rest, re); err != nil {
			return nil, fmt.Errorf("replacement %q: %w", text, err)
		}
	}
	return t, nil
}

func (t *Template) add(text string) {
	if text != "" {
		t.parts = append(t.parts, part{text, -1})
	}
}

// escapes are the letters that stand for a character behind a backslash.
var escapes = map[byte]string{'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v", '\\': `\`}

// escape reads what stands behind a backslash and returns what is left.
func (t *Template) escape(s string, re *Regexp) (string, error) {
	if s == "" {
		return "", fmt.Errorf("a backslash stands at the end")
	}
	c := s[0]
	if plain, ok := escapes[c]; ok {
		t.add(plain)
		return s[1:], nil
	}
	switch {
	case c == '0' || c >= '1' && c <= '9' && isOctal(s):
		n := 1
		for n < len(s) && n < 3 && s[n] >= '0' && s[n] <= '7' {
			n++
		}
		code, _ := strconv.ParseUint(s[:n], 8, 16)
		t.add(string(rune(code)))
		return s[n:], nil
	case c >= '1' && c <= '9':
		n := 1
		if len(s) > 1 && s[1] >= '0' && s[1] <= '9' {
			n = 2
		}
		return s[n:], t.group(s[:n], re)
	case c == 'g':
		name, rest, ok := strings.Cut(strings.TrimPrefix(s[1:], "<"), ">")
		if !ok || !strings.HasPrefix(s[1:], "<") {
			return s, fmt.Errorf(`\g needs the name of a group in angle brackets`)
		}
		return rest, t.group(name, re)
	case isLetter(c):
		return s, fmt.Errorf("the escape \\%c is not known", c)
	}
	t.add(`\` + s[:1])
	return s[1:], nil
}

func (t *Template) group(name string, re *Regexp) error {
	n, err := strconv.Atoi(name)
	known := err == nil && n >= 0 && n <= re.Groups()
	if err != nil {
		n, known = re.Group(name)
	}
	if !known {
		return fmt.Errorf("the regular expression has no group %q", name)
	}
	t.parts = append(t.parts, part{"", n})
	return nil
}

// Expand returns the replacement for one match in s, whose places are as
// FindStringSubmatchIndex returns them.
func (t *Template) Expand(s string, match []int) string {
	var out strings.Builder
	for _, p := range t.parts {
		if p.group < 0 {
			out.WriteString(p.text)
		} else if from := match[2*p.group]; from >= 0 {
			out.WriteString(s[from:match[2*p.group+1]])
		}
	}
	return out.String()
}

// ReplaceAll replaces every match of re in s and returns how many there were.
func (t *Template) ReplaceAll(re *Regexp, s string) (string, int, error) {
	var out strings.Builder
	end, n := 0, 0
	err := re.all(s, func(match []int) {
		out.WriteString(s[end:match[0]])
		out.WriteString(t.Expand(s, match))
		end = match[1]
		n++
	})
	out.WriteString(s[end:])
	return out.String(), n, err
}
