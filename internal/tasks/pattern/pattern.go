// Package pattern reads regular expressions and replacements as Python writes
// them, because that is what playbooks hold. It runs on the target. It refuses
// what needs backtracking (lookaround and backreferences) by name: Go's engine
// runs in linear time and has no such thing.
package pattern

import (
	"fmt"
	"regexp"
	"strings"
)

// Mode says what ^, $ and the dot mean.
type Mode int

// The modes. Line is Python's default; the others are its flags.
const (
	Line      Mode = 0 // $ matches at the end, and before a newline at the end
	MultiLine Mode = 1 << iota
	DotAll
)

// Compile returns the regular expression that the Python expression expr stands for.
func Compile(expr string, mode Mode) (*regexp.Regexp, error) {
	t := translation{in: expr, multiline: mode&MultiLine != 0}
	if err := t.translate(); err != nil {
		return nil, fmt.Errorf("regular expression %q: %w", expr, err)
	}
	flags := ""
	if mode&MultiLine != 0 {
		flags += "m"
	}
	if mode&DotAll != 0 {
		flags += "s"
	}
	out := t.out.String()
	if flags != "" {
		out = "(?" + flags + ")" + out
	}
	re, err := regexp.Compile(out)
	if err != nil {
		return nil, fmt.Errorf("regular expression %q: %s", expr, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return re, nil
}

// translation rewrites what Python and Go write differently.
type translation struct {
	in        string
	pos       int
	out       strings.Builder
	multiline bool
}

func (t *translation) translate() error {
	for t.pos < len(t.in) {
		if err := t.next(); err != nil {
			return err
		}
	}
	return nil
}

func (t *translation) next() error {
	rest := t.in[t.pos:]
	switch {
	case rest[0] == '\\':
		return t.escape(false)
	case rest[0] == '[':
		return t.class()
	case strings.HasPrefix(rest, "(?"):
		return t.group(rest)
	case strings.HasPrefix(rest, "{,"):
		t.copy("{0,", 2)
	case rest[0] == '$' && !t.multiline:
		t.copy(`(?:\n?\z)`, 1)
	default:
		t.copy(rest[:1], 1)
	}
	return nil
}

// copy writes out for the next n bytes.
func (t *translation) copy(out string, n int) {
	t.out.WriteString(out)
	t.pos += n
}

// escape translates a backslash and what it stands before.
func (t *translation) escape(inClass bool) error {
	rest := t.in[t.pos:]
	if len(rest) == 1 {
		return fmt.Errorf("a backslash stands at the end")
	}
	switch c := rest[1]; {
	case c >= '1' && c <= '9' && !inClass && !isOctal(rest[1:]):
		return fmt.Errorf("the backreference \\%c is not supported", c)
	case c == 'Z' && !inClass:
		t.copy(`\z`, 2)
	case c == 'b' && inClass:
		t.copy(`\x08`, 2)
	case c == 'u' && len(rest) >= 6:
		t.copy(`\x{`+rest[2:6]+`}`, 6)
	case c == 'U' && len(rest) >= 10:
		t.copy(`\x{`+rest[2:10]+`}`, 10)
	case isLetter(c) && !strings.ContainsRune("AbBdDsSwWafnrtvxz", rune(c)):
		return fmt.Errorf("the escape \\%c is not known", c)
	case c >= 0x80:
		t.copy("", 1)
	default:
		t.copy(rest[:2], 2)
	}
	return nil
}

func isLetter(c byte) bool { return c|32 >= 'a' && c|32 <= 'z' }

// isOctal reports whether three octal digits follow, which are a character.
func isOctal(s string) bool {
	if len(s) < 3 || s[0] > '3' {
		return false
	}
	return strings.Trim(s[:3], "01234567") == ""
}

// class copies a set of characters.
func (t *translation) class() error {
	start := t.pos
	t.copy("[", 1)
	if strings.HasPrefix(t.in[t.pos:], "^") {
		t.copy("^", 1)
	}
	for first := true; t.pos < len(t.in); first = false {
		switch c := t.in[t.pos]; {
		case c == ']' && !first:
			t.copy("]", 1)
			return nil
		case c == '\\':
			if err := t.escape(true); err != nil {
				return err
			}
		case c == '[':
			t.copy(`\[`, 1)
		default:
			t.copy(t.in[t.pos:t.pos+1], 1)
		}
	}
	return fmt.Errorf("the set %q is not closed", t.in[start:])
}

// refused are the groups that need backtracking.
var refused = []struct{ start, name string }{
	{"(?=", "a lookahead"}, {"(?!", "a negative lookahead"}, {"(?<=", "a lookbehind"}, {"(?<!", "a negative lookbehind"},
	{"(?P=", "a backreference"}, {"(?(", "a condition"}, {"(?>", "an atomic group"},
}

// group translates what begins with "(?".
func (t *translation) group(rest string) error {
	for _, r := range refused {
		if strings.HasPrefix(rest, r.start) {
			return fmt.Errorf("%s %q is not supported; it can often be written with groups, or with a condition of the task", r.name, r.start)
		}
	}
	if strings.HasPrefix(rest, "(?#") {
		end := strings.IndexByte(rest, ')')
		if end < 0 {
			return fmt.Errorf("the comment %q is not closed", rest)
		}
		t.pos += end + 1
		return nil
	}
	n := 2
	flags := ""
	for n < len(rest) && (isLetter(rest[n]) || rest[n] == '-') && rest[n] != 'P' {
		flags += rest[n : n+1]
		n++
	}
	if n == len(rest) || flags == "" || rest[n] != ')' && rest[n] != ':' {
		t.copy("(?", 2)
		return nil
	}
	return t.flags(flags, rest[n], n+1)
}

// flags translates "(?flags)" and "(?flags:".
func (t *translation) flags(flags string, end byte, n int) error {
	kept := ""
	for _, f := range flags {
		switch f {
		case 'a', 'u', 'L': // which letters \w knows: not told apart here
		case 'm':
			t.multiline = true
			kept += "m"
		case 'i', 's', '-':
			kept += string(f)
		default:
			return fmt.Errorf("the flag %q is not supported", f)
		}
	}
	switch {
	case end == ':':
		t.copy("(?"+kept+":", n)
	case kept == "":
		t.copy("", n)
	default:
		t.copy("(?"+kept+")", n)
	}
	return nil
}
