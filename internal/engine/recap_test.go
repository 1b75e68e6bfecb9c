package engine_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"fleet/internal/engine"
)

const recaps = "testdata/recap.txtar"

// TestRecap holds what the recap says, and the exit code, against what
// ansible-playbook said. With FLEET_ORACLE=recap and -update it is asked anew.
func TestRecap(t *testing.T) {
	ar, err := txtar.ParseFile(recaps)
	if err != nil {
		t.Fatal(err)
	}
	asks := os.Getenv("FLEET_ORACLE") == "recap"
	all := &txtar.Archive{Comment: ar.Comment, Files: slices.DeleteFunc(slices.Clone(ar.Files), func(f txtar.File) bool { return asks && strings.HasSuffix(f.Name, "/want") })}
	for _, f := range ar.Files {
		name, isCase := strings.CutSuffix(f.Name, "/play.yml")
		if !isCase {
			continue
		}
		one := theCase(ar, name)
		want := one.want
		if asks {
			want = askRecap(t, one.files)
			i := slices.IndexFunc(all.Files, func(g txtar.File) bool { return g.Name == f.Name })
			all.Files = slices.Insert(all.Files, i+1, txtar.File{Name: name + "/want", Data: []byte(want)})
		}
		inAllWays(t, name, func(t *testing.T, d engine.Dialer, noPipelining bool) {
			report, sum := run(t, d, unpack(t, one.files), engine.Options{NoPipelining: noPipelining}, nil)
			code := 0
			if sum.Failed {
				code = 2
			}
			if got := recapOf(report, code); got != want {
				t.Errorf("got:\n%swant:\n%s%s", got, want, report)
			}
		})
	}
	if asks && *update {
		if err := os.WriteFile(recaps, txtar.Format(all), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

type recapCase struct {
	files *txtar.Archive
	want  string
}

// theCase returns a case's files with those that all share.
func theCase(ar *txtar.Archive, name string) recapCase {
	c := recapCase{files: &txtar.Archive{}}
	for _, f := range ar.Files {
		switch {
		case f.Name == name+"/want":
			c.want = string(f.Data)
		case f.Name == name+"/play.yml":
			c.files.Files = append(c.files.Files, txtar.File{Name: "play.yml", Data: f.Data})
		case !strings.Contains(f.Name, "/"):
			c.files.Files = append(c.files.Files, f)
		}
	}
	return c
}

// askRecap runs ansible-playbook over a case.
func askRecap(t *testing.T, ar *txtar.Archive) string {
	cmd := exec.CommandContext(t.Context(), "ansible-playbook", "-i", "inventory.yml", "-c", "local", "play.yml")
	cmd.Dir = unpack(t, ar)
	cmd.Env = append(os.Environ(), "ANSIBLE_RETRY_FILES_ENABLED=0", "ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3", "ANSIBLE_NOCOWS=1", "ANSIBLE_NOCOLOR=1", "HOME="+filepath.Dir(cmd.Dir))
	said, err := cmd.CombinedOutput()
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return recapOf(string(said), code)
}

var recapLine = regexp.MustCompile(`(?m)^(\w+) +: +(ok=\d.*)$`)

// recapOf returns the hosts of a report that did something, with their numbers.
func recapOf(report string, code int) string {
	var lines []string
	for _, m := range recapLine.FindAllStringSubmatch(report, -1) {
		if numbers := strings.Join(strings.Fields(m[2]), " "); strings.ContainsAny(numbers, "123456789") {
			lines = append(lines, m[1]+": "+numbers+"\n")
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "") + fmt.Sprintf("exit %d\n", code)
}
