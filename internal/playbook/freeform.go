package playbook

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"fleet/internal/source"
)

// KV is one key=value of a free-form text.
type KV struct {
	Key, Value string
	Pos        source.Pos // of the key
}

// rawKeys are the keys that the modules which take a command have beside it.
var rawKeys = map[string]bool{
	"chdir": true, "creates": true, "executable": true, "removes": true, "stdin": true,
	"stdin_add_newline": true, "strip_empty_ends": true, "warn": true,
}

// FreeForm splits `src=a dest="b c"` into its pairs, as Ansible's key=value
// syntax does: at blanks that are neither quoted nor in a template. A pair of
// quotes around a value goes, and escapes like \n in it become what they mean.
// What has no key is the rest. With raw (command, shell, script, raw) only the
// keys that these modules take beside the command (creates, removes, chdir,
// executable, stdin, ...) are pairs, and the rest is the command as written. The
// end of a line stays there even where a pair stood before it.
func FreeForm(text string, pos source.Pos, raw bool) (pairs []KV, rest string, err error) {
	words, err := split(text, pos)
	if err != nil {
		return nil, "", err
	}
	var plain []byte
	fresh, newline := true, false // at the start of a line; a pair ended one
	for _, w := range words {
		key, value, ok := keyValue(w.text)
		if ok && (!raw || rawKeys[key]) {
			pairs = append(pairs, KV{key, value, pos.At(text, w.start)})
			newline = newline || strings.Contains(w.blank, "\n")
			continue
		}
		switch {
		case fresh:
		case newline:
			plain = append(plain, '\n')
		default:
			plain = append(plain, ' ')
		}
		plain = append(plain, w.plain(!ok)...)
		fresh, newline = strings.Contains(w.blank, "\n"), false
	}
	return pairs, string(plain), nil
}

// word is a part of a free-form text with the blanks behind it.
type word struct {
	start int
	text  string
	blank string
}

// plain returns the word as a part of the rest: of the blanks behind it one
// space goes, which comes back where another word follows. In a word that is no
// key=value, \= stands for = itself.
func (w word) plain(keyless bool) string {
	text := w.text
	if keyless && strings.Contains(text, "=") {
		text = strings.ReplaceAll(unescape(text), `\=`, "=")
	}
	if strings.Contains(w.blank, "\n") {
		return text + w.blank
	}
	return text + strings.TrimSuffix(w.blank, " ")
}

// split cuts the text at blanks outside of quotes and templates. A backslash
// that stands alone at the end of a line joins it with the next.
func split(text string, pos source.Pos) ([]word, error) {
	var words []word
	s := splitter{text: text}
	for i := skipBlanks(text, 0); i < len(text); {
		start := i
		i = s.word(start)
		if s.open() != "" {
			return nil, source.Errorf(pos.At(text, start), "%s is never closed in %q", s.open(), shorten(text)).
				WithHint("quote the whole value, or write the arguments as a mapping")
		}
		next := skipBlanks(text, i)
		if text[start:i] == `\` {
			if n := len(words); n > 0 {
				words[n-1].blank = joined(words[n-1].blank, text[i:next])
			}
			i = next
			continue
		}
		words = append(words, word{start, text[start:i], text[i:next]})
		i = next
	}
	return words, nil
}

// joined returns the blanks between two words that a backslash at the end of a
// line stands between.
func joined(before, after string) string {
	indent := len(after) - 1 - strings.LastIndexByte(after, '\n')
	return strings.TrimSuffix(before, " ") + strings.Repeat(" ", max(1, indent))
}

func skipBlanks(text string, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n') {
		i++
	}
	return i
}

// splitter finds the ends of words.
type splitter struct {
	text  string
	quote byte
	depth [3]int // of {{ }}, {% %} and {# #}
}

var brackets = [3][2]string{{"{{", "}}"}, {"{%", "%}"}, {"{#", "#}"}}

// word returns where the word that starts at i ends.
func (s *splitter) word(i int) int {
	for i < len(s.text) {
		c := s.text[i]
		if (c == ' ' || c == '\n') && s.open() == "" {
			return i
		}
		if c == '"' || c == '\'' {
			s.toggle(c, i)
		}
		i += s.bracket(i)
	}
	return i
}

func (s *splitter) toggle(c byte, i int) {
	switch {
	case i > 0 && s.text[i-1] == '\\':
	case s.quote == 0:
		s.quote = c
	case s.quote == c:
		s.quote = 0
	}
}

// bracket counts a template's bracket at i and returns how far to go on.
func (s *splitter) bracket(i int) int {
	for kind, pair := range brackets {
		switch {
		case strings.HasPrefix(s.text[i:], pair[0]):
			s.depth[kind]++
			return 2
		case strings.HasPrefix(s.text[i:], pair[1]):
			s.depth[kind] = max(0, s.depth[kind]-1)
			return 2
		}
	}
	return 1
}

// open names what is open at the moment, or returns "".
func (s *splitter) open() string {
	for kind, pair := range brackets {
		if s.depth[kind] > 0 {
			return strconv.Quote(pair[0])
		}
	}
	if s.quote != 0 {
		return "the quote " + string(s.quote)
	}
	return ""
}

// keyValue splits a word at its first = that is not escaped.
func keyValue(text string) (key, value string, ok bool) {
	if !strings.Contains(text, "=") {
		return "", "", false
	}
	text = unescape(text)
	for i := 1; i < len(text); i++ {
		if text[i] == '=' && text[i-1] != '\\' {
			return strings.TrimSpace(text[:i]), unquote(strings.TrimSpace(text[i+1:])), true
		}
	}
	return "", "", false
}

// unquote takes a pair of quotes off.
func unquote(s string) string {
	n := len(s)
	if n > 1 && s[0] == s[n-1] && (s[0] == '"' || s[0] == '\'') && s[n-2] != '\\' {
		return s[1 : n-1]
	}
	return s
}

var escape = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\\(U[0-9a-fA-F]{8}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[\\'"abfnrtv])`)
})

// unescape replaces the escapes that Ansible knows in key=value texts.
func unescape(s string) string {
	return escape().ReplaceAllStringFunc(s, func(e string) string {
		switch e[1] {
		case 'U', 'u', 'x':
			code, err := strconv.ParseInt(e[2:], 16, 32)
			if err != nil || !utf8.ValidRune(rune(code)) {
				return e
			}
			return string(rune(code))
		}
		const names, values = `\'"abfnrtv`, "\\'\"\a\b\f\n\r\t\v"
		return string(values[strings.IndexByte(names, e[1])])
	})
}

func shorten(s string) string {
	if line, _, more := strings.Cut(s, "\n"); more {
		s = line + "..."
	}
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:57], "") + "..."
	}
	return s
}
