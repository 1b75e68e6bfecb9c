package lookup

import (
	"reflect"
	"slices"
	"testing"
)

func TestRows(t *testing.T) {
	for text, want := range map[string][][]string{
		"a,b\r\nc,\n":                {{"a", "b"}, {"c", ""}},
		`"a, b","say ""x"""` + "\n":  {{"a, b", `say "x"`}},
		`x,"odd"@y,"z` + "\n" + `z"`: {{"x", "odd@y", "z\nz"}},
		`no"quote,"open` + "\n":      {{`no"quote`, "open\n"}},
		"\na":                        {{""}, {"a"}},
		"":                           nil,
	} {
		if got := slices.Collect(rows(text, ',')); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := slices.Collect(rows("é→ü\n", '→')); !reflect.DeepEqual(got, [][]string{{"é", "ü"}}) {
		t.Errorf("wide delimiter: got %q", got)
	}
}
