package launch

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
)

// Streams are a command's standard streams. Nil is empty, or drops. Stdin is read
// by a goroutine that ends with it, or with the command if there is more to read.
type Streams struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// execScript runs the command line %s, written by quoted, and says "go" before. Its
// arguments are those of startScript.
const execScript = `if [ -n "$1" ]; then LC_ALL=$1; else unset LC_ALL; fi; ` +
	`printf "\000\036fleet go \n"; exec sh -c %s`

// Exec runs a command line without a helper, with the login shell or, as another
// user, with sh, and returns its exit code.
func Exec(ctx context.Context, r Runner, b Become, line string, s Streams) (int, error) {
	if b.IsZero() {
		p, err := r.Start(ctx, line)
		if err != nil {
			return -1, err
		}
		return pump(ctx, p, s)
	}
	l, err := begin(ctx, r, "", fmt.Sprintf(execScript, quoted(line)), b, Options{})
	if err != nil {
		return -1, err
	}
	if err := l.begun(ctx); err != nil {
		return -1, err
	}
	defer context.AfterFunc(ctx, l.transport.p.Kill)()
	feed(l.transport.p.Stdin(), s.Stdin)
	return l.transport.exec(ctx, s.Stdout, s.Stderr)
}

// begun waits until the script says "go".
func (l *launching) begun(ctx context.Context) error {
	g, err := l.greeting(ctx)
	if err == nil && g.Word != "go" {
		err = fmt.Errorf("the host said %q instead of running the command", g.Word)
	}
	if err != nil {
		l.transport.Close()
	}
	return err
}

// exec passes the streams of a command that has begun.
func (t *transport) exec(ctx context.Context, stdout, stderr io.Writer) (int, error) {
	t.stderr.passTo(stderr)
	head, _ := t.out.Peek(t.out.Buffered()) // which is there
	copyTo(stdout, io.MultiReader(bytes.NewReader(head), t.p.Stdout()))
	t.loops.Wait()
	return ended(ctx, t.code, t.err)
}

// pump passes the streams of a command until it ends.
func pump(ctx context.Context, p Process, s Streams) (int, error) {
	defer context.AfterFunc(ctx, p.Kill)()
	feed(p.Stdin(), s.Stdin)
	var work sync.WaitGroup
	work.Go(func() { copyTo(s.Stderr, p.Stderr()) })
	copyTo(s.Stdout, p.Stdout())
	work.Wait()
	code, err := p.Wait()
	return ended(ctx, code, err)
}

// feed writes the input in a goroutine of its own: it ends with the input, or
// with the first write after the command's end.
func feed(w io.WriteCloser, r io.Reader) {
	if r == nil {
		w.Close()
		return
	}
	go func() {
		_, _ = io.Copy(w, r) // a command need not read its input
		w.Close()
	}()
}

// copyTo copies until r ends; what w does not take is dropped, so that the
// command is not held up.
func copyTo(w io.Writer, r io.Reader) {
	if w != nil {
		_, _ = io.Copy(w, r) // the end of r is the command's end, whatever it looks like
	}
	_, _ = io.Copy(io.Discard, r)
}

func ended(ctx context.Context, code int, err error) (int, error) {
	if ctx.Err() != nil {
		return -1, context.Cause(ctx)
	}
	return code, err
}

// octal writes the line in letters that every shell leaves alone.
func octal(line string) string {
	var b strings.Builder
	for _, c := range []byte(line) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(" /.,:=_-", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, `\0%03o`, c)
	}
	return b.String()
}
