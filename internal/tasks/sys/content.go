package sys

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"unicode/utf8"

	"fleet/internal/wire"
)

// MaxDiff bounds the files whose text is shown in a diff, in bytes.
const MaxDiff = 100 << 10

// Content is the bytes that a file should have. They are opened only where they
// are needed. The zero value is an empty file.
type Content struct {
	Size   int64
	SHA256 string // lower-case hex
	open   func(ctx context.Context) (io.ReadCloser, error)
	sent   *wire.File // where the controller sends the bytes
}

// Bytes returns data as a Content.
func Bytes(data []byte) Content {
	sum := sha256.Sum256(data)
	return Content{Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:]),
		open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

// NewContent returns bytes of which size and SHA-256 digest are known. open may
// be called more than once.
func NewContent(size int64, sha256 string, open func(ctx context.Context) (io.ReadCloser, error)) Content {
	return Content{Size: size, SHA256: sha256, open: open}
}

// Sent returns the bytes of one of the call's files, which the controller sends
// when they are opened.
func (m *Machine) Sent(f wire.File) Content {
	return Content{Size: f.Size, SHA256: f.SHA256, sent: &f, open: func(ctx context.Context) (io.ReadCloser, error) {
		if m.Controller == nil {
			return nil, fmt.Errorf("no controller is there to send file %q", f.Name)
		}
		return m.Controller.Open(ctx, f)
	}}
}

// Local returns the bytes of a file of the machine.
func (m *Machine) Local(path string) (Content, error) {
	info, err := os.Stat(m.Path(path))
	if err != nil {
		return Content{}, cause("read", path, err)
	}
	sum, err := m.Digest(path, "sha256")
	if err != nil {
		return Content{}, err
	}
	return Content{Size: info.Size(), SHA256: sum, open: func(context.Context) (io.ReadCloser, error) {
		return m.Open(path)
	}}, nil
}

// Open returns the bytes.
func (c Content) Open(ctx context.Context) (io.ReadCloser, error) {
	if c.open == nil {
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	return c.open(ctx)
}

// preview returns the text that a diff shows. The Content returned has the bytes
// at hand where they were read for it.
func (c Content) preview(ctx context.Context) (string, Content, error) {
	if c.Size > MaxDiff {
		return fmt.Sprintf("(%d bytes, too large to be shown; sha256 %s)\n", c.Size, c.SHA256), c, nil
	}
	r, err := c.Open(ctx)
	if err != nil {
		return "", c, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, MaxDiff+1))
	if err != nil {
		return "", c, err
	}
	kept := Bytes(data)
	if isBinary(data) {
		return fmt.Sprintf("(%d bytes, binary; sha256 %s)\n", kept.Size, kept.SHA256), kept, nil
	}
	return string(data), kept, nil
}

// isBinary guesses as diff does: text has no NUL. What is no UTF-8 could not be
// shown either.
func isBinary(data []byte) bool {
	return bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data)
}

// cause names the path as the user knows it in place of the one in err, which
// may be a temporary file's.
func cause(verb, path string, err error) error {
	return fmt.Errorf("%s %q: %w", verb, path, Inner(err))
}

// Inner returns the reason alone of an error that names the file it came from.
func Inner(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	}
	return err
}
