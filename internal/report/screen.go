package report

import (
	"bytes"
	"io"
	"sync"
)

// Screen shares a terminal between text that stays and one status line below
// it. The line is wiped before anything is written through Around. Its methods
// may be called by many goroutines.
type Screen struct {
	mu     sync.Mutex
	term   io.Writer
	line   string // what stands on the status line
	inLine bool   // the last text did not end its line: a prompt, perhaps
}

// NewScreen returns a screen on a terminal that knows carriage return and "erase
// in line" (ECMA-48).
func NewScreen(term io.Writer) *Screen { return &Screen{term: term} }

// Around returns a writer to w that wipes the status line first.
func (s *Screen) Around(w io.Writer) io.Writer { return &around{s, w} }

type around struct {
	screen *Screen
	w      io.Writer
}

func (a *around) Write(p []byte) (int, error) {
	s := a.screen
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draw("")
	if len(p) > 0 {
		s.inLine = !bytes.HasSuffix(p, []byte("\n"))
	}
	return a.w.Write(p)
}

// Status shows text on the status line, or wipes it where text is empty. The
// text must fit the line.
func (s *Screen) Status(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.inLine {
		s.draw(text)
	}
}

// Interject writes a line that comes in between, below what is not ended. Without
// text it only ends that.
func (s *Screen) Interject(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	start := "\r\x1b[K" // with what the terminal showed of the key
	if s.inLine {
		start = "\n"
	}
	if text != "" {
		text += "\n"
	}
	s.line, s.inLine = "", false
	_, _ = io.WriteString(s.term, start+text) // as in draw
}

// Still wipes the status line, and lets nothing be written until release is called.
func (s *Screen) Still() (release func()) {
	s.mu.Lock()
	s.draw("")
	return s.mu.Unlock
}

func (s *Screen) draw(text string) {
	if text == s.line {
		return
	}
	s.line = text
	// Nothing can be done, and nothing is lost, where the terminal is gone.
	_, _ = io.WriteString(s.term, "\r\x1b[K"+text)
}
