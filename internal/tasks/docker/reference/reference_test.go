package reference

import (
	"os"
	"strings"
	"testing"
)

// TestParse reads testdata/names.txt: a line has a name, and what it is in full,
// in short and with its tag, or "-" where it is none.
func TestParse(t *testing.T) {
	data, err := os.ReadFile("testdata/names.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		n, err := Parse(f[0])
		got := []string{f[0], "-"}
		if err == nil {
			got = []string{f[0], n.String(), n.Familiar(), n.Tagged().String()}
		}
		if strings.Join(got, " ") != strings.Join(f, " ") {
			t.Errorf("got  %s (%v)\nwant %s", strings.Join(got, " "), err, strings.Join(f, " "))
		}
	}
}
