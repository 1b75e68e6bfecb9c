package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// folder returns a folder with a file "there" of mode 0640 and a link to it.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := errors.Join(os.WriteFile(there, []byte("before"), 0o600), os.Chmod(there, 0o640), os.Symlink("there", filepath.Join(dir, "link"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// holds fails the test where a folder holds other files than these.
func holds(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(want) {
		t.Errorf("%v, %v; want %v", entries, err, want)
	}
	for name, text := range want {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(data) != text {
			t.Errorf("%s holds %q, %v; want %q", name, data, err, text)
		}
	}
}

func TestWrite(t *testing.T) {
	dir := folder(t)
	for _, name := range []string{"link", "new"} {
		if err := Write(filepath.Join(dir, name), []byte("after"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	holds(t, dir, map[string]string{"there": "after", "link": "after", "new": "after"})
	for name, want := range map[string]fs.FileMode{"there": 0o640, "link": fs.ModeSymlink | 0o777, "new": 0o600} {
		if info, err := os.Lstat(filepath.Join(dir, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
}

func TestDiscard(t *testing.T) {
	dir := folder(t)
	for _, name := range []string{"link", "new"} {
		f, err := Create(filepath.Join(dir, name), 0o644)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte("half")); err != nil {
			t.Fatal(err)
		}
		f.Discard()
	}
	holds(t, dir, map[string]string{"there": "before", "link": "before"})
}

// A pipe stays one, as a device does: what is written goes through it.
func TestPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := os.OpenFile(pipe, os.O_RDWR, 0) // does not wait for the other end
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := Write(pipe, []byte("through"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 7)
	if _, err := r.Read(got); err != nil || string(got) != "through" {
		t.Errorf("%q, %v", got, err)
	}
	if info, err := os.Lstat(pipe); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		t.Errorf("%v, %v", info, err)
	}
}

// A name of an open file is that file, and what stands in it stays.
func TestDescriptor(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("a"); err != nil {
		t.Fatal(err)
	}
	if err := Write(fmt.Sprintf("/proc/self/fd/%d", f.Fd()), []byte("b"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, 2); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("c"); err != nil {
		t.Fatal(err)
	}
	holds(t, filepath.Dir(file), map[string]string{"f": "abc"})
}

// A pipe's descriptor has a name that is no file's.
func TestDescriptorOfPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if err := Write(fmt.Sprintf("/proc/self/fd/%d", w.Fd()), []byte("through"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 7)
	if _, err := r.Read(got); err != nil || string(got) != "through" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestLinkToNothing(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("target", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(dir, "link"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	holds(t, dir, map[string]string{"link": "x", "target": "x"})
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir, nil, 0o600); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("a folder: %v", err)
	}
	if err := Write(filepath.Join(dir, "no", "folder"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	holds(t, dir, map[string]string{})
}
