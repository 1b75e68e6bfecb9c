package sys

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// etc makes a machine with these files in /etc.
func etc(t *testing.T, files map[string]string) *Machine {
	t.Helper()
	m := &Machine{Root: t.TempDir(), Accounts: &Accounts{}}
	if err := os.Mkdir(m.Path("/etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		write(t, filepath.Join(m.Path("/etc"), name), text)
	}
	return m
}

// write writes in place, with the same time each time: only the size can tell.
func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, time.Time{}, time.Unix(1_000_000, 0)); err != nil {
		t.Fatal(err)
	}
}

func TestAccountsAreReadOnce(t *testing.T) {
	m := etc(t, map[string]string{"passwd": "ann:x:1:1::/:/bin/sh\n"})
	passwd := m.Path("/etc/passwd")
	for _, step := range []struct {
		does string
		do   func()
		want string
	}{
		{"reads", func() {}, "ann"},
		{"remembers", func() { write(t, passwd, "bob:x:1:1::/:/bin/sh\n") }, "ann"},
		{"sees another size", func() { write(t, passwd, "carol:x:1:1::/:/bin/sh\n") }, "carol"},
		{"remembers again", func() { write(t, passwd, "david:x:1:1::/:/bin/sh\n") }, "carol"},
		{"sees another file", func() {
			write(t, passwd+"+", "edgar:x:1:1::/:/bin/sh\n")
			if err := os.Rename(passwd+"+", passwd); err != nil {
				t.Fatal(err)
			}
		}, "edgar"},
		{"forgets by a command", func() {
			write(t, passwd, "frank:x:1:1::/:/bin/sh\n")
			if _, err := m.Must(t.Context(), "true"); err != nil {
				t.Fatal(err)
			}
		}, "frank"},
		{"remembers that there is none", func() { write(t, passwd, "gregory:x:2:1::/:/bin/sh\n") }, "1"},
	} {
		if step.do(); m.UserName(1) != step.want {
			t.Errorf("%s: got %q, want %q", step.does, m.UserName(1), step.want)
		}
	}
}

func TestWhereAccountsAreLookedFor(t *testing.T) {
	for conf, want := range map[string]bool{
		"passwd: files\ngroup: files systemd\n":            true,
		"group:files\npasswd:\t\tfiles   # and no other\n": true,
		"passwd: files systemd\n":                          false,
		"passwd: files [NOTFOUND=return] sss\n":            false,
		"passwd: compat\n":                                 false,
		"#passwd: files\n":                                 false,
		"group: files\n":                                   false,
	} {
		m := etc(t, map[string]string{"nsswitch.conf": conf})
		if got := m.onlyFiles("passwd"); got != want {
			t.Errorf("%q: got %v", conf, got)
		}
	}
	if etc(t, nil).onlyFiles("passwd") {
		t.Error("without nsswitch.conf libc decides")
	}
}
