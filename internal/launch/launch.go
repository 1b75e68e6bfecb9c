package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"fleet/internal/helper"
	"fleet/internal/session"
	"fleet/internal/source"
	"fleet/internal/wire"
)

// Options of a start. The zero value has the defaults.
type Options struct {
	// Whole asks for the whole helper where the lean one would be started.
	Whole   bool
	Timeout time.Duration // until the helper runs, its upload not counted; 20s
	Session session.Options
}

const defaultTimeout = 20 * time.Second

// Helper starts a helper on the machine as the given user, pushing it first
// where it is not there, and returns its session. ErrBecome is in the error's
// chain where only becoming the user failed.
func Helper(ctx context.Context, r Runner, store *helper.Store, b Become, o Options) (*session.Session, error) {
	helpers, err := store.All()
	if err != nil {
		return nil, err
	}
	l, err := begin(ctx, r, quick(helpers, o.Whole), start(helpers, o.Whole, asItIs), b, o)
	if err != nil {
		return nil, err
	}
	err = l.reachHelper(ctx, store)
	if err != nil && l.found && ctx.Err() == nil {
		l.transport.Close()
		if l, err = begin(ctx, r, "", start(helpers, o.Whole, sound), b, o); err != nil {
			return nil, err
		}
		err = l.reachHelper(ctx, store)
	}
	if err != nil {
		l.transport.Close()
		return nil, err
	}
	return session.New(ctx, l.transport, o.Session)
}

// launching is a command that is on its way to run what it shall, maybe as
// another user.
type launching struct {
	transport *transport
	become    *becoming // or nil
	timeout   time.Duration
	whole     bool
	found     bool    // a cached helper was to be started
	upload    *upload // that has begun, or nil
}

// begin starts the script as the user, behind commands for the login shell that may
// make it needless for the user who logs in.
func begin(ctx context.Context, r Runner, first, script string, b Become, o Options) (*launching, error) {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	l := &launching{timeout: o.Timeout, whole: o.Whole}
	prompt, args := "", []string{}
	if !b.IsZero() {
		plan, err := b.plan()
		if err != nil {
			return nil, err
		}
		plan.script = script
		l.become, prompt = &plan, plan.prompt
		args = append([]string{script}, plan.argv...)
		first, script = "", becomeScript
	}
	line, err := shell(script, args...)
	if err != nil {
		return nil, err
	}
	p, err := r.Start(ctx, first+line)
	if err != nil {
		return nil, err
	}
	l.transport = newTransport(p, prompt)
	return l, nil
}

// reachHelper answers what the script and the become method ask for until the
// helper says hello.
func (l *launching) reachHelper(ctx context.Context, store *helper.Store) error {
	defer l.endUpload()
	for {
		g, err := l.greeting(ctx)
		if err != nil {
			return err
		}
		switch g.Word {
		case wire.GreetingHello:
			return nil
		case "found":
			l.found = true
		case "need":
			if err := l.push(ctx, store, g.Rest); err != nil {
				return err
			}
		case "more":
			if err := l.sendPieces(ctx, 1); err != nil {
				return err
			}
		case "cut":
			return source.Errorf(source.Pos{}, "perl, which took the helper on the host, was ended in the middle").
				WithHint("run again; if the host's memory is full, make room there")
		case "failed":
			_, _ = l.transport.wait(2 * time.Second) // for what else it has written
			return cannotRun(g.Rest, l.transport.stderr.text())
		default:
			return fmt.Errorf("the host said %q instead of starting the helper", g.Word)
		}
	}
}

// ErrNoGzip is in the chain of an error when the host has no gzip to unpack the
// helper with. One that already lies in the user's cache would be started.
var ErrNoGzip = errors.New("no gzip")

// cannotRun says why no folder could take the helper.
func cannotRun(reasons, stderr string) error {
	reasons = strings.TrimRight(strings.Join(strings.Fields(reasons), " "), "; ")
	if stderr != "" {
		reasons += " (" + strings.Join(strings.Split(stderr, "\n"), "; ") + ")"
	}
	e := source.Errorf(source.Pos{}, "the helper cannot be put on the host: %s", reasons)
	switch {
	case strings.Contains(reasons, "No space left"), strings.Contains(reasons, "Disk quota"):
		return e.WithHint("make room on the host: about 20 MB in the home folder, /var/tmp or /dev/shm")
	case strings.Contains(reasons, "gzip") && strings.Contains(reasons, "not found"):
		e.Err = ErrNoGzip
		return e.WithHint("install gzip on the host, or enable its sftp subsystem")
	}
	return e.WithHint("one of the home folder, /var/tmp and /dev/shm must be writable and not mounted noexec")
}

// greeting waits for the next greeting and gives the become method its password.
func (l *launching) greeting(ctx context.Context) (wire.Greeting, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, l.timeout, fmt.Errorf("the helper did not start within %s", l.timeout))
	defer cancel()
	type heard struct {
		g   wire.Greeting
		err error
	}
	came := make(chan heard, 1)
	go func() { // ends with the greeting, or when the transport is closed below
		g, err := wire.ReadGreeting(l.transport.out)
		came <- heard{g, err}
	}()
	for {
		select {
		case h := <-came:
			switch {
			case h.err == nil:
				return h.g, nil
			case ctx.Err() != nil: // which has ended what the host said
				return h.g, l.late(context.Cause(ctx))
			}
			return h.g, l.explain(h.err)
		case <-l.transport.stderr.prompts:
			if err := l.givePassword(); err != nil {
				l.transport.Close()
				<-came
				return wire.Greeting{}, err
			}
		case <-ctx.Done():
			l.transport.Close()
			<-came
			return wire.Greeting{}, l.late(context.Cause(ctx))
		}
	}
}

// givePassword answers a prompt. A second one says that the password is wrong.
func (l *launching) givePassword() error {
	b := l.become
	switch {
	case b == nil:
		return nil
	case b.Password == "":
		return b.error(b.Method+" wants a password", "give it with -K, or as ansible_become_password", "")
	case l.transport.answered:
		return b.error("wrong password for "+b.Method, wrongPasswordHint(b.Method), "")
	}
	l.transport.answered = true
	_, err := io.WriteString(l.transport.p.Stdin(), b.Password+"\n")
	return err
}

func wrongPasswordHint(method string) string {
	if method == "su" {
		return "su wants the password of the user who is to be become, not that of the login"
	}
	return "check the password that -K or ansible_become_password gave"
}

// late adds what the host wrote to the reason for giving up.
func (l *launching) late(err error) error {
	if said := l.transport.stderr.text(); said != "" && l.become != nil {
		return l.become.error(err.Error(), "", said)
	}
	return err
}

// explain says why something else than a greeting came.
func (l *launching) explain(err error) error {
	code, lost := l.transport.wait(2 * time.Second)
	if lost != nil {
		return lost
	}
	stderr := l.transport.stderr.text()
	if l.become != nil {
		return l.become.refused(stderr, code)
	}
	var none *wire.NoGreetingError
	if errors.As(err, &none) && none.Err != io.EOF {
		return err
	}
	said := stderr
	if said == "" && none != nil {
		said = strings.TrimSpace(string(none.Noise))
	}
	if crash := crashLine(said); crash != "" {
		return source.Errorf(source.Pos{}, "the helper crashed when it started: %s", crash).
			WithHint("look at the limits (ulimit -a) and the variables that begin with GO on the host")
	}
	e := source.Errorf(source.Pos{}, "the host's shell did not start the helper: exit code %d: %s", code, lastLine(said))
	return e.WithHint("the login shell must run commands: check with ssh HOST true")
}

// crashLine returns the line with which Go's runtime ends a program, or nothing.
func crashLine(s string) string {
	for line := range strings.Lines(s) {
		if strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "panic: ") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

// Started makes a session of a process that is the helper itself.
func Started(ctx context.Context, p Process, o Options) (*session.Session, error) {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	l := &launching{timeout: o.Timeout, transport: newTransport(p, "")}
	g, err := l.greeting(ctx)
	switch reason, _ := l.transport.howEnded(); {
	case err != nil && ctx.Err() == nil && reason != "":
		err = errors.New(reason)
	case err == nil && g.Word != wire.GreetingHello:
		err = fmt.Errorf("the helper said %q instead of hello", g.Word)
	}
	if err != nil {
		l.transport.Close()
		return nil, err
	}
	return session.New(ctx, l.transport, o.Session)
}
