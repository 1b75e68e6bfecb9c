package sys

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// runner answers validate commands and notes what they saw.
type runner struct {
	code int
	seen string
	argv []string
}

func (r *runner) Run(_ context.Context, _ *Machine, c Command) (Output, error) {
	r.argv = c.Argv
	data, err := os.ReadFile(c.Argv[len(c.Argv)-1])
	r.seen = string(data)
	return Output{Code: r.code, Stderr: "line 1: wrong\n"}, err
}

func machineWith(t *testing.T, text string) (*Machine, string) {
	t.Helper()
	root := t.TempDir()
	path := filepath.Join(root, "f")
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return &Machine{Root: root}, path
}

func files(t *testing.T, m *Machine) string {
	t.Helper()
	list, err := os.ReadDir(m.Root)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range list {
		names = append(names, d.Name())
	}
	return strings.Join(names, " ")
}

func TestWriteKeepsModeAndBackup(t *testing.T) {
	m, _ := machineWith(t, "old\n")
	done, err := m.Write(context.Background(), Write{Path: "/f", Content: Bytes([]byte("new\n")), Backup: true})
	if err != nil || !done.Changed || !strings.HasPrefix(done.BackupFile, "/f.") || !strings.HasSuffix(done.BackupFile, "~") {
		t.Fatalf("%+v, %v", done, err)
	}
	for name, want := range map[string]string{"/f": "new\n", done.BackupFile: "old\n"} {
		data, err := os.ReadFile(m.Path(name))
		if err != nil || string(data) != want || m.FileInfo(name).Mode != "0640" {
			t.Errorf("%s: %q, %v, %+v", name, data, err, m.FileInfo(name))
		}
	}
	done, err = m.Write(context.Background(), Write{Path: "/f", Content: Bytes([]byte("new\n")), Backup: true})
	if err != nil || done.Changed || done.BackupFile != "" || strings.Count(files(t, m), " ") != 1 {
		t.Errorf("again: %+v, %v, %s", done, err, files(t, m))
	}
}

func TestWriteValidatesBeforeItReplaces(t *testing.T) {
	m, path := machineWith(t, "old\n")
	r := &runner{code: 1}
	m.Runner = r
	w := Write{Path: "/f", Content: Bytes([]byte("new\n")), Validate: "check -f 'a b' %s"}
	_, err := m.Write(context.Background(), w)
	if err == nil || !strings.Contains(err.Error(), `the new "/f" was refused and is not put in place`) || !strings.Contains(err.Error(), "line 1: wrong") {
		t.Errorf("got %v", err)
	}
	if data, _ := os.ReadFile(path); string(data) != "old\n" || r.seen != "new\n" || len(r.argv) != 4 || r.argv[2] != "a b" {
		t.Errorf("file %q, the command %q saw %q", data, r.argv, r.seen)
	}
	if m.Changed() || files(t, m) != "f" {
		t.Errorf("a refused file left %s", files(t, m))
	}
	r.code = 0
	if _, err := m.Write(context.Background(), w); err != nil {
		t.Error(err)
	}
	if data, _ := os.ReadFile(path); string(data) != "new\n" || files(t, m) != "f" {
		t.Errorf("file %q, %s", data, files(t, m))
	}
}

func TestWriteShowsWhatItMay(t *testing.T) {
	large := strings.Repeat("x", MaxDiff+1)
	for name, c := range map[string]struct {
		before, after string
		secret        bool
		want          Diff
	}{
		"text":   {"a\n", "b\n", false, Diff{Before: "a\n", After: "b\n"}},
		"binary": {"a\n", "b\x00", false, Diff{Before: "a\n", After: "(2 bytes, binary; sha256 "}},
		"large":  {large, "b\n", false, Diff{Before: "(102401 bytes, too large to be shown; sha256 ", After: "b\n"}},
		"secret": {"hush\n", "hush2\n", true, Diff{Before: "(hidden)\n", After: "(hidden, changed)\n"}},
	} {
		m, _ := machineWith(t, c.before)
		m.Check, m.Diff = true, true
		if _, err := m.Write(context.Background(), Write{Path: "/f", Content: Bytes([]byte(c.after)), Secret: c.secret}); err != nil {
			t.Fatal(err)
		}
		got := m.Diffs()
		if len(got) != 1 || !strings.HasPrefix(got[0].Before, c.want.Before) || !strings.HasPrefix(got[0].After, c.want.After) {
			t.Errorf("%s: %.200q", name, got)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	m, path := machineWith(t, "old\n")
	for _, err := range []error{
		os.Mkdir(path+".d", 0o755), os.Symlink("loop", filepath.Join(m.Root, "loop")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"/f.d": `"/f.d" is a folder, not a file`, "/no/x": `folder "/no" does not exist`,
		"/f/x": `not a directory`, "/loop": `too many symbolic links`,
	} {
		_, err := m.Write(context.Background(), Write{Path: name, Content: Bytes(nil), Follow: true})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
	for _, path := range []string{"/", "", ".."} {
		if err := m.Remove(context.Background(), path); err == nil {
			t.Errorf("removal of %q was taken", path)
		}
	}
}

func TestExpand(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "etc/passwd"), []byte("ops:x:1000:1000::/home/ops:/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	m := &Machine{Root: root}
	for path, want := range map[string]string{
		"": "", "/a//b/../c": "/a/c", "/a/": "/a/", "/": "/", "~ops": "/home/ops", "~ops/x/": "/home/ops/x/", "a/b": "a/b",
	} {
		if got, err := m.Expand(path); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", path, got, err, want)
		}
	}
	if _, err := m.Expand("~nobody-xy/z"); err == nil || !strings.Contains(err.Error(), `user "nobody-xy" does not exist`) {
		t.Errorf("got %v", err)
	}
}

// TestWriteInPlace: into a file whose folder lets nothing be made, where the
// argument or the task's environment allows it.
func TestWriteInPlace(t *testing.T) {
	yes, no := true, false
	for _, c := range []struct {
		arg  *bool
		env  string
		want bool
	}{{nil, "", false}, {nil, "1", true}, {nil, "0", false}, {&yes, "0", true}, {&no, "1", false}} {
		if os.Geteuid() == 0 && !c.want {
			continue // root makes files everywhere
		}
		m, path := machineWith(t, "old\n")
		m.Env = map[string]string{"ANSIBLE_UNSAFE_WRITES": c.env}
		if err := os.Chmod(m.Root, 0o555); err != nil {
			t.Fatal(err)
		}
		_, err := m.Write(context.Background(), Write{Path: "/f", Content: Bytes([]byte("new\n")), Perms: Perms{Extras: Extras{UnsafeWrites: c.arg}}})
		if text, _ := os.ReadFile(path); (string(text) == "new\n") != c.want || (err == nil) != c.want {
			t.Errorf("%+v: %q, %v", c, text, err)
		}
		if err := os.Chmod(m.Root, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWriteKeepsExtendedAttributes: what is noted at a file stays when it is
// replaced. A file system without such notes has nothing to keep.
func TestWriteKeepsExtendedAttributes(t *testing.T) {
	m, _ := machineWith(t, "old\n")
	err := syscall.Setxattr(m.Path("/f"), "user.note", []byte("kept"), 0)
	if errors.Is(err, syscall.ENOTSUP) {
		t.Skip("this file system has no extended attributes")
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Write(context.Background(), Write{Path: "/f", Content: Bytes([]byte("new\n"))}); err != nil {
		t.Fatal(err)
	}
	value := make([]byte, 10)
	n, err := syscall.Getxattr(m.Path("/f"), "user.note", value)
	if err != nil || string(value[:n]) != "kept" || m.FileInfo("/f").Mode != "0640" {
		t.Errorf("got %q, %v, mode %s", value[:max(n, 0)], err, m.FileInfo("/f").Mode)
	}
}
