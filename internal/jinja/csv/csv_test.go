package csv

import (
	"reflect"
	"testing"
)

func TestRead(t *testing.T) {
	for text, want := range map[string][][]string{
		"a,b\r\nc,\n":                {{"a", "b"}, {"c", ""}},
		`"a, b","say ""x"""` + "\n":  {{"a, b", `say "x"`}},
		`x,"odd"@y,"z` + "\n" + `z"`: {{"x", "odd@y", "z\nz"}},
		`no"quote,"open` + "\n":      {{`no"quote`, "open\n"}},
		"\na":                        {nil, {"a"}},
		"a\n\n\"\"\n":                {{"a"}, nil, {""}},
		"a\r\r\nb\r":                 {{"a"}, {"b"}},
		`"a` + "\r\n" + `b",c`:       {{"a\r\nb", "c"}},
		"":                           nil,
	} {
		if got, err := Read(text, Format{Delimiter: ','}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
	for _, x := range []struct {
		text string
		f    Format
		want [][]string
	}{
		{"é→ü\n", Format{Delimiter: '→'}, [][]string{{"é", "ü"}}},
		{`a,  b,  "c"`, Format{Delimiter: ',', SkipSpace: true}, [][]string{{"a", "b", "c"}}},
		{`a,  "c"`, Format{Delimiter: ','}, [][]string{{"a", `  "c"`}}},
	} {
		if got, err := Read(x.text, x.f); err != nil || !reflect.DeepEqual(got, x.want) {
			t.Errorf("%q: got %q, %v, want %q", x.text, got, err, x.want)
		}
	}
}

func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"a\n\"b\"c\n": `row 2: there is "c" behind a closing quote`,
		"a\n\"b":      "row 2: a quote is not closed",
		"a\rb":        "row 1: there is a carriage return in the middle of a line: quote the field",
	} {
		if got, err := Read(text, Format{Delimiter: ',', Strict: true}); err == nil || err.Error() != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
}
