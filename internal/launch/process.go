package launch

import (
	"context"
	"io"
	"strings"
	"sync"
)

// Runner runs command lines on one machine.
type Runner interface {
	// Start starts the line with the user's login shell.
	Start(ctx context.Context, line string) (Process, error)
}

// Process is one command that runs on a machine. Its streams must be read to
// their ends by their readers; the other methods may be called concurrently.
type Process interface {
	Stdin() io.WriteCloser
	Stdout() io.Reader
	Stderr() io.Reader
	// Wait returns the exit code once the command has ended: 128+n where signal n
	// ended it. An error says that the connection is gone, for a person.
	Wait() (int, error)
	// Kill ends the command, or the connection to it, and unblocks the streams. It
	// may be called more than once and after the end.
	Kill()
}

// stderrKept bounds what is kept of a helper's standard error, in bytes: one half of it
// is the beginning, which says why a program crashed, and the other the end.
const stderrKept = 8 << 10

// watcher reads a command's standard error: it keeps its beginning and its end, and
// counts the prompts for a password.
type watcher struct {
	prompt  string
	prompts chan struct{} // has one for each prompt

	mu   sync.Mutex
	kept string
	pass io.Writer // takes all that comes, instead of kept; or nil
}

func newWatcher(prompt string) *watcher {
	return &watcher{prompt: prompt, prompts: make(chan struct{}, 8)}
}

// read reads until the stream ends.
func (w *watcher) read(r io.Reader) {
	buf := make([]byte, 4<<10)
	for {
		n, err := r.Read(buf)
		w.add(string(buf[:n]))
		if err != nil {
			return
		}
	}
}

func (w *watcher) add(s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pass != nil {
		_, _ = io.WriteString(w.pass, s) // the command is not held up
		return
	}
	w.kept += s
	if w.prompt != "" {
		for i := strings.Index(w.kept, w.prompt); i >= 0; i = strings.Index(w.kept, w.prompt) {
			w.kept = strings.TrimSuffix(w.kept[:i], "P") + w.kept[i+len(w.prompt):] // "Password: " is one
			select {
			case w.prompts <- struct{}{}:
			default:
			}
		}
	}
	if n := len(w.kept); n > stderrKept {
		w.kept = w.kept[:stderrKept/2] + w.kept[n-stderrKept/2:]
	}
}

// text returns what was kept.
func (w *watcher) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.TrimSpace(w.kept)
}

// passTo hands on what was kept and all that follows. Nil keeps on keeping.
func (w *watcher) passTo(to io.Writer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pass = to; to != nil {
		_, _ = io.WriteString(to, w.kept)
		w.kept = ""
	}
}
