package source

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

// YAML 1.1 as PyYAML resolves plain scalars (yaml.org/type), because that is
// what playbooks were written against: yes and on are booleans, 0644 is octal,
// 1e3 is text. Left out on purpose: base 60 (12:30 stays text) and dates.
var (
	yamlBool = map[string]bool{
		"yes": true, "Yes": true, "YES": true, "on": true, "On": true, "ON": true,
		"true": true, "True": true, "TRUE": true,
		"no": false, "No": false, "NO": false, "off": false, "Off": false, "OFF": false,
		"false": false, "False": false, "FALSE": false,
	}
	yamlNull = map[string]bool{"": true, "~": true, "null": true, "Null": true, "NULL": true}
	yamlInt  = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*)$`)
	})
	yamlFloat = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[-+]?([0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?)$`)
	})
	yamlInf = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[-+]?\.(inf|Inf|INF)$`)
	})
	yamlNaN = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^\.(nan|NaN|NAN)$`)
	})
)

// Scalar returns what a scalar node stands for: nil, bool, int, float64 or
// string. Quoted and block scalars, and those tagged !!str, !!binary, !unsafe or
// !vault, are strings. An integer too large for 64 bits stays text.
func Scalar(n Node) any {
	if n.Node == nil || n.Kind != yaml.ScalarNode {
		return nil
	}
	if n.Style&yaml.TaggedStyle != 0 {
		return ofTag(n.Node)
	}
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return n.Node.Value
	}
	return Resolve(n.Node.Value)
}

// Resolve returns what a plain scalar with this text stands for.
func Resolve(s string) any {
	if yamlNull[s] {
		return nil
	}
	if b, ok := yamlBool[s]; ok {
		return b
	}
	if !strings.Contains("+-.0123456789", s[:1]) {
		return s // as nearly all text
	}
	digits := strings.ReplaceAll(s, "_", "")
	if yamlInt().MatchString(s) {
		if i, err := parseInt(digits); err == nil {
			return i
		}
		return s
	}
	switch {
	case yamlFloat().MatchString(s):
		if f, err := strconv.ParseFloat(digits, 64); err == nil {
			return f
		}
	case yamlInf().MatchString(s):
		if s[0] == '-' {
			return math.Inf(-1)
		}
		return math.Inf(1)
	case yamlNaN().MatchString(s):
		return math.NaN()
	}
	return s
}

func parseInt(s string) (int, error) {
	sign, body := "", s
	if s[0] == '-' || s[0] == '+' {
		sign, body = strings.TrimPrefix(s[:1], "+"), s[1:]
	}
	base := 10
	switch {
	case strings.HasPrefix(body, "0b"):
		base, body = 2, body[2:]
	case strings.HasPrefix(body, "0x"):
		base, body = 16, body[2:]
	case len(body) > 1 && body[0] == '0':
		base, body = 8, body[1:]
	}
	i, err := strconv.ParseInt(sign+body, base, 64)
	return int(i), err
}
