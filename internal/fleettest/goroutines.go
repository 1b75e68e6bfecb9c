package fleettest

import (
	"runtime"
	"testing"
	"time"
)

// WaitForGoroutines waits until no more than so many goroutines run, and fails the
// test with their stacks where that takes more than 3 seconds: what ends a connection
// does not wait for the last steps of those that served it.
func WaitForGoroutines(t testing.TB, want int) {
	t.Helper()
	for end := time.Now().Add(3 * time.Second); runtime.NumGoroutine() > want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, there were %d:\n%s", runtime.NumGoroutine(), want, buf[:runtime.Stack(buf, true)])
		}
	}
}
