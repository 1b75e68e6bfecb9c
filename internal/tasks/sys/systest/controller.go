package systest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"fleet/internal/tasks/sys"
	"fleet/internal/wire"
)

// Controller is the other end of a call, with the files that it offers.
type Controller struct {
	Data   map[string][]byte // by the file's name
	Asked  int               // how often it was asked
	Opened []string          // the names that were opened

	Got  bytes.Buffer // what the target sent
	Sent int          // how often it sent
}

// Offer gives m the files of data, and a Controller that sends them.
func Offer(m *sys.Machine, files []wire.File, data map[string][]byte) *Controller {
	c := &Controller{Data: data}
	for i, f := range files {
		sum := sha256.Sum256(data[f.Name])
		files[i].Size, files[i].SHA256 = int64(len(data[f.Name])), hex.EncodeToString(sum[:])
	}
	m.Files, m.Controller = files, c
	return c
}

// Ask counts, and fails for a file that is not there.
func (c *Controller) Ask(_ context.Context, files []wire.File) error {
	c.Asked++
	for _, f := range files {
		if _, ok := c.Data[f.Name]; !ok {
			return fmt.Errorf("no file %q", f.Name)
		}
	}
	return nil
}

// Open returns a file's bytes.
func (c *Controller) Open(_ context.Context, f wire.File) (io.ReadCloser, error) {
	data, ok := c.Data[f.Name]
	if !ok {
		return nil, fmt.Errorf("no file %q", f.Name)
	}
	c.Opened = append(c.Opened, f.Name)
	return io.NopCloser(bytes.NewReader(data)), nil
}

// Send keeps what it gets.
func (c *Controller) Send(_ context.Context, r io.Reader) error {
	c.Sent++
	_, err := c.Got.ReadFrom(r)
	return err
}

// Output drops what it gets.
func (c *Controller) Output(wire.Stream, []byte) {}
