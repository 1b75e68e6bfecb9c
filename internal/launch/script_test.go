package launch

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"fleet/internal/helper"
)

// The scripts go through login shells of which only single quotes are known.
func TestScriptsFitEveryShell(t *testing.T) {
	helpers := []helper.Helper{{OS: "linux", Arch: "amd64", Digest: strings.Repeat("a", 64)}, {OS: "linux", Arch: "arm64", Digest: "b", Size: 7}}
	for name, script := range map[string]string{"start": start(helpers, false, asItIs), "careful": start(helpers, true, sound), "become": becomeScript, "shell": becomeShell, "exec": execScript} {
		if _, err := shell("true", script); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if out, err := exec.Command("sh", "-n", "-c", script).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
	if s := start(helpers, true, asItIs); !strings.Contains(s, `"Linux x86_64") d=aaaa`) || !strings.Contains(s, `"Linux aarch64") d=b z=7 y=;;`) {
		t.Error(s)
	}
}

// Every login shell starts a cached helper itself, and goes on to the script where
// anything is not as usual.
func TestQuick(t *testing.T) {
	home := t.TempDir()
	folder := filepath.Join(home, ".cache/fleet")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	kinds := []helper.Helper{{OS: "linux", Arch: runtime.GOARCH, Digest: "w"}, {OS: "linux", Arch: runtime.GOARCH, Digest: "l", Lean: true},
		{OS: "linux", Arch: "riscv64", Digest: "r"}, {OS: "darwin", Arch: "arm64", Digest: "d"}}
	put := func(digest string, mode os.FileMode) {
		file := filepath.Join(folder, "fleet-target-"+digest)
		if err := os.WriteFile(file, []byte("#!/bin/sh\nprintf \"%s "+digest+"\" \"$1\"\n"), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
	}
	put("r", 0o700)
	put("d", 0o700)
	says := func(shell string, whole bool) string {
		cmd := exec.Command(shell, "-c", quick(kinds, whole)+`printf "nothing"`)
		cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v", shell, err)
		}
		return strings.TrimPrefix(string(out), "\x00\x1efleet found \n")
	}
	for _, shell := range []string{"sh", "bash", "csh", "fish"} {
		if _, err := exec.LookPath(shell); err != nil {
			continue // as on many machines
		}
		for _, c := range []struct {
			digest string
			mode   os.FileMode
			whole  bool
			want   string
		}{
			{"w", 0o600, true, "nothing"},
			{"w", 0o700, true, helper.Verb + " w"},
			{"w", 0o700, false, helper.Verb + " w"},
			{"l", 0o700, false, helper.Verb + " l"},
			{"l", 0o700, true, helper.Verb + " w"},
		} {
			put(c.digest, c.mode)
			if got := says(shell, c.whole); got != c.want {
				t.Errorf("%s, whole %v: %q, want %q", shell, c.whole, got, c.want)
			}
		}
		for _, digest := range []string{"w", "l"} {
			if err := os.Remove(filepath.Join(folder, "fleet-target-"+digest)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A lean helper is started where it is enough, or the whole one that lies there; one that may be
// broken is not looked at.
func TestScriptChooses(t *testing.T) {
	helpers := []helper.Helper{{OS: "linux", Arch: "amd64", Digest: "w", Size: 9}, {OS: "linux", Arch: "amd64", Digest: "l", Size: 4, Lean: true}}
	for _, c := range []struct {
		whole      bool
		fits, want string
	}{
		{false, asItIs, `case "$1" in "Linux x86_64") d=l z=4 y=w;; *)`},
		{false, sound, `case "$1" in "Linux x86_64") d=l z=4 y=;; *)`},
		{true, asItIs, `case "$1" in "Linux x86_64") d=w z=9 y=;; *)`},
	} {
		if s := start(helpers, c.whole, c.fits); !strings.Contains(s, c.want) {
			t.Errorf("whole %v: no %s in %s", c.whole, c.want, s)
		}
	}
}

func TestShellRefuses(t *testing.T) {
	for _, arg := range []string{"it's", "no!", "two\nlines", `two\\`, `end\`, "zero\x00"} {
		if line, err := shell("true", arg); err == nil {
			t.Errorf("%q became %s", arg, line)
		}
	}
}

func TestOctal(t *testing.T) {
	var all []byte
	for c := 1; c < 256; c++ {
		all = append(all, byte(c))
	}
	for _, line := range []string{string(all) + ".", `echo '\\' "$HOME" !`, "", "déjà vu"} {
		var out bytes.Buffer
		cmd := exec.Command("sh", "-c", `printf %b "`+octal(line)+`"`)
		cmd.Stdout = &out
		if err := cmd.Run(); err != nil || out.String() != line {
			t.Errorf("%q became %q, %v", line, out.String(), err)
		}
	}
}

func TestRefusals(t *testing.T) {
	b := becoming{Become: Become{Method: "sudo", User: "root"}, prompt: "[p]", script: "if x; then y"}
	for said, want := range map[string]string{
		"[p]Sorry, try again.\n[p]\nsudo: 1 incorrect password attempt\n": "cannot become root: wrong password for sudo",
		"sudo: a password is required":                                    "cannot become root: sudo wants a password (sudo: a password is required)",
		"sudo: sorry, you must have a tty to run sudo":                    "cannot become root: sudo wants a terminal (sudo: sorry, you must have a tty to run sudo)",
		"Sorry, user joe may not run sudo on web1.":                       "cannot become root: this user may not use sudo (Sorry, user joe may not run sudo on web1.)",
		"Sorry, user joe is not allowed to execute '/bin/sh' as root":     `cannot become root: this user may not run everything as "root" with sudo (Sorry, user joe is not allowed to execute '/bin/sh' as root)`,
		"sh: 1: exec: sudo: not found":                                    "cannot become root: sudo is not installed (sh: 1: exec: sudo: not found)",
		"sudo: unknown user x\nsudo: error initializing audit plugin\n":   `cannot become root: there is no user "root" (sudo: unknown user x)`,
		"sudo: sh: command not found\n":                                   "cannot become root: sudo finds no sh (sudo: sh: command not found)",
		"if x; then y: 1: exec: sh: Permission denied\n":                  "cannot become root: sudo lets no program start another (sh: 1: exec: sh: Permission denied)",
		"something new": "cannot become root: sudo failed with exit code 9 (something new)",
	} {
		if err := b.refused(said, 9); err.Error() != want {
			t.Errorf("%q:\ngot  %v\nwant %s", said, err, want)
		}
	}
}

func TestCrashLine(t *testing.T) {
	for said, want := range map[string]string{
		"Welcome\nfatal error: malformed GOMEMLIMIT\n\nruntime stack:\n": "fatal error: malformed GOMEMLIMIT",
		"panic: no":                       "panic: no",
		"sh: fatal error: is no crash":    "",
		"bash: line 1: exec: not found\n": "",
	} {
		if got := crashLine(said); got != want {
			t.Errorf("%q: %q, want %q", said, got, want)
		}
	}
}

// A crash says its reason first, and then where all goroutines were.
func TestWatcherKeepsBothEnds(t *testing.T) {
	w := newWatcher("")
	w.add("fatal error: no memory\n\n")
	for range 1000 {
		w.add("goroutine 7 [running]:\n")
	}
	w.add("exit")
	said := w.text()
	if crashLine(said) != "fatal error: no memory" || lastLine(said) != "exit" || len(said) > stderrKept {
		t.Errorf("%d bytes: %.60q … %q", len(said), said, lastLine(said))
	}
}

// What is left of a prompt is in no message.
func TestWatcherCutsPrompts(t *testing.T) {
	for prompt, said := range map[string]string{"assword: ": "Password: su: no\n", "[p]": "[p]su: no\n"} {
		w := newWatcher(prompt)
		w.add(said)
		if got := w.text(); got != "su: no" || len(w.prompts) != 1 {
			t.Errorf("%q: %q", said, got)
		}
	}
}

func TestPlans(t *testing.T) {
	for name, test := range map[string]struct {
		become Become
		want   string
	}{
		"sudo":       {Become{User: "web"}, "sudo -H -S -n -u web -- sh -c"},
		"sudo flags": {Become{Flags: []string{"-E"}, Method: "sudo", Program: "/opt/sudo"}, "/opt/sudo -H -S -n -u root -E -- sh -c"},
		"su":         {Become{Method: "su", Flags: []string{"-m"}}, "su -m -s /bin/sh -c exec sh -c \"$0\" sh \"$1\" \"$2\" root"},
		"doas":       {Become{Method: "doas"}, "doas -n -u root sh -c"},
	} {
		plan, err := test.become.plan()
		if got := strings.Join(plan.argv, " "); err != nil || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	secret := Become{Method: "sudo", Password: "hunter2"}
	if plan, err := secret.plan(); err != nil || strings.Contains(strings.Join(plan.argv, " "), "hunter2") {
		t.Error("the password is an argument")
	}
	if _, err := (Become{Method: "doas", Password: "x"}).plan(); err == nil {
		t.Error("doas takes a password")
	}
}
