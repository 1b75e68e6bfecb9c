package packages

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fleet/internal/tasks/sys"
)

// lockFile, in the environment, makes the test binary a process that holds a lock.
const lockFile = "FLEET_TEST_LOCK_FILE"

func TestMain(m *testing.M) {
	if file := os.Getenv(lockFile); file != "" {
		f, err := os.OpenFile(file, os.O_RDWR, 0)
		if err == nil {
			err = syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK})
		}
		if err != nil {
			os.Exit(1)
		}
		os.Stdout.WriteString("locked\n")
		os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestLockIsWaitedFor(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "lock")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	m := &sys.Machine{Root: root}
	l := locks{files: []string{"/missing", "/lock"}, timeout: 50 * time.Millisecond}
	if said, err := l.wait(context.Background(), m); said != "" || err != nil {
		t.Fatalf("a free lock: %q, %v", said, err)
	}
	child := exec.Command(os.Args[0], "the-holder")
	child.Env = append(os.Environ(), lockFile+"="+file)
	stdin, _ := child.StdinPipe()
	stdout, _ := child.StdoutPipe()
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, _ := bufio.NewReader(stdout).ReadString('\n'); line != "locked\n" {
		t.Fatalf("the child says %q", line)
	}
	_, err := l.wait(context.Background(), m)
	if err == nil || !strings.Contains(err.Error(), "the-holder) holds /lock; waited 50ms for it") {
		t.Errorf("a held lock: %v", err)
	}
	l.timeout = time.Minute
	go func() {
		time.Sleep(20 * time.Millisecond) // real time: another process is part of it
		stdin.Close()
		_ = child.Wait()
	}()
	said, err := l.wait(context.Background(), m)
	if err != nil || !strings.Contains(said, "holds /lock") {
		t.Errorf("a lock that is let go: %q, %v", said, err)
	}
}

func TestNearest(t *testing.T) {
	names := []string{"nginx", "nano", "nginx-full", "postgresql-15"}
	for wanted, want := range map[string]string{"ngnix": "nginx", "nginx-ful": "nginx-full", "postgresql": "postgresql-15", "zzz": ""} {
		if got := likeName(wanted, names); got != want {
			t.Errorf("likeName(%q) is %q, want %q", wanted, got, want)
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add("nginx:\n  Candidate: 2\n  Version table:\n *** 1 500\n     2 500\n")
	f.Fuzz(func(_ *testing.T, text string) { parsePolicy(text) })
}

func FuzzDpkgDatabase(f *testing.F) {
	f.Add("Package: a\nStatus: install ok installed\nProvides: b (= 1), c\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		db := &dpkgDatabase{byName: map[string][]*debPackage{}, providers: map[string][]*debPackage{}}
		_ = db.read(strings.NewReader(text))
	})
}
