package ssh

import (
	"io"
	"testing"
	"testing/synctest"
)

// slow takes nothing until it is let.
type slow chan struct{}

func (s slow) Write(p []byte) (int, error) {
	<-s
	return len(p), nil
}

// A connection is read on as long as nobody takes his time over what came, and then
// only so far.
func TestBrake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b brake
		piece := make([]byte, mostAhead/2)
		let := make(slow)
		b.read(2 * mostAhead)
		b.wait() // nobody is busy
		go func() { _, _ = b.writer(let).Write(piece) }()
		synctest.Wait()
		if !b.held() {
			t.Error("it does not hold")
		}
		passed := false
		go func() { b.wait(); passed = true }()
		synctest.Wait()
		if passed {
			t.Error("the connection was read")
		}
		let <- struct{}{}
		synctest.Wait()
		if !passed || b.held() {
			t.Errorf("passed %v, held %v", passed, b.held())
		}
		for range 4 {
			_, _ = b.writer(io.Discard).Write(piece)
		}
		go func() { _, _ = b.writer(let).Write(piece) }()
		synctest.Wait()
		if b.held() {
			t.Error("it holds though little is ahead")
		}
		b.read(2 * mostAhead)
		go func() { b.wait(); passed = false }()
		synctest.Wait()
		b.release()
		synctest.Wait()
		if passed {
			t.Error("release does not open it")
		}
		let <- struct{}{}
	})
}
