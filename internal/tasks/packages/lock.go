package packages

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"fleet/internal/tasks/sys"
	"fleet/internal/wire"
)

// pollLock is how often a lock that is waited for is looked at.
const pollLock = 500 * time.Millisecond

// holder is a process that holds a package manager's lock.
type holder struct {
	pid  int // 0 where the kernel does not say: a process of another container
	name string
	file string
}

func (h holder) String() string {
	if h.pid <= 0 {
		return fmt.Sprintf("a process outside of this container holds %s", h.file)
	}
	return fmt.Sprintf("process %d (%s) holds %s", h.pid, h.name, h.file)
}

// findHolder returns who holds a lock on one of the files, or nil. Programs take
// these locks with fcntl, and the kernel tells by whom a file is locked so.
func findHolder(m *sys.Machine, files []string) *holder {
	for _, file := range files {
		f, err := m.Open(file)
		if err != nil {
			continue
		}
		lock := syscall.Flock_t{Type: syscall.F_WRLCK}
		err = syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock)
		_ = f.Close()
		if err == nil && lock.Type != syscall.F_UNLCK {
			return &holder{int(lock.Pid), processName(int(lock.Pid)), file}
		}
	}
	return nil
}

// processName returns a process's name as its user knows it: the kernel's own
// cuts it, and calls a script by its interpreter.
func processName(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	words := strings.Split(strings.TrimRight(string(data), "\x00"), "\x00")
	if err != nil || words[0] == "" {
		return "unknown"
	}
	const longest = 80
	line := strings.Join(words, " ")
	if len(line) > longest {
		line = line[:longest] + "…"
	}
	return line
}

// errLocked is wrapped by the errors of a lock that was waited for in vain.
var errLocked = errors.New("the package manager is locked")

// locks are the files by which package managers keep each other out.
type locks struct {
	files   []string
	timeout time.Duration
	// held returns who holds a lock that is no fcntl lock, or nil; it may be nil.
	held func(m *sys.Machine) *holder
}

// wait waits until nobody holds the locks any more. It returns a sentence for
// the user where it had to wait.
func (l locks) wait(ctx context.Context, m *sys.Machine) (string, error) {
	start := time.Now()
	var first *holder
	for {
		h := findHolder(m, l.files)
		if h == nil && l.held != nil {
			h = l.held(m)
		}
		if h == nil {
			if first == nil {
				return "", nil
			}
			return fmt.Sprintf("waited %s for another process: %s", time.Since(start).Round(time.Second), first), nil
		}
		if first == nil {
			first = h
			if m.Controller != nil {
				m.Controller.Output(wire.Stderr, []byte("waiting: "+h.String()+"\n"))
			}
		}
		if time.Since(start) >= l.timeout {
			return "", fmt.Errorf("%w: %s; waited %s for it (lock_timeout)", errLocked, h, l.timeout)
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(min(pollLock, l.timeout)):
		}
	}
}
