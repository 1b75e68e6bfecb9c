package session

import (
	"fmt"
	"io"

	"fleet/internal/wire"
)

// sequence reads files one behind the other, of each as many bytes as were
// promised. Only one is open at a time.
type sequence struct {
	open  func(wire.File) (io.ReadCloser, error)
	files []wire.File // the first is the one that is open, where one is
	now   io.ReadCloser
	left  int64 // of now
}

// Read fills p from as many files as it takes, so that small ones share a piece.
func (s *sequence) Read(p []byte) (n int, err error) {
	for n < len(p) && len(s.files) > 0 {
		if err := s.ready(); err != nil {
			return n, err
		}
		got := 0
		if s.left > 0 {
			got, err = s.now.Read(p[n:min(int64(len(p)), int64(n)+s.left)])
			n += got
			s.left -= int64(got)
		}
		switch {
		case s.left == 0:
			s.close()
			s.files = s.files[1:]
		case err == io.EOF:
			f := s.files[0]
			return n, fmt.Errorf("file %q changed on the controller while the task ran: it has %d bytes, not %d", f.Name, f.Size-s.left, f.Size)
		case err != nil:
			return n, fmt.Errorf("file %q: %w", s.files[0].Name, err)
		}
	}
	if n == 0 && len(s.files) == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// ready opens the first file, if it has bytes and is not open.
func (s *sequence) ready() error {
	f := s.files[0]
	if s.now != nil || f.Size == 0 {
		return nil
	}
	r, err := s.open(f)
	if err != nil {
		return fmt.Errorf("file %q: %w", f.Name, err)
	}
	s.now, s.left = r, f.Size
	return nil
}

func (s *sequence) close() {
	if s.now != nil {
		s.now.Close()
		s.now = nil
	}
}
