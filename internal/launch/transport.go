package launch

import (
	"bufio"
	"cmp"
	"fmt"
	"strings"
	"sync"
	"time"

	"fleet/internal/source"
)

// transport is a process as a session sees it.
type transport struct {
	p        Process
	out      *bufio.Reader
	stderr   *watcher
	answered bool // the prompt for a password

	ended chan struct{} // closed when code and err are there
	heard chan struct{} // closed when standard error has ended
	code  int
	err   error
	loops sync.WaitGroup
}

// readAhead is small, for thousands of helpers wait at a time; what is longer than
// that is read straight to where it goes.
const readAhead = 4 << 10

// newTransport takes the process over.
func newTransport(p Process, prompt string) *transport {
	t := &transport{p: p, out: bufio.NewReaderSize(p.Stdout(), readAhead), stderr: newWatcher(prompt), ended: make(chan struct{}), heard: make(chan struct{})}
	t.loops.Go(func() {
		t.stderr.read(p.Stderr())
		close(t.heard)
	})
	t.loops.Go(func() {
		t.code, t.err = p.Wait()
		close(t.ended)
	})
	return t
}

func (t *transport) Read(p []byte) (int, error) { return t.out.Read(p) }

func (t *transport) Write(p []byte) (int, error) { return t.p.Stdin().Write(p) }

func (t *transport) CloseWrite() error { return t.p.Stdin().Close() }

// Close ends the process and waits until it is gone.
func (t *transport) Close() error {
	t.p.Kill()
	t.loops.Wait()
	return nil
}

// wait waits for the end of the process, but not longer than d. What it wrote to
// standard error is read then, unless something that it left behind holds that open.
func (t *transport) wait(d time.Duration) (int, error) {
	select {
	case <-t.ended:
		select {
		case <-t.heard:
		case <-time.After(min(d, 300*time.Millisecond)):
		}
		return t.code, t.err
	case <-time.After(d):
		return -1, nil
	}
}

// Reason says how the process ended and the first line that it wrote.
func (t *transport) Reason() (reason, hint string) {
	if _, err := t.wait(2 * time.Second); err != nil {
		return err.Error(), source.HintOf(err)
	}
	return t.howEnded()
}

// howEnded is Reason without waiting: nothing for a process that runs.
func (t *transport) howEnded() (reason, hint string) {
	select {
	case <-t.ended:
	default:
		return "", ""
	}
	reason = fmt.Sprintf("the helper ended with exit code %d", t.code)
	if said := t.stderr.text(); said != "" {
		reason += ": " + cmp.Or(crashLine(said), firstLine(said))
	}
	if t.code == 137 {
		hint = "something on the host killed it, maybe because the memory was full"
	}
	return reason, hint
}

// firstLine returns the line that says most: Go programs and shells put it first.
func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
