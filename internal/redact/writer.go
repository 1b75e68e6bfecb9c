package redact

import (
	"encoding/json"
	"io"
	"strings"
	"sync"
)

// Writer returns a writer that passes on to w what it is given, with the
// secrets masked, also those that come in pieces. Where a piece ends with the
// beginning of a secret, that end is kept until more comes or Flush is called.
// It may be used by many goroutines.
func (s *Set) Writer(w io.Writer) *Writer { return &Writer{set: s, w: w} }

// Writer masks secrets on their way to another writer.
type Writer struct {
	set  *Set
	w    io.Writer
	mu   sync.Mutex
	kept string
	err  error // the first one of w; nothing is written behind it
}

// Write takes all of p, or fails as the underlying writer does, and from then on.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.set.table.Load()
	if w.err == nil && t == nil && w.kept == "" {
		var n int
		n, w.err = w.w.Write(p)
		return n, w.err
	}
	text := w.kept + string(p)
	w.kept = ""
	if t != nil {
		text, w.kept = t.mask(text, false)
	}
	if w.write(text); w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

// Flush writes what was kept. It returns the error of any write before it, too:
// whoever prints much need not look after each line.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := w.set.String(w.kept)
	w.kept = ""
	w.write(text)
	return w.err
}

func (w *Writer) write(text string) {
	if w.err == nil && text != "" {
		_, w.err = io.WriteString(w.w, text)
	}
}

// JSON returns a JSON text with the secrets in its strings masked, so that it
// stays JSON: a number that holds a secret becomes the mask as a string.
func (s *Set) JSON(text []byte) []byte {
	t := s.table.Load()
	if t == nil {
		return text
	}
	var b strings.Builder
	for rest := string(text); rest != ""; {
		n := jsonToken(rest)
		b.WriteString(t.maskToken(rest[:n]))
		rest = rest[n:]
	}
	return []byte(b.String())
}

// maskToken masks the secrets in one token. A string is unquoted for it: half
// an escape sequence must not be taken for the start of a secret.
func (t *table) maskToken(token string) string {
	if token[0] != '"' {
		if masked, _ := t.mask(token, true); masked != token {
			return `"` + Mask + `"`
		}
		return token
	}
	var text string
	if json.Unmarshal([]byte(token), &text) != nil {
		return `"` + Mask + `"`
	}
	if text, _ = t.mask(text, true); !strings.Contains(text, Mask) {
		return token
	}
	return `"` + jsonEscaped(text, false) + `"`
}

// jsonToken returns the length of the string, number, word or single other
// byte that the text starts with.
func jsonToken(text string) int {
	if text[0] == '"' {
		for i := 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
		return len(text)
	}
	if n := strings.IndexAny(text, " \t\r\n,:[]{}\""); n != 0 {
		if n < 0 {
			return len(text)
		}
		return n
	}
	return 1
}
