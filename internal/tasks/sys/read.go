package sys

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Open opens a file of the machine for reading. It refuses what would never come to an
// end: a fifo, which waits for somebody who writes, and a device that is not empty as
// /dev/null is.
func (m *Machine) Open(path string) (*os.File, error) {
	f, err := os.OpenFile(m.Path(path), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	kind := info.Mode().Type()
	endless := kind&fs.ModeNamedPipe != 0
	if kind&fs.ModeDevice != 0 {
		n, err := f.Read(make([]byte, 1))
		endless = n > 0 || err != io.EOF
	}
	if endless {
		f.Close()
		return nil, &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("it is no regular file (%s)", kind)}
	}
	return f, nil
}

// ReadFile returns the bytes of a file of the machine that Open opens.
func (m *Machine) ReadFile(path string) ([]byte, error) {
	f, err := m.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// ReadText returns the text of a file of the machine, and whether it is there. A
// missing file is not an error.
func (m *Machine) ReadText(path string) (text string, there bool, err error) {
	data, err := m.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", false, nil
	case err != nil:
		return "", false, cause("read", path, err)
	}
	return string(data), true, nil
}
