package source

import (
	"io"
	"testing"
)

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestOutputHasABound: also for io.Copy, which looks for a ReadFrom.
func TestOutputHasABound(t *testing.T) {
	var o Output
	if n, err := io.Copy(&o, endless{}); err == nil || n > MaxOutput || !o.Over() || len(o.Bytes()) > MaxOutput {
		t.Errorf("%d bytes, over %v, %v", n, o.Over(), err)
	}
}
