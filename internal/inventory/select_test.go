package inventory

import (
	"os/exec"
	"strings"
	"testing"

	"fleet/internal/source"
)

// TestSelectMatchesAnsible compares the lines "PATTERN => HOSTS" of patterns
// with what `ansible PATTERN --list-hosts` prints (asked with FLEET_ORACLE=1,
// stored with -update).
func TestSelectMatchesAnsible(t *testing.T) {
	eachCase(t, "testdata/patterns.txtar", func(t *testing.T, c *testCase) {
		inv, err := Load(c.sources()...)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, line := range strings.Split(strings.TrimSpace(c.get("patterns")), "\n") {
			pattern, want, _ := strings.Cut(line, " => ")
			if live() {
				want = listHosts(t, pattern)
			}
			lines = append(lines, pattern+" => "+want)
			sel, err := inv.Select(pattern)
			if got := strings.Join(sel.Hosts, " "); err != nil || got != want {
				t.Errorf("%s: got %q, %v; want %q", pattern, got, err, want)
			}
		}
		c.set("patterns", strings.Join(lines, "\n")+"\n")
	})
}

func listHosts(t *testing.T, pattern string) string {
	t.Helper()
	out, err := exec.Command("ansible", "-i", "inventory.yaml", pattern, "--list-hosts").Output()
	if err != nil {
		t.Fatalf("%s: %v", pattern, err)
	}
	return strings.Join(strings.Fields(string(out))[2:], " ")
}

func TestSelectMistakes(t *testing.T) {
	inv, err := Load("web1,web2,db1")
	if err != nil {
		t.Fatal(err)
	}
	for pattern, want := range map[string]string{
		"web9":      `unknown "web9": did you mean "web1"?`,
		"web1,dbx":  `unknown "dbx": did you mean "db1"?`,
		"all:!nope": `unknown "nope": `,
		"all[9]":    `the host pattern "all[9]" goes past the 3 hosts of "all"`,
		"all[-4]":   `the host pattern "all[-4]" goes past the 3 hosts of "all"`,
		"all[0-1]":  `the host pattern "all[0-1]" has a range with -; a range is written with a colon: "all[0:1]"`,
		"~[":        `the host pattern "~[" is not a regular expression: missing closing ]`,
		"web1]":     `unknown "web1]": did you mean "web1"?`,
		"~web(":     `the host pattern "~web(" is not a regular expression: missing closing )`,
		"web1,!":    `the host pattern "!" is empty`,
	} {
		sel, err := inv.Select(pattern)
		got := ""
		for _, u := range sel.Unknown {
			got += `unknown "` + u.Pattern + `": ` + u.Hint
		}
		if err != nil {
			got = err.Error()
			if hint := source.HintOf(err); hint != "" {
				got += "; " + hint
			}
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", pattern, got, want)
		}
	}
}
