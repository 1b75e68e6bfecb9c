// Package redact keeps secrets out of what is written. A Set holds the secret
// texts, and everything that leaves fleet passes one of its writers. It runs on
// the controller and imports nothing of the project.
package redact

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Mask is what stands where a secret stood.
const Mask = "********"

// MinLength is the length in bytes of the shortest text that is redacted. A
// secret of three characters or less stands in almost every line by chance, and
// hiding it everywhere would tell more about it than it hides.
const MinLength = 4

// everywhere is a word that each machine's files, owners and users are full of. As
// a password it is hidden by nobody: a mask in its place would only say so.
const everywhere = "root"

// minLine is the length of the shortest line that is redacted of a secret of
// several lines: such secrets are keys and documents, whose short lines ("---",
// "}") are no secret.
const minLine = 8

// Set is a set of secrets. It only grows. The zero value is empty and ready to
// use; all methods may be called at any time by many goroutines.
type Set struct {
	mu    sync.Mutex
	known map[string]bool
	table atomic.Pointer[table]
}

// table is what a Set looks for, never changed once it is stored.
type table struct {
	byFirst [256][]string // the forms that start with this byte, longest first
}

// Add makes secret, and the forms in which it is usually written, disappear
// from everything that is written from now on. Texts shorter than MinLength, the
// words that stand for "nothing" and the name of the user root are left alone.
func (s *Set) Add(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]bool{}
	}
	size := len(s.known)
	for _, line := range secretLines(secret) {
		for _, form := range forms(line) {
			s.known[form] = true
		}
	}
	if len(s.known) != size {
		s.table.Store(newTable(s.known))
	}
}

// secretLines returns the parts of a secret that are looked for: itself, or its
// lines, as they stand indented or escaped in most outputs.
func secretLines(secret string) []string {
	secret = strings.TrimSpace(secret)
	if !strings.Contains(secret, "\n") {
		if len(secret) < MinLength || isNothing(secret) || secret == everywhere {
			return nil
		}
		return []string{secret}
	}
	var lines []string
	for line := range strings.Lines(secret) {
		if line = strings.TrimSpace(line); len(line) >= minLine {
			lines = append(lines, line)
		}
	}
	return lines
}

// isNothing reports whether the text is what variables hold that are named like
// a secret and are none.
func isNothing(secret string) bool {
	switch strings.ToLower(secret) {
	case "true", "false", "null", "none", "undefined", "omit":
		return true
	}
	return false
}

func newTable(known map[string]bool) *table {
	t := &table{}
	for form := range known {
		t.byFirst[form[0]] = append(t.byFirst[form[0]], form)
	}
	for _, list := range t.byFirst {
		slices.SortFunc(list, func(a, b string) int {
			if len(a) != len(b) {
				return len(b) - len(a)
			}
			return strings.Compare(a, b)
		})
	}
	return t
}

// String returns text with every secret masked.
func (s *Set) String(text string) string {
	t := s.table.Load()
	if t == nil {
		return text
	}
	out, _ := t.mask(text, true)
	return out
}

// mask masks the secrets in text. Unless text is final, what could become a
// secret with the bytes that follow is left over as the rest.
func (t *table) mask(text string, final bool) (out, rest string) {
	var b strings.Builder
	done := 0
	for i := 0; i < len(text); {
		n, open := t.at(text[i:])
		if open && !final {
			b.WriteString(text[done:i])
			return b.String(), text[i:]
		}
		if n == 0 {
			i++
			continue
		}
		b.WriteString(text[done:i])
		b.WriteString(Mask)
		i += n
		done = i
	}
	if done == 0 {
		return text, ""
	}
	b.WriteString(text[done:])
	return b.String(), ""
}

// at returns the length of the longest form that text starts with. open means
// that a longer one could follow if text went on.
func (t *table) at(text string) (n int, open bool) {
	for _, form := range t.byFirst[text[0]] {
		if len(text) < len(form) {
			if strings.HasPrefix(form, text) {
				open = true
			}
			continue
		}
		if strings.HasPrefix(text, form) {
			return len(form), open
		}
	}
	return 0, open
}
