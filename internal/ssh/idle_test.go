package ssh

import (
	"runtime"
	"testing"

	"fleet/internal/fleettest"
	"fleet/internal/launch"
	"fleet/internal/session"
)

// What one host costs while nothing is to be done: with thousands of them, every
// buffer counts. Measured were 24 goroutines and 255,000 bytes. More than half of
// that is the host's own end, which runs in this process too, with three buffers
// of 32 KiB.
const (
	idleGoroutines = 28
	idleBytes      = 320 << 10
)

func TestIdleConnection(t *testing.T) {
	const hosts = 16
	server := fleettest.New(t, fleettest.Config{})
	d := dialer(t)
	ping(t, start(t, dial(t, d, options(server)), launch.Become{})) // pushes the helper
	goroutines, bytes := inUse()
	var idle []*session.Session
	for range hosts {
		s := start(t, dial(t, d, options(server)), launch.Become{})
		ping(t, s)
		idle = append(idle, s)
	}
	moreGoroutines, moreBytes := inUse()
	each, size := (moreGoroutines-goroutines)/hosts, (moreBytes-bytes)/hosts
	t.Logf("an idle host, both ends: %d goroutines, %d bytes", each, size)
	if each > idleGoroutines || size > idleBytes {
		t.Errorf("an idle host has %d goroutines and %d bytes, more than %d and %d", each, size, idleGoroutines, idleBytes)
	}
	runtime.KeepAlive(idle)
}

// inUse returns the goroutines and the bytes that they and the heap use.
func inUse() (goroutines, bytes int) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), int(m.HeapAlloc + m.StackInuse)
}
