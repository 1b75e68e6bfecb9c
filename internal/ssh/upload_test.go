package ssh

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fleet/internal/fleettest"
	"fleet/internal/launch"
)

const noGzip = "#!/bin/sh\necho 'sh: gzip: not found' >&2\nexit 127\n"

// TestHelperWithoutGzip: where the host cannot unpack the helper, it goes by SFTP.
func TestHelperWithoutGzip(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{SFTP: true})
	if err := server.Fake("gzip", noGzip); err != nil {
		t.Fatal(err)
	}
	c := dial(t, dialer(t), options(server))
	ping(t, start(t, c, launch.Become{}))
	before := server.Execs()
	ping(t, start(t, c, launch.Become{}))
	if again := server.Execs() - before; again != 1 {
		t.Errorf("the second start took %d commands: it did not find the helper", again)
	}
}

func TestNeitherGzipNorSFTP(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{})
	if err := server.Fake("gzip", noGzip); err != nil {
		t.Fatal(err)
	}
	c := dial(t, dialer(t), options(server))
	_, err := c.Helper(t.Context(), launch.Become{}, true)
	if err == nil || !strings.Contains(err.Error(), "gzip: not found") {
		t.Errorf("got %v", err)
	}
}

// TestDamagedHelperIsReplaced: one that a crash of the machine has cut short is
// pushed again.
func TestDamagedHelperIsReplaced(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{})
	c := dial(t, dialer(t), options(server))
	ping(t, start(t, c, launch.Become{}))
	cached, err := filepath.Glob(filepath.Join(server.Home, ".cache", "fleet", "fleet-target-*"))
	if err != nil || len(cached) != 1 {
		t.Fatal(cached, err)
	}
	if err := os.Truncate(cached[0], 1000); err != nil && !errors.Is(err, syscall.ETXTBSY) {
		t.Fatal(err)
	} else if err != nil { // the running helper keeps it: put a short one in its place
		if err := errors.Join(os.Remove(cached[0]), os.WriteFile(cached[0], []byte("\x7fELF"), 0o700)); err != nil {
			t.Fatal(err)
		}
	}
	ping(t, start(t, c, launch.Become{}))
}
