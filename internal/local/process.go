package local

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"fleet/internal/launch"
)

// killWait is how long a process has to end on SIGTERM. The helper needs 5s at most
// to end its own children.
const killWait = 6 * time.Second

// process is a child in a process group of its own: Ctrl-C at the terminal
// reaches fleet, which then ends its calls in order.
type process struct {
	cmd                   *exec.Cmd
	stdin, stdout, stderr *os.File
	kill                  sync.Once
	ended                 chan struct{} // closed by Wait
}

func start(argv ...string) (launch.Process, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	theirs, err := p.pipes()
	if err == nil {
		err = cmd.Start()
	}
	for _, f := range theirs {
		f.Close()
	}
	if err != nil {
		p.closeStreams()
		return nil, err
	}
	return p, nil
}

// pipes connects the streams and returns the child's ends.
func (p *process) pipes() (theirs []*os.File, err error) {
	in, stdin, err1 := os.Pipe()
	stdout, out, err2 := os.Pipe()
	stderr, errs, err3 := os.Pipe()
	p.stdin, p.stdout, p.stderr = stdin, stdout, stderr
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = in, out, errs
	return []*os.File{in, out, errs}, errors.Join(err1, err2, err3)
}

func (p *process) closeStreams() {
	p.stdin.Close()
	p.stdout.Close()
	p.stderr.Close()
}

func (p *process) Stdin() io.WriteCloser { return p.stdin }
func (p *process) Stdout() io.Reader     { return p.stdout }
func (p *process) Stderr() io.Reader     { return p.stderr }

// Wait implements launch.Process. It is called once.
func (p *process) Wait() (int, error) {
	defer close(p.ended)
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return -1, err
	}
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return p.cmd.ProcessState.ExitCode(), nil
}

// Kill implements launch.Process. A process of another user cannot be signalled:
// the end of its streams ends it.
func (p *process) Kill() {
	p.kill.Do(func() {
		group := -p.cmd.Process.Pid
		// Errors mean that it is gone, or another user's.
		_ = syscall.Kill(group, syscall.SIGTERM)
		p.closeStreams()
		go func() {
			timer := time.NewTimer(killWait)
			defer timer.Stop()
			select {
			case <-p.ended:
			case <-timer.C:
				_ = syscall.Kill(group, syscall.SIGKILL)
			}
		}()
	})
}
