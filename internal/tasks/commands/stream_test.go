package commands

import (
	"strings"
	"sync"
	"testing"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
	"fleet/internal/wire"
)

// listener is a controller that keeps what it hears.
type listener struct {
	systest.Controller
	mu    sync.Mutex
	heard strings.Builder
}

func (l *listener) Output(_ wire.Stream, p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard.Write(p)
}

// What came as it was said is not in the result a second time.
func TestStreamedOutputIsSaidOnce(t *testing.T) {
	for _, stream := range []bool{false, true} {
		l := &listener{}
		data := string(Shell.Run(t.Context(), &sys.Machine{Stream: stream, Controller: l}, []byte(`{"cmd":"echo a-word; exit 3"}`)))
		if said := strings.Contains(data, `"a-word"`); said == stream {
			t.Errorf("stream %v: the result is %s", stream, data)
		}
		if heard := l.heard.String() == "a-word\n"; heard != stream {
			t.Errorf("stream %v: the controller heard %q", stream, l.heard.String())
		}
		if !strings.Contains(data, `"rc":3`) {
			t.Errorf("stream %v: no exit code in %s", stream, data)
		}
	}
}
