package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"fleet/internal/source"
)

func TestFail(t *testing.T) {
	at := source.Pos{File: "site.yml", Line: 3, Col: 5}
	hinted := source.Errorf(at, "unknown key %q", "hots").WithHint("did you mean %q?", "hosts")
	var many []error
	for i := range 25 {
		many = append(many, fmt.Errorf("error %d", i))
	}
	for name, c := range map[string]struct {
		err  error
		want string
		code exitCode
	}{
		"nothing":     {nil, "", exitOK},
		"plain":       {errors.New("no"), "fleet: no\n", exitUsage},
		"hint":        {hinted, "fleet: site.yml:3:5: unknown key \"hots\"\nhint: did you mean \"hosts\"?\n", exitUsage},
		"wrapped":     {fmt.Errorf("run: %w", hinted), "fleet: run: site.yml:3:5: unknown key \"hots\"\nhint: did you mean \"hosts\"?\n", exitUsage},
		"joined":      {errors.Join(errors.New("a"), errors.Join(hinted, errors.New("b\nc"))), "fleet: a\nfleet: site.yml:3:5: unknown key \"hots\"\nhint: did you mean \"hosts\"?\nfleet: b\n  c\n", exitUsage},
		"many":        {errors.Join(many...), "fleet: 5 more errors\n", exitUsage},
		"code":        {exitFailed, "", exitFailed},
		"joined code": {errors.Join(nil, nil, exitUnreachable), "", exitUnreachable},
		"both":        {errors.Join(errors.New("no space"), exitFailed), "fleet: no space\n", exitFailed},
	} {
		var b strings.Builder
		fail(&b, c.err)
		if got := b.String(); !strings.HasSuffix(got, c.want) || (len(got) != len(c.want) && name != "many") {
			t.Errorf("%s: got %q", name, got)
		}
		if got := codeOf(c.err); got != c.code {
			t.Errorf("%s: code %d", name, got)
		}
	}
}

func TestUsageErrorsNameTheNearest(t *testing.T) {
	for line, want := range map[string]string{
		"versoin":      "fleet: unknown command \"versoin\"\nhint: did you mean \"version\"?\n",
		"doc --lst":    "fleet doc: unknown flag --lst\nhint: did you mean --list?\n",
		"doc cpoy":     "fleet: there is no module \"cpoy\"\nhint: did you mean \"copy\"?\n",
		"doc ../x":     "fleet: there is no module \"../x\"\nhint: fleet doc --list shows all modules\n",
		"doc":          "fleet doc needs the name of a module\nhint: fleet doc --list shows all modules\n",
		"version now":  "fleet version takes no arguments, but there is \"now\"\nhint: run fleet version --help\n",
		"doc --list x": "fleet doc takes no arguments, but there is \"x\"\nhint: run fleet doc --help\n",
	} {
		code, _, errs := try(strings.Fields(line)...)
		if code != exitUsage || errs != want {
			t.Errorf("fleet %s: code %d, %q", line, code, errs)
		}
	}
}

func TestHelpShowsTheExitCodes(t *testing.T) {
	code, out, _ := try("--help")
	if code != exitOK || !strings.Contains(out, "Exit codes:\n  0    all went well\n") || !strings.Contains(out, "  130  interrupted") {
		t.Errorf("code %d, %s", code, out)
	}
	if _, out, _ = try("doc", "--help"); strings.Contains(out, "Exit codes") {
		t.Errorf("a verb's help repeats the table: %s", out)
	}
}

func TestDoc(t *testing.T) {
	for _, name := range []string{"copy", "ansible.builtin.copy"} {
		if code, out, _ := try("doc", name); code != exitOK || !strings.HasPrefix(out, "COPY\n\ncopy puts") {
			t.Errorf("doc %s: code %d, %s", name, code, out)
		}
	}
	code, out, _ := try("doc", "--list")
	if code != exitOK || !strings.Contains(out, "\nping ") || strings.Contains(out, "README") {
		t.Errorf("code %d, %s", code, out)
	}
}

func TestVersionText(t *testing.T) {
	info := &debug.BuildInfo{Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"},
	}}
	if got := versionText(info); !strings.HasPrefix(got, "fleet dev commit 0123456789ab-dirty go1.") {
		t.Errorf("got %q", got)
	}
	if got := helpersText([]string{"linux/amd64", "linux/arm64"}); got != "helpers for linux/amd64, linux/arm64" {
		t.Errorf("got %q", got)
	}
	if got := helpersText(nil); !strings.HasPrefix(got, "no helpers embedded: this program serves ") {
		t.Errorf("got %q", got)
	}
	if got := versionText(nil); !strings.HasPrefix(got, "fleet dev go1.") {
		t.Errorf("got %q", got)
	}
}

// try runs fleet with these arguments.
// What could not be printed is an error, also where a verb looks after no line of it.
func TestNothingIsPrintedOnAFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	file := filepath.Join(t.TempDir(), "p.yml")
	if err := os.WriteFile(file, []byte("- hosts: all\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"version"}, {"check", "-i", "a,", file}, {"run", "--list-tasks", "-i", "a,", file}} {
		var e strings.Builder
		a := newApp()
		a.flush, a.err = nil, &e
		a.out = a.masked(full)
		root := newRoot(a)
		root.SetArgs(args)
		if code := exitCode(a.end(root.Execute())); code != exitUsage || !strings.Contains(e.String(), "no space left on device") {
			t.Errorf("fleet %s: code %d, %q", args, code, e.String())
		}
	}
}

func try(args ...string) (code exitCode, out, errs string) {
	var o, e strings.Builder
	a := newApp()
	a.out, a.err, a.color, a.live = &o, &e, false, false
	root := newRoot(a)
	root.SetArgs(args)
	code = exitCode(a.end(root.Execute()))
	return code, o.String(), e.String()
}
