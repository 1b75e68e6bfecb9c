package report

import (
	"slices"
	"strings"
	"testing"
)

func TestRanges(t *testing.T) {
	for names, want := range map[string]string{
		"web1 web2 web3":                      "web[1-3]",
		"web1 web3 web4 web7":                 "web[1,3-4,7]",
		"web01 web02 web10":                   "web[01-02,10]",
		"web08 web09 web10 web11":             "web[08-11]",
		"web1 db1 web2":                       "web[1-2],db1",
		"web9 web10 web11":                    "web[9-11]",
		"web1 web01":                          "web1,web01",
		"10.0.0.1 10.0.0.2 10.0.0.9":          "10.0.0.[1-2,9]",
		"r1-n1 r1-n2 r2-n1":                   "r1-n[1-2],r2-n1",
		"web1.example.com web2.example.com":   "web[1-2].example.com",
		"a b a":                               "a,b",
		"":                                    "",
		"x 0 1":                               "x,[0-1]",
		"host12345678901234 host123456789012": "host12345678901234,host123456789012",
	} {
		if got := Ranges(strings.Fields(names)); got != want {
			t.Errorf("%s: got %s, want %s", names, got, want)
		}
	}
}

func FuzzRangesKeepsEveryName(f *testing.F) {
	f.Add("web1 web2 db-01-x db-02-x 1.2.3")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "[],-") {
			return
		}
		names := strings.Fields(text)
		var got []string
		for _, part := range splitRanges(Ranges(names)) {
			got = append(got, part...)
		}
		slices.Sort(got)
		slices.Sort(names)
		if names = slices.Compact(names); !slices.Equal(got, names) {
			t.Errorf("%q became %q", names, Ranges(names))
		}
	})
}

// splitRanges expands what Ranges wrote.
func splitRanges(text string) [][]string {
	var out [][]string
	depth, start := 0, 0
	for i, c := range text + "," {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ',' && depth == 0:
			if part := text[start:min(i, len(text))]; part != "" {
				out = append(out, expandAll(part))
			}
			start = i + 1
		}
	}
	return out
}

func expandAll(part string) []string {
	before, rest, ok := strings.Cut(part, "[")
	if !ok {
		return []string{part}
	}
	spans, after, _ := strings.Cut(rest, "]")
	var out []string
	for span := range strings.SplitSeq(spans, ",") {
		if !strings.Contains(span, "-") {
			span += "-" + span
		}
		out = append(out, expand(before+"["+span+"]"+after)...)
	}
	return out
}
