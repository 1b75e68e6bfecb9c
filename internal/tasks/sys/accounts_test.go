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
	for _, test := range []struct {
		conf, key, folder string
		want              bool
	}{
		{"passwd: files\ngroup: files sss\n", "ann", "", true},
		{"group:files\npasswd:\t\tfiles   # and no other\n", "ann", "", true},
		{"passwd: files systemd\n", "ann", "", true},
		{"passwd: files systemd\n", "nobody", "", false},
		{"passwd: files systemd\n", "ann", "/run/systemd/system", false},
		{"passwd: files systemd\n", "ann", "/etc/userdb", false},
		{"passwd: files [NOTFOUND=return] sss\n", "ann", "", false},
		{"passwd: compat\n", "ann", "", false},
		{"#passwd: files\n", "ann", "", false},
		{"group: files\n", "ann", "", false},
	} {
		m := etc(t, map[string]string{"nsswitch.conf": test.conf})
		if err := os.MkdirAll(m.Path(test.folder), 0o755); err != nil {
			t.Fatal(err)
		}
		if got := m.onlyFiles(question{"passwd", test.key, 0}); got != test.want {
			t.Errorf("%+v: got %v", test, got)
		}
	}
	if etc(t, nil).onlyFiles(question{"passwd", "ann", 0}) {
		t.Error("without nsswitch.conf libc decides")
	}
}
