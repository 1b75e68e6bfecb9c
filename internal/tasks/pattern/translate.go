package pattern

import "strings"

// translation rewrites what Python and Go write differently.
type translation struct {
	in        string
	pos       int
	out       strings.Builder
	multiline bool
}

// translate reports whether the expression can be said in Go's way.
func (t *translation) translate() bool {
	for t.pos < len(t.in) {
		if !t.next() {
			return false
		}
	}
	return true
}

func (t *translation) next() bool {
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
	return true
}

// copy writes out for the next n bytes.
func (t *translation) copy(out string, n int) {
	t.out.WriteString(out)
	t.pos += n
}

// escape translates a backslash and what it stands before.
func (t *translation) escape(inClass bool) bool {
	rest := t.in[t.pos:]
	if len(rest) == 1 {
		return false
	}
	switch c := rest[1]; {
	case c >= '1' && c <= '9' && !inClass && !isOctal(rest[1:]):
		return false
	case c == 'Z' && !inClass:
		t.copy(`\z`, 2)
	case c == 'b' && inClass:
		t.copy(`\x08`, 2)
	case c == 'u' && len(rest) >= 6:
		t.copy(`\x{`+rest[2:6]+`}`, 6)
	case c == 'U' && len(rest) >= 10:
		t.copy(`\x{`+rest[2:10]+`}`, 10)
	case isLetter(c) && !strings.ContainsRune("AbBdDsSwWafnrtvxz", rune(c)):
		return false
	case c >= 0x80:
		t.copy("", 1)
	default:
		t.copy(rest[:2], 2)
	}
	return true
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
func (t *translation) class() bool {
	t.copy("[", 1)
	if strings.HasPrefix(t.in[t.pos:], "^") {
		t.copy("^", 1)
	}
	for first := true; t.pos < len(t.in); first = false {
		switch c := t.in[t.pos]; {
		case c == ']' && !first:
			t.copy("]", 1)
			return true
		case c == '\\':
			if !t.escape(true) {
				return false
			}
		case c == '[':
			t.copy(`\[`, 1)
		default:
			t.copy(t.in[t.pos:t.pos+1], 1)
		}
	}
	return false
}

// backward begin the groups that need going back.
var backward = []string{"(?=", "(?!", "(?<=", "(?<!", "(?P=", "(?(", "(?>"}

// group translates what begins with "(?".
func (t *translation) group(rest string) bool {
	for _, start := range backward {
		if strings.HasPrefix(rest, start) {
			return false
		}
	}
	if strings.HasPrefix(rest, "(?#") {
		end := strings.IndexByte(rest, ')')
		if end < 0 {
			return false
		}
		t.pos += end + 1
		return true
	}
	n := 2
	flags := ""
	for n < len(rest) && (isLetter(rest[n]) || rest[n] == '-') && rest[n] != 'P' {
		flags += rest[n : n+1]
		n++
	}
	if n == len(rest) || flags == "" || rest[n] != ')' && rest[n] != ':' {
		t.copy("(?", 2)
		return true
	}
	return t.flags(flags, rest[n], n+1)
}

// flags translates "(?flags)" and "(?flags:".
func (t *translation) flags(flags string, end byte, n int) bool {
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
			return false
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
	return true
}
