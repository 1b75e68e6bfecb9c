package ini

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// show writes sections as one line.
func show(sections []*Section) string {
	var out []string
	for _, s := range sections {
		out = append(out, "["+s.Name+"]")
		for _, n := range s.Names {
			if v := s.Values[n]; v != nil {
				out = append(out, fmt.Sprintf("%s=%q", n, *v))
			} else {
				out = append(out, n)
			}
		}
	}
	return strings.Join(out, " ")
}

func TestParse(t *testing.T) {
	for _, x := range []struct {
		text string
		r    Rules
		want string
	}{
		{"[a]\nX = 1\ny: 2\n# z = 3\n ; w = 4\n[b]\n", Rules{}, `[a] x="1" y="2" [b]`},
		{"[a]\nX = 1\nx = 2\n", Rules{Exact: true}, `[a] X="1" x="2"`},
		{"[a]\nx = 1\n  2\n\n  3\n\n\ny =\n", Rules{}, `[a] x="1\n2\n\n3" y=""`},
		{"  [a]\n  x = 1\n  y = 2\n    3\n", Rules{}, `[a] x="1" y="2\n3"`},
		{"[a]\nx = 1\n # no\n  2\n", Rules{}, `[a] x="1\n2"`},
		{"[DEFAULT]\nx=1\n[a]\n[DEFAULT]\ny=2\n", Rules{}, `[DEFAULT] x="1" y="2" [a]`},
		{"[a]\nskip\nx = = 1\n", Rules{Bare: true}, `[a] skip x="= 1"`},
		{"[a]\nx => 1:2\n", Rules{Delimiters: []string{"=>"}}, `[a] x="1:2"`},
		{"[a]b]c\nx=1", Rules{}, `[a]b] x="1"`},
		{"", Rules{}, ``},
	} {
		got, err := Parse(x.text, x.r)
		if err != nil || show(got) != x.want {
			t.Errorf("%q: got %s, %v, want %s", x.text, show(got), err, x.want)
		}
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]Error{
		"x = 1\n":         {1, `File contains no section headers: "x = 1" comes first`},
		"[a]\n\nskip\n":   {3, `"skip" has no value`},
		"[a]\nx=1\nX=2\n": {3, `Duplicate option in the section: "x" is there already`},
		"[a]\n[b]\n[a]\n": {3, `Duplicate section: "a"`},
		"[a]\n= 1\n":      {2, `"= 1" has no name`},
		"[]\n":            {1, `File contains no section headers: "[]" comes first`},
	} {
		_, err := Parse(text, Rules{})
		var got *Error
		if !errors.As(err, &got) || *got != want {
			t.Errorf("%q: got %v, want %v", text, err, want)
		}
	}
}
