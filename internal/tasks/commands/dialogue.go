package commands

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"

	"fleet/internal/tasks/sys"
)

// dialogue is a program on a terminal, and what is said to it.
type dialogue struct {
	program   string
	argv, env []string
	dir       string
	answers   []*answer
	patience  time.Duration // how long to wait for the program; 0 is without end
	echo      bool
	said      []byte // all that the program wrote, at most sys.MaxOutput bytes
	pending   []byte // what of it was not answered yet
}

// errSlow is Ansible's word for a program that asked nothing that is known.
var errSlow = errors.New("command exceeded timeout")

// hold runs the program to its end and returns its exit code. A program that
// waits too long, also behind its last word, or asks once too often, is killed with
// all of its process group.
func (d *dialogue) hold(ctx context.Context) (int, error) {
	ours, theirs, err := openTerminal(d.echo)
	if err != nil {
		return 0, err
	}
	defer ours.Close()
	cmd := &exec.Cmd{Path: d.program, Args: d.argv, Env: d.env, Dir: d.dir, Stdin: theirs, Stdout: theirs, Stderr: theirs,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true, Setctty: true}}
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return 0, err
	}
	// The group may be gone already.
	kill := func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	defer context.AfterFunc(ctx, kill)()
	pieces := make(chan []byte)
	stop := make(chan struct{})
	go listen(ours, pieces, stop)
	err = d.converse(ctx, ours, pieces)
	close(stop)
	switch {
	case err != nil:
		kill()
	case d.patience > 0: // it may have closed its terminal, and run on
		defer time.AfterFunc(d.patience, kill).Stop()
	}
	code := endOf(cmd)
	if err == nil {
		err = ctx.Err()
	}
	return code, err
}

// endOf waits for the program and returns its exit code; 128+n where signal n ended it.
func endOf(cmd *exec.Cmd) int {
	_ = cmd.Wait() // the code says it
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return cmd.ProcessState.ExitCode()
}

// listen passes on what the program writes until it has closed its terminal, of
// which Linux tells by an error, or nobody listens any more.
func listen(terminal *os.File, pieces chan<- []byte, stop <-chan struct{}) {
	defer close(pieces)
	for {
		piece := make([]byte, 4096)
		n, err := terminal.Read(piece)
		if n > 0 {
			select {
			case pieces <- piece[:n]:
			case <-stop:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// converse answers until the program has nothing more to say.
func (d *dialogue) converse(ctx context.Context, terminal *os.File, pieces <-chan []byte) error {
	for {
		var late <-chan time.Time
		if d.patience > 0 {
			late = time.After(d.patience)
		}
		if err := d.hear(ctx, pieces, late); err != nil {
			if errors.Is(err, errEnded) {
				return nil
			}
			return err
		}
		if err := d.reply(terminal); err != nil {
			return err
		}
	}
}

var errEnded = errors.New("the program has ended")

// hear waits until something known is asked.
func (d *dialogue) hear(ctx context.Context, pieces <-chan []byte, late <-chan time.Time) error {
	for {
		if a, _, err := earliest(d.answers, d.pending); a != nil || err != nil {
			return err
		}
		select {
		case piece, more := <-pieces:
			if !more {
				return errEnded
			}
			d.said = append(d.said, piece[:min(len(piece), sys.MaxOutput-len(d.said))]...)
			if d.pending = append(d.pending, piece...); len(d.pending) > maxPending {
				d.pending = d.pending[len(d.pending)-maxPending/2:]
			}
		case <-late:
			return errSlow
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// maxPending bounds in how much of what was written a question is looked for.
const maxPending = 64 << 10

// reply answers what was asked first.
func (d *dialogue) reply(terminal *os.File) error {
	a, end, err := earliest(d.answers, d.pending)
	if err != nil {
		return err
	}
	text, err := a.next()
	if err != nil {
		return err
	}
	d.pending = d.pending[end:]
	_, err = terminal.WriteString(text)
	if errors.Is(err, syscall.EIO) {
		return nil // the program ended before it heard the answer
	}
	return err
}
