package jmespath

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func readJSON(s string) (v any, err error) {
	err = json.Unmarshal([]byte(s), &v)
	return v, err
}

// TestMistakes: what is wrong, and where.
func TestMistakes(t *testing.T) {
	for expr, want := range map[string]Error{
		"":                                 {0, `it is empty`},
		" \t\n":                            {0, `it is empty`},
		"a.":                               {2, `unexpected the end, expected a name, "*", "[" or "{"`},
		"a b":                              {2, `unexpected "b"`},
		"a.'b'":                            {2, `unexpected a literal, expected a name, "*", "[" or "{"`},
		"é":                                {0, `unexpected "é"`},
		"a = b":                            {2, `unexpected "=": values are compared with "=="`},
		"a[?b == `1]":                      {8, "the quote ` is not closed"},
		"a == 'b":                          {5, `the quote ' is not closed`},
		`a."b\q"`:                          {2, `the name in quotes is no text as JSON has it`},
		"`\"b`":                            {0, `the literal in backquotes is not valid JSON`},
		"a[1:2:0]":                         {6, `the step of a slice cannot be 0`},
		"a[1:2:3:4]":                       {7, `unexpected ":", expected "]"`},
		"a[1":                              {3, `unexpected the end, expected "]"`},
		"a[b]":                             {2, `unexpected "b", expected a number, ":" or "*"`},
		"{a: b c: d}":                      {6, `unexpected "c", expected "," or "}"`},
		"f(a b)":                           {4, `unexpected "b", expected "," or ")"`},
		`"f"(a)`:                           {0, `the name of a function stands without quotes`},
		"a.b(c)[0](d)":                     {9, `unexpected "(": only a name can be called`},
		"a | ":                             {4, `unexpected the end`},
		"a - 1":                            {2, `unexpected "-"`},
		strings.Repeat("[", 300):           {200, `it nests more than 200 levels deep`},
		strings.Repeat("!", 300):           {200, `it nests more than 200 levels deep`},
		"a" + strings.Repeat(".a", 10_000): {10_001, `it has more than 10000 parts`},
	} {
		_, err := Parse(expr, readJSON)
		var got *Error
		if !errors.As(err, &got) || *got != want {
			t.Errorf("%.40q: got %v, want %v", expr, got, want)
		}
	}
}

// FuzzParse: every text is an expression or a mistake that is somewhere in it.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"a.b[0].c", "a[?b=='c'] | [0]", "{a: b, \"c\": `1`}", "sort_by(@, &a)[].[b, c]", "!a && b || c", "*[].*", "a[1:-1:2]", `'it\'s'`, "a[", "`", "\"",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse(s, readJSON)
		var e *Error
		switch {
		case err == nil && n == nil:
			t.Error("neither a tree nor a mistake")
		case err != nil && (!errors.As(err, &e) || e.Offset < 0 || e.Offset > len(s)):
			t.Errorf("the mistake %v is not in it", err)
		}
	})
}
