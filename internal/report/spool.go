package report

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// spoolMemory is how many bytes a spool keeps in memory, of all its texts.
const spoolMemory = 16 << 20

// spool keeps texts: in memory as long as they fit there, then in one temporary
// file. The file has no name from its beginning, so that nothing is left of it
// however the program ends. The zero value is ready.
type spool struct {
	limit int // in place of spoolMemory; 0 is spoolMemory
	held  int // bytes in memory
	file  *os.File
	end   int64 // of the file
	err   error // why texts are not whole
}

// spooled is one text: parts of the file, and what follows in memory.
type spooled struct {
	size  int64
	parts []part
	tail  []byte
}

// part is a piece of the file.
type part struct{ at, size int64 }

// add appends to the text.
func (s *spool) add(t *spooled, data string) {
	t.size += int64(len(data))
	t.tail = append(t.tail, data...)
	s.held += len(data)
	limit := s.limit
	if limit == 0 {
		limit = spoolMemory
	}
	if s.held > limit {
		s.write(t)
	}
}

// write moves what is in memory of the text to the file.
func (s *spool) write(t *spooled) {
	if s.err == nil && s.file == nil {
		s.file, s.err = nameless()
	}
	if s.err == nil {
		_, s.err = s.file.WriteAt(t.tail, s.end)
	}
	if s.err != nil {
		s.drop(t)
		return
	}
	if last := len(t.parts) - 1; last >= 0 && t.parts[last].at+t.parts[last].size == s.end {
		t.parts[last].size += int64(len(t.tail))
	} else {
		t.parts = append(t.parts, part{s.end, int64(len(t.tail))})
	}
	s.end += int64(len(t.tail))
	s.held -= len(t.tail)
	t.tail = nil
}

// nameless returns a temporary file that only this program can reach.
func nameless() (*os.File, error) {
	f, err := os.CreateTemp("", "fleet-output-")
	if err != nil {
		return nil, fmt.Errorf("cannot keep the hosts' output: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, fmt.Errorf("cannot keep the hosts' output: %w", err)
	}
	return f, nil
}

// drop lets the text go.
func (s *spool) drop(t *spooled) {
	s.held -= len(t.tail)
	t.parts, t.tail = nil, nil
}

// reader reads the text. Nothing may be added meanwhile.
func (s *spool) reader(t *spooled) io.Reader {
	var all []io.Reader
	for _, p := range t.parts {
		all = append(all, io.NewSectionReader(s.file, p.at, p.size))
	}
	return io.MultiReader(append(all, bytes.NewReader(t.tail))...)
}

// close lets all texts go, and returns why one was not whole.
func (s *spool) close() error {
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
	return s.err
}
