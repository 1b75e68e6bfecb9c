package jinja

import (
	"os"
	"strings"
	"testing"
)

// differences are the cases on which Python is known to say something else:
// testdata/oracle/differences.txt, where a line that starts with "# " is the
// reason for the cases that follow.
type differences struct {
	reasons map[string]string
	seen    map[string]bool
}

func newDifferences(t *testing.T) *differences {
	d := &differences{map[string]string{}, map[string]bool{}}
	data, err := os.ReadFile("testdata/oracle/differences.txt")
	if err != nil {
		t.Fatal(err)
	}
	reason := ""
	for _, line := range strings.Split(string(data), "\n") {
		switch {
		case strings.HasPrefix(line, "# "):
			reason = line[2:]
		case line != "":
			if reason == "" {
				t.Errorf("%s: the difference has no reason", line)
			}
			d.reasons[line] = reason
		}
	}
	return d
}

func (d *differences) found(t *testing.T, c oracleCase, got, want string) {
	t.Helper()
	name := c.String()
	d.seen[name] = true
	if d.reasons[name] == "" {
		t.Errorf("%s\n got: %s\nwant: %s\n  in: %q", name, got, want, c.Src)
	}
}

// finish complains about listed differences that are none any more, and about
// more than one in 200, where all families have run.
func (d *differences) finish(t *testing.T, total int, all bool) {
	t.Helper()
	for c := range d.reasons {
		if all && !d.seen[c] {
			t.Errorf("%s: no longer a difference: take it out of differences.txt", c)
		}
	}
	if all && len(d.reasons)*200 > total {
		t.Errorf("%d differences in %d cases are more than 0.5 %%", len(d.reasons), total)
	}
	t.Logf("%d cases, %d known differences", total, len(d.reasons))
}
