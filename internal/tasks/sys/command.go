package sys

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"fleet/internal/wire"
)

// MaxOutput bounds how much of each stream of a command is kept, in bytes. What
// comes behind is dropped and counted.
const MaxOutput = 16 << 20

// killDelay is how long a cancelled command has to end on SIGTERM.
const killDelay = 2 * time.Second

// Command is a program to run, without a shell.
type Command struct {
	Argv  []string
	Stdin []byte   // nil is /dev/null
	Dir   string   // empty is the helper's own
	Env   []string // KEY=value, added to the helper's environment and the task's
	// Alone runs it in a session of its own: it has no terminal, and reads from Stdin
	// what it would ask there.
	Alone bool
	Show  bool // pass the output on to the controller while it comes
}

// Output is what a command left.
type Output struct {
	Stdout, Stderr string
	Code           int // the exit code; 128+n where signal n ended it
}

// Runner runs commands. An error means that the command could not be started or
// was cancelled; a code other than 0 is not an error.
type Runner interface {
	Run(ctx context.Context, m *Machine, c Command) (Output, error)
}

// Run runs c.
func (m *Machine) Run(ctx context.Context, c Command) (Output, error) {
	if m.Runner != nil {
		return m.Runner.Run(ctx, m, c)
	}
	return processes{}.Run(ctx, m, c)
}

// Must is Run for commands that have to succeed: another exit code than 0 is an
// error that shows the command and what it wrote.
func (m *Machine) Must(ctx context.Context, argv ...string) (Output, error) {
	out, err := m.Run(ctx, Command{Argv: argv})
	if err == nil && out.Code != 0 {
		err = &ExitError{Argv: argv, Output: out}
	}
	return out, err
}

// ExitError is a command that ended with another exit code than 0.
type ExitError struct {
	Argv   []string
	Output Output
}

func (e *ExitError) Error() string {
	said := strings.TrimSpace(e.Output.Stderr)
	if said == "" {
		said = strings.TrimSpace(e.Output.Stdout)
	}
	return fmt.Sprintf("%s: exit code %d: %s", strings.Join(e.Argv, " "), e.Output.Code, said)
}

// processes runs commands as children in a process group of their own.
type processes struct{}

func (processes) Run(ctx context.Context, m *Machine, c Command) (Output, error) {
	if len(c.Argv) == 0 || c.Argv[0] == "" {
		return Output{}, errors.New("no command given")
	}
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	cmd.Dir = c.Dir
	cmd.Env = m.Environ(c.Env)
	if c.Stdin != nil {
		cmd.Stdin = strings.NewReader(string(c.Stdin))
	}
	stdout, stderr := m.capture(c, wire.Stdout), m.capture(c, wire.Stderr)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: !c.Alone, Setsid: c.Alone}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = killDelay
	err := cmd.Run()
	m.Accounts.forget()
	if cmd.Process != nil && ctx.Err() != nil {
		// What of the group outlived SIGTERM; the group may be gone already.
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		return Output{}, ctx.Err()
	}
	if cmd.Process == nil {
		return Output{Code: exitCode(cmd)}, notStarted(err, c.Dir)
	}
	out := Output{Stdout: stdout.String(), Stderr: stderr.String(), Code: exitCode(cmd)}
	var exit *exec.ExitError
	if errors.As(err, &exit) || errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	return out, err
}

// notStarted returns why a command did not start: the system names the program also
// where the folder to run it in is missing.
func notStarted(err error, folder string) error {
	if folder == "" {
		return err
	}
	if _, wrong := os.Stat(folder); wrong != nil {
		return &fs.PathError{Op: "chdir", Path: folder, Err: errors.Unwrap(wrong)}
	}
	return err
}

func exitCode(cmd *exec.Cmd) int {
	if cmd.ProcessState == nil {
		return -1
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return cmd.ProcessState.ExitCode()
}

// Environ returns the helper's environment with the task's and own added.
func (m *Machine) Environ(own []string) []string {
	env := syscall.Environ()
	for k, v := range m.Env {
		env = append(env, k+"="+v)
	}
	return append(env, own...)
}

// capture keeps the first MaxOutput bytes and passes each piece on.
type capture struct {
	mu      sync.Mutex
	kept    strings.Builder
	dropped int
	pass    func([]byte)
}

func (m *Machine) capture(c Command, s wire.Stream) *capture {
	w := &capture{}
	if c.Show && m.Controller != nil {
		w.pass = func(p []byte) { m.Controller.Output(s, p) }
	}
	return w
}

func (w *capture) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pass != nil {
		w.pass(p)
	}
	keep := min(len(p), MaxOutput-w.kept.Len())
	w.kept.Write(p[:keep])
	w.dropped += len(p) - keep
	return len(p), nil
}

func (w *capture) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dropped > 0 {
		return fmt.Sprintf("%s\n[%d more bytes dropped]\n", w.kept.String(), w.dropped)
	}
	return w.kept.String()
}
