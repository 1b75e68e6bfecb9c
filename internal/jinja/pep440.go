package jinja

import (
	"regexp"
	"strings"
)

var pep440Pattern = regexp.MustCompile(`(?i)^\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)` +
	`(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d*))?` +
	`(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?` +
	`(?:[-_.]?(dev)[-_.]?(\d*))?` +
	`(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$`)

// pythonVersion orders as Python's packages do (PEP 440): epoch, release without
// the zeros at its end, pre-release, post-release, development release, local part.
func pythonVersion(s string) (any, error) {
	m := pep440Pattern.FindStringSubmatch(s)
	if m == nil {
		return nil, newError("invalid version %s", Repr(s)).WithHint("such versions are 1.2, 1.2rc1, 1.2.post1, 1.2.dev3 and the like")
	}
	release := []any{}
	parts := strings.Split(m[2], ".")
	for len(parts) > 0 && strings.Trim(parts[len(parts)-1], "0") == "" {
		parts = parts[:len(parts)-1]
	}
	for _, p := range parts {
		release = append(release, wholeNumber(p))
	}
	// -1 stands before every number, and 1 behind those of phases
	pre := []any{1}
	post := []any{-1}
	dev := []any{1}
	hasPost := m[5] != "" || m[6] != ""
	switch {
	case m[3] != "":
		pre = []any{0, map[byte]int{'a': 0, 'b': 1, 'c': 2, 'p': 2, 'r': 2}[strings.ToLower(m[3])[0]], wholeNumber(m[4])}
	case m[8] != "" && !hasPost:
		pre = []any{-1}
	}
	if hasPost {
		post = []any{0, wholeNumber(m[5] + m[7])}
	}
	if m[8] != "" {
		dev = []any{0, wholeNumber(m[9])}
	}
	return []any{wholeNumber(m[1]), release, pre, post, dev, localVersion(m[10])}, nil
}

// localVersion is the part behind "+": numbers stand behind words.
func localVersion(s string) any {
	if s == "" {
		return []any{-1}
	}
	out := []any{0}
	for _, p := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune("-_.", r) }) {
		if strings.Trim(p, "0123456789") == "" {
			out = append(out, []any{1, wholeNumber(p)})
		} else {
			out = append(out, []any{0, p})
		}
	}
	return out
}

// wholeNumber reads digits; none are 0.
func wholeNumber(s string) any {
	if n, ok := bigFromText(s, 10); ok {
		return n
	}
	return 0
}
