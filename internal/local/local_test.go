package local

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"fleet/internal/fleettest"
	"fleet/internal/helper"
	"fleet/internal/launch"
	"fleet/internal/wire"
)

// The tests start themselves as the helper.
func TestMain(m *testing.M) {
	fleettest.ServeHelper()
	os.Exit(m.Run())
}

func TestHelper(t *testing.T) {
	before := runtime.NumGoroutine()
	s, err := (&Host{}).Helper(t.Context(), launch.Become{})
	if err != nil {
		t.Fatal(err)
	}
	if h := s.Hello(); h.OS != runtime.GOOS || h.Arch != runtime.GOARCH || h.UID != os.Getuid() || h.PID == os.Getpid() {
		t.Errorf("hello: %+v", h)
	}
	r, err := s.Call(t.Context(), wire.Call{Module: "ping", Args: json.RawMessage(`{}`)}, wire.Answers{})
	if err != nil || !strings.Contains(string(r.Data), `"ping":"pong"`) {
		t.Errorf("%s, %v", r.Data, err)
	}
	pid := s.Hello().PID
	s.Close()
	if err := syscall.Kill(pid, 0); err == nil {
		t.Error("the helper still runs")
	}
	fleettest.WaitForGoroutines(t, before)
}

func TestKilledHelper(t *testing.T) {
	s, err := (&Host{}).Helper(t.Context(), launch.Become{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	began := make(chan struct{}, 1)
	go func() {
		<-began
		if err := syscall.Kill(s.Hello().PID, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}()
	_, err = s.Call(t.Context(), wire.Call{Module: "command", Args: json.RawMessage(`{"argv":["sh","-c","echo begun; exec sleep 3"]}`), Stream: true},
		wire.Answers{Output: func(wire.Stream, []byte) { began <- struct{}{} }})
	if err == nil || err.Error() != "connection lost: the helper ended with exit code 137" {
		t.Errorf("got %v", err)
	}
}

func TestBecome(t *testing.T) {
	dir := t.TempDir()
	sudo := filepath.Join(dir, "sudo")
	script := "#!/bin/sh\nwhile [ \"$1\" != -- ]; do shift; done\nshift\nHOME=" + dir + "/root exec \"$@\"\n"
	if err := os.WriteFile(sudo, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "root"), 0o700); err != nil {
		t.Fatal(err)
	}
	h := &Host{Helpers: &helper.Store{OnlyOwn: true}}
	s, err := h.Helper(t.Context(), launch.Become{User: "root", Program: sudo})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if cached, err := filepath.Glob(dir + "/root/.cache/fleet/fleet-target-*"); err != nil || len(cached) != 1 {
		t.Errorf("%q, %v", cached, err)
	}
}

func TestNoHelper(t *testing.T) {
	for program, want := range map[string]string{
		"/nowhere/fleet": "no such file or directory",
		"/bin/false":     "the helper ended with exit code 1",
	} {
		if _, err := (&Host{Program: program}).Helper(t.Context(), launch.Become{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", program, err)
		}
	}
}

func TestExec(t *testing.T) {
	var out, errs bytes.Buffer
	code, err := (&Host{}).Exec(t.Context(), launch.Become{}, "cat; echo no >&2; exit 3",
		launch.Streams{Stdin: strings.NewReader("in"), Stdout: &out, Stderr: &errs})
	if code != 3 || err != nil || out.String() != "in" || errs.String() != "no\n" {
		t.Errorf("%d %v %q %q", code, err, out.String(), errs.String())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	since := time.Now()
	if _, err := (&Host{}).Exec(ctx, launch.Become{}, "sleep 600", launch.Streams{}); err == nil || time.Since(since) > 3*time.Second {
		t.Errorf("%v after %s", err, time.Since(since))
	}
}
