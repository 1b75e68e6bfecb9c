package sys

import (
	"slices"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	for line, want := range map[string][]string{
		``:                     nil,
		`  `:                   nil,
		`echo a  b`:            {"echo", "a", "b"},
		`echo 'a  b' "c d"`:    {"echo", "a  b", "c d"},
		`echo a' 'b""c`:        {"echo", "a bc"},
		`echo "" ''`:           {"echo", "", ""},
		`echo a\ b \"c\"`:      {"echo", "a b", `"c"`},
		`echo "a\"b\\c\d\$e"`:  {"echo", `a"b\c\d\$e`},
		`echo '\n'`:            {"echo", `\n`},
		"a\\\nb c\nd":          {"ab", "c", "d"},
		`a # b`:                {"a", "#", "b"},
		`sh -c 'x | y > "z"'`:  {"sh", "-c", `x | y > "z"`},
		"tab\tand\r\nlines  x": {"tab", "and", "lines", "x"},
	} {
		got, err := Split(line)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %q, %v, want %q", line, got, err, want)
		}
	}
	for _, line := range []string{`echo "a`, `echo 'a`, `echo a\`} {
		if _, err := Split(line); err == nil {
			t.Errorf("%q was taken", line)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(`echo 'a b' "c\"d" e\ f`)
	f.Fuzz(func(t *testing.T, line string) {
		words, err := Split(line)
		if err == nil && len(strings.Join(words, "")) > len(line) {
			t.Errorf("%q became longer: %q", line, words)
		}
	})
}
