package pyre

import (
	"fmt"
	"strconv"
	"strings"
)

// All calls found with each match from left to right, as Python's finditer, until
// it returns false. Behind an empty match the next one may start at the same
// place, but not be empty.
func (re *Regexp) All(s string, found func(m []int) bool) error {
	advance, steps := false, budget(s)
	for pos := 0; pos <= len(s); {
		m, err := re.search(s, pos, false, advance, &steps)
		if err != nil || m == nil || !found(m) {
			return err
		}
		pos, advance = m[1], m[0] == m[1]
	}
	return nil
}

// Replace is Python's re.sub with count 0.
func (re *Regexp) Replace(s, with string, limit int) (string, error) {
	out, _, err := re.ReplaceSome(s, with, 0, limit)
	return out, err
}

// ReplaceSome is Python's re.subn: it replaces the first count matches, all where
// that is 0, and returns how many these were.
func (re *Regexp) ReplaceSome(s, with string, count, limit int) (out string, done int, err error) {
	parts, err := re.template(with)
	if err != nil {
		return "", 0, err
	}
	var b strings.Builder
	at := 0
	err = re.All(s, func(m []int) bool {
		b.WriteString(s[at:m[0]])
		for _, p := range parts {
			if p.group < 0 {
				b.WriteString(p.text)
			} else if m[2*p.group] >= 0 {
				b.WriteString(s[m[2*p.group]:m[2*p.group+1]])
			}
		}
		at = m[1]
		done++
		return b.Len() <= limit && done != count
	})
	if err != nil {
		return "", 0, err
	}
	if b.Len() > limit {
		return "", 0, fmt.Errorf("the text would be larger than %d MiB", limit>>20)
	}
	b.WriteString(s[at:])
	return b.String(), done, nil
}

type part struct {
	text  string
	group int // -1 for text
}

// template reads the replacement: \1, \g<1>, \g<name>, \n and the like.
func (re *Regexp) template(s string) ([]part, error) {
	var parts []part
	var text strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			text.WriteByte(s[i])
			i++
			continue
		}
		literal, group, size, err := re.replacementEscape(s, i+1)
		if err != nil {
			return nil, err
		}
		i += 1 + size
		if group < 0 {
			text.WriteString(literal)
			continue
		}
		if group > re.groups {
			return nil, fmt.Errorf("the replacement %q refers to group %d, but the pattern has %d", s, group, re.groups)
		}
		if text.Len() > 0 {
			parts = append(parts, part{text.String(), -1})
			text.Reset()
		}
		parts = append(parts, part{"", group})
	}
	if text.Len() > 0 {
		parts = append(parts, part{text.String(), -1})
	}
	return parts, nil
}

// replacementEscape reads what follows a backslash at i: a text, or a group
// where group is not negative. size is the number of bytes read.
func (re *Regexp) replacementEscape(s string, i int) (text string, group, size int, err error) {
	if i >= len(s) {
		return "", 0, 0, fmt.Errorf("the replacement %q ends with a backslash", s)
	}
	digit := func(j int, high byte) bool { return j < len(s) && s[j] >= '0' && s[j] <= high }
	switch c := s[i]; {
	case c == 'g':
		n, size, err := re.reference(s, i+1)
		return "", n, 1 + size, err
	case c == '0':
		n := 0
		for size = 0; size < 3 && digit(i+size, '7'); size++ {
			n = n*8 + int(s[i+size]-'0')
		}
		return string(rune(n)), -1, size, nil
	case digit(i, '9') && digit(i+1, '9'):
		return "", int(c-'0')*10 + int(s[i+1]-'0'), 2, nil
	case digit(i, '9'):
		return "", int(c - '0'), 1, nil
	case c == 'b':
		return "\b", -1, 1, nil
	case controls[c] != 0:
		return string(controls[c]), -1, 1, nil
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		return "", 0, 0, fmt.Errorf("the replacement %q has a bad escape \\%c", s, c)
	}
	return s[i-1 : i+1], -1, 1, nil
}

// reference reads <name> or <1> at i and returns the group and the length.
func (re *Regexp) reference(s string, i int) (n, size int, err error) {
	end := strings.IndexByte(s[min(i, len(s)):], '>')
	if i >= len(s) || s[i] != '<' || end < 0 {
		return 0, 0, fmt.Errorf("the replacement %q has an incomplete group reference", s)
	}
	name := s[i+1 : i+end]
	if n, err := strconv.Atoi(name); err == nil && n >= 0 {
		return n, end + 1, nil
	}
	if n, ok := re.names[name]; ok {
		return n, end + 1, nil
	}
	return 0, 0, fmt.Errorf("the replacement %q refers to the unknown group %q", s, name)
}

// Escape is Python's re.escape.
func Escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("()[]{}?*+-|^$\\.&~# \t\n\r\v\f", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
