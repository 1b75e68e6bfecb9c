package docker

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"fleet/internal/tasks/sys"
)

// TestLimitedHasALimit: also for io.Copy, which looks for a ReadFrom.
func TestLimitedHasALimit(t *testing.T) {
	var b bytes.Buffer
	n, err := io.Copy(limited{&b}, strings.NewReader(strings.Repeat("x", sys.MaxOutput+1000)))
	if err != nil || n != int64(sys.MaxOutput+1000) || b.Len() != sys.MaxOutput {
		t.Errorf("%d of %d bytes, %v", b.Len(), n, err)
	}
}
