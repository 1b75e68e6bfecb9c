package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/term"

	"fleet/internal/report"
)

// signals is what fleet does where a signal comes. The first one to end cancels what
// runs, and the recap is printed; the second one, or Ctrl-\, ends fleet at once. A
// signal that fleet was started to ignore (nohup, a shell's background job) stays
// ignored. Whatever comes, the terminal is left as it was found.
type signals struct {
	screen atomic.Pointer[report.Screen] // nil: no status line

	mu    sync.Mutex
	asked *asking // what the operator is asked; or nil
}

// asking is a question to which a signal may come.
type asking struct {
	modes  *modes
	breaks chan struct{} // is closed by Ctrl-C; nil: Ctrl-C ends the run
	broken bool
	// stopped says that the terminal was lent: behind what a shell has shown, the
	// question stands again.
	stopped bool
	again   func(ask bool) // sets the modes again, and asks
}

// start returns a context that ends with the first signal to end.
func (s *signals) start() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	came := make(chan os.Signal, 8)
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGTSTP, syscall.SIGCONT} {
		if !signal.Ignored(sig) {
			signal.Notify(came, sig)
		}
	}
	done := make(chan struct{})
	go func() {
		for {
			select {
			case sig := <-came:
				s.handle(ctx, sig, cancel)
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(came)
		close(done)
		cancel()
	}
}

func (s *signals) handle(ctx context.Context, sig os.Signal, cancel func()) {
	switch sig {
	case syscall.SIGTSTP:
		s.suspend()
		return
	case syscall.SIGCONT:
		s.resume()
		return
	case syscall.SIGQUIT:
		s.leave()
	case os.Interrupt:
		if s.interrupts() {
			return
		}
	case syscall.SIGHUP:
		if ctx.Err() != nil {
			return // a terminal that is closed may send several
		}
	}
	if ctx.Err() != nil {
		s.leave()
	}
	s.say("fleet: interrupted; what runs is cancelled (once more: leave at once)")
	cancel()
}

// asking tells that a question is asked, until ended is called.
func (s *signals) asking(a *asking) (ended func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = a
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked = nil
	}
}

// broken returns what is closed when Ctrl-C ends the question, and not the run.
func (s *signals) broken() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked == nil {
		return nil
	}
	return s.asked.breaks
}

// interrupts gives Ctrl-C to the question that is asked, where it is for that.
func (s *signals) interrupts() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.asked
	if a == nil || a.breaks == nil || a.broken {
		return false
	}
	a.broken = true
	close(a.breaks)
	return true
}

// resume asks once more what was asked when fleet was stopped.
func (s *signals) resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.asked; a != nil {
		a.again(a.stopped)
		a.stopped = false
	}
}

// leave ends fleet at once. Connections end with it, and so does what runs on hosts.
func (s *signals) leave() {
	s.mu.Lock() // for good: no other question is to change the modes
	if s.asked != nil {
		s.asked.modes.restore()
	}
	s.say("")
	os.Exit(int(exitInterrupted))
}

// say prints a line that belongs to no report, or only begins a new one. It does not wait for a terminal that
// is stuck.
func (s *signals) say(text string) {
	said := make(chan struct{})
	go func() {
		defer close(said)
		screen := s.screen.Load()
		switch {
		case screen != nil:
			screen.Interject(text)
		case text != "":
			fmt.Fprintln(os.Stderr, "\n"+text)
		case term.IsTerminal(int(os.Stderr.Fd())):
			fmt.Fprintln(os.Stderr) // behind what the terminal shows of the key
		}
	}()
	select {
	case <-said:
	case <-time.After(100 * time.Millisecond):
	}
}
