package pyre

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
)

// testdata/oracle.py writes what Python finds.
func TestSameAsPython(t *testing.T) {
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Texts []string
		Rows  []struct {
			Pattern string
			Results []struct {
				Found    [][]*string
				Replaced string
			}
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	for _, row := range golden.Rows {
		re, err := Compile(row.Pattern, 0)
		if (err == nil) != (row.Results != nil) {
			t.Errorf("%s: error %v, but Python has %d results", row.Pattern, err, len(row.Results))
		}
		if err != nil {
			continue
		}
		for i, want := range row.Results {
			s := golden.Texts[i]
			found := [][]*string{}
			err := re.All(s, func(m []int) bool {
				var groups []*string
				for g := 0; g < len(m); g += 2 {
					groups = append(groups, nil)
					if m[g] >= 0 {
						text := s[m[g]:m[g+1]]
						groups[g/2] = &text
					}
				}
				found = append(found, groups)
				return true
			})
			if err != nil || !reflect.DeepEqual(found, want.Found) {
				t.Errorf("%s in %q: got %s, want %s (%v)", row.Pattern, s, show(found), show(want.Found), err)
			}
			if got, err := re.Replace(s, `<\g<0>>`, 1000); err != nil || got != want.Replaced {
				t.Errorf("%s in %q: replaced %q, want %q (%v)", row.Pattern, s, got, want.Replaced, err)
			}
		}
	}
}

func show(v any) string {
	data, _ := json.Marshal(v)
	return string(data)
}

func TestStepsAreBounded(t *testing.T) {
	for _, pattern := range []string{`(a+)+$`, `(a|aa)+$`, `(.*)*x`, `(?:a?){30}a{30}b`} {
		re, err := Compile(pattern, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := re.Search(strings.Repeat("a", 40)+"!", 0, false); err != nil && !errors.Is(err, ErrSteps) {
			t.Errorf("%s: %v", pattern, err)
		}
	}
	for _, pattern := range []string{`((a{1000}){1000}){1000}`, strings.Repeat("(", 1000), `a{99999999999999999999}`} {
		if _, err := Compile(pattern, 0); err == nil {
			t.Errorf("%.30s: no error", pattern)
		}
	}
}

func FuzzSearch(f *testing.F) {
	f.Add(`(?P<a>x|[^y-z]{2,3}?)+(?=b)(?<!c)\1*`, "xxyyb")
	f.Add(`(?i)\bA.*?$`, "a é\n")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		re, err := Compile(pattern, 0)
		if err != nil {
			return
		}
		n := 0
		err = re.All(s, func(m []int) bool {
			if m[0] < 0 || m[1] < m[0] || m[1] > len(s) {
				t.Fatalf("match %v in %d bytes", m, len(s))
			}
			n++
			return n < 1000
		})
		if err != nil && !errors.Is(err, ErrSteps) {
			t.Fatal(err)
		}
	})
}
