package sys

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What never comes to an end is not read.
func TestOpenRefusesTheEndless(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{fifo: "no regular file (p", "/dev/zero": "no regular file (D", "/dev/null": "", "/proc/self/stat": "", "/proc/version": ""} {
		came := make(chan error, 1)
		go func() {
			_, err := (&Machine{}).ReadFile(path)
			came <- err
		}()
		select {
		case err := <-came:
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", path, err)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s: still reading", path)
		}
	}
}
