package target

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"

	"fleet/internal/wire"
)

// inline returns a file's bytes, where they came with the call.
func (c *call) inline(f wire.File) ([]byte, bool) {
	for _, in := range c.wc.Inline {
		if in.File >= 0 && in.File < len(c.wc.Files) && c.wc.Files[in.File].Name == f.Name {
			return in.Data, true
		}
	}
	return nil, false
}

// notInline returns those of the files that have to be asked for.
func (c *call) notInline(files []wire.File) []wire.File {
	if len(c.wc.Inline) == 0 {
		return files
	}
	return slices.DeleteFunc(slices.Clone(files), func(f wire.File) bool {
		_, ok := c.inline(f)
		return ok
	})
}

// openInline opens the bytes, if they are what was promised.
func openInline(f wire.File, data []byte) (io.ReadCloser, error) {
	digest := fmt.Sprintf("%x", sha256.Sum256(data))
	if int64(len(data)) != f.Size || f.SHA256 != "" && digest != f.SHA256 {
		return nil, fmt.Errorf("file %q changed on the controller while the task ran: %d bytes with the SHA-256 %s came", f.Name, len(data), digest)
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}
