// Package measure runs commands and says what they took: time, processor time,
// memory, open files, and what the hosts took at the same time. It runs on the
// controller, on Linux. It counts all processes that a command starts, those too
// that outlive it.
package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Sample is what one run took.
type Sample struct {
	Wall   time.Duration
	CPU    time.Duration // user and system, of the command and all it started
	Hosts  time.Duration // the same of all that ran on the hosts
	Memory int64         // the most it had at a time, in bytes
	Helper int64         // the most that one helper had on a host, in bytes
	Files  int           // the most files it had open at a time
	Out    string
}

// Meter measures one command at a time.
type Meter struct {
	Dir   string // where commands run; it is their HOME too
	Hosts []int  // the processes that play the hosts, children of this one
	User  uint32 // whose processes run on the hosts; 0 is nobody

	// strays is what those have taken that outlived their session on a host.
	strays time.Duration
}

// Adopt makes this process the parent of what commands leave behind.
func Adopt() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// Disown is the end of Adopt, for commands whose services are to stay.
func Disown() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) }

// Run runs a command and takes all its processes to its account, those too that
// outlive it, like the masters of ssh connections: they are ended.
func (m *Meter) Run(ctx context.Context, argv, env []string) (Sample, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append([]string{"HOME=" + m.Dir, "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "NO_COLOR=1"}, env...)
	cmd.Dir = m.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	out, err := os.Create(filepath.Join(m.Dir, "output"))
	if err != nil {
		return Sample{}, err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	before := m.settle()
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return Sample{}, err
	}
	stop, watched := make(chan struct{}), make(chan Sample, 1)
	go func() { watched <- m.watch(stop) }()
	err = cmd.Wait()
	wall := time.Since(begin)
	close(stop)
	s := <-watched
	s.Wall, s.Out = wall, end(out)
	s.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime() + m.endOrphans()
	s.Hosts = m.settle() - before
	if err != nil {
		return s, fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, Tail(s.Out, 30))
	}
	return s, nil
}

// kept is how much of a command's output is kept.
const kept = 1 << 20

// end returns the end of a file.
func end(f *os.File) string {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err.Error()
	}
	data, err := io.ReadAll(io.NewSectionReader(f, max(0, size-kept), kept))
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// Tail returns the last n lines.
func Tail(s string, n int) string {
	lines := strings.SplitAfter(s, "\n")
	return strings.Join(lines[max(0, len(lines)-n-1):], "")
}

// watch samples all processes below this one but those of the hosts, until stop.
// It takes a twentieth of one processor at most. The kernel's own account of a
// process' memory is of no use: it counts what the parent had at the fork.
func (m *Meter) watch(stop chan struct{}) Sample {
	var peak Sample
	wait := 3 * time.Millisecond
	for {
		select {
		case <-stop:
			return peak
		case <-time.After(wait):
		}
		begin := time.Now()
		tools, hosts := m.tree()
		memory, files := int64(0), 0
		for _, p := range tools {
			memory += p.proportional()
			files += p.files()
		}
		if len(tools) == 1 { // alone it knows its peak itself
			memory = tools[0].resident()
		}
		peak.Memory, peak.Files = max(peak.Memory, memory), max(peak.Files, files)
		for _, p := range hosts {
			if strings.HasPrefix(p.name, "fleet-target") {
				peak.Helper = max(peak.Helper, p.resident())
			}
		}
		wait = max(min(2*wait, 50*time.Millisecond), 20*time.Since(begin))
	}
}

// settle waits until the sessions on the hosts have ended, and returns what the
// hosts have taken so far.
func (m *Meter) settle() time.Duration {
	for try := 0; ; try++ {
		_, hosts := m.tree()
		for _, p := range hosts {
			if p.parent == os.Getpid() && !slices.Contains(m.Hosts, p.pid) {
				m.strays += reap(p.pid, 0) // it has outlived its session
			}
		}
		if len(hosts) <= len(m.Hosts) || try == 100 {
			return m.took()
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// took returns what the hosts have taken so far, with what they have waited for.
func (m *Meter) took() time.Duration {
	sum := m.strays
	for _, pid := range m.Hosts {
		p, _ := m.readProcess(pid) // it runs until the end
		sum += p.took
	}
	return sum
}

// endOrphans ends what a command has left running, and returns what it took. What
// has a parent among them comes in the next round.
func (m *Meter) endOrphans() time.Duration {
	var took time.Duration
	for range 50 {
		tools, _ := m.tree()
		if len(tools) == 0 {
			break
		}
		ours := slices.DeleteFunc(tools, func(p process) bool { return p.parent != os.Getpid() })
		for _, p := range ours {
			_ = syscall.Kill(p.pid, syscall.SIGTERM) // or it has gone by itself
		}
		for _, p := range ours {
			took += reap(p.pid, 2*time.Second)
		}
	}
	return took
}

// reap waits for a child's end, kills it in the middle of that time, and returns
// what it took.
func reap(pid int, wait time.Duration) time.Duration {
	const step = 10 * time.Millisecond
	var usage syscall.Rusage
	for waited := time.Duration(0); waited <= wait; waited += step {
		got, err := syscall.Wait4(pid, nil, syscall.WNOHANG, &usage)
		switch {
		case errors.Is(err, syscall.ECHILD):
			return 0
		case got == pid:
			return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
		case waited == wait:
			return 0
		case waited == wait/2/step*step:
			_ = syscall.Kill(pid, syscall.SIGKILL) // or it is gone already
		}
		time.Sleep(step)
	}
	return 0
}
