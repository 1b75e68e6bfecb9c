package ssh

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fleet/internal/fleettest"
	"fleet/internal/launch"
	"fleet/internal/source"
)

func TestBecome(t *testing.T) {
	free := fleettest.New(t, fleettest.Config{})
	locked := fleettest.New(t, fleettest.Config{SudoPassword: "s3cret"})
	without := fleettest.New(t, fleettest.Config{NoSudo: true})
	if err := without.Fake("sudo", "#!/bin/sh\necho 'tester is not in the sudoers file.' >&2\nexit 1\n"); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		server *fleettest.Server
		become launch.Become
		err    string // or empty
		hint   string
	}{
		"free":            {free, launch.Become{User: "root"}, "", ""},
		"free, given":     {free, launch.Become{User: "web", Password: "unused"}, "", ""},
		"password":        {locked, launch.Become{Password: "s3cret", Method: "sudo"}, "", ""},
		"wrong password":  {locked, launch.Become{Password: "other", User: "root"}, "cannot become root: wrong password for sudo", "check the password that -K"},
		"no password":     {locked, launch.Become{User: "root"}, "cannot become root: sudo wants a password (sudo: a password is required)", "give it with -K"},
		"unknown user":    {free, launch.Become{User: "nosuch"}, `cannot become nosuch: there is no user "nosuch" (sudo: unknown user nosuch)`, "check become_user"},
		"not allowed":     {without, launch.Become{User: "root"}, "cannot become root: this user may not use sudo (tester is not in the sudoers file.)", "sudo or wheel"},
		"not installed":   {free, launch.Become{User: "root", Program: "/nowhere/sudo"}, "cannot become root: sudo is not installed", "install it"},
		"unknown method":  {free, launch.Become{Method: "sudoo"}, `unknown become method "sudoo"`, `did you mean "sudo"?`},
		"quotes in names": {free, launch.Become{User: "a'b"}, `"a'b" has a character that cannot stand in a command line`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, dialer(t), options(test.server))
			s, err := c.Helper(t.Context(), test.become, true)
			if test.err == "" {
				if err != nil {
					t.Fatal(err)
				}
				ping(t, s)
				s.Close()
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.err) || !strings.Contains(source.HintOf(err), test.hint) {
				t.Errorf("got %v\nhint: %s", err, source.HintOf(err))
			}
			if strings.HasPrefix(test.err, "cannot") && !errors.Is(err, launch.ErrBecome) {
				t.Error("the error is no ErrBecome")
			}
		})
	}
}

func TestBecomeCopiesTheHelper(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{})
	c := dial(t, dialer(t), options(server))
	ping(t, start(t, c, launch.Become{}))
	pushed := server.Input()
	ping(t, start(t, c, launch.Become{User: "root"}))
	if again := server.Input() - pushed; again > 1<<10 {
		t.Errorf("%d bytes were pushed again", again)
	}
	// What lies in the user's cache must not run as another user unchecked.
	cached, err := filepath.Glob(filepath.Join(server.Home, ".cache/fleet/fleet-target-*"))
	if err != nil || len(cached) != 1 {
		t.Fatal(cached, err)
	}
	if err := os.Remove(cached[0]); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cached[0], []byte("#!/bin/sh\necho swapped\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ping(t, start(t, c, launch.Become{User: "web"}))
	if again := server.Input() - pushed; again < 1<<20 {
		t.Errorf("the swapped helper was taken: only %d bytes were pushed", again)
	}
}

func TestHelperCannotBePut(t *testing.T) {
	for name, test := range map[string]struct{ program, script, err, hint string }{
		"no space": {"gzip", "#!/bin/sh\necho 'gzip: stdout: No space left on device' >&2\nexit 1\n",
			"gzip: stdout: No space left on device", "make room on the host"},
		"read-only": {"mkdir", "#!/bin/sh\necho \"mkdir: cannot create directory '$2': Read-only file system\" >&2\nexit 1\n",
			"Read-only file system", "must be writable"},
		"noexec": {"chmod", "#!/bin/sh\nexit 0\n", "cannot run programs", "noexec"},
	} {
		t.Run(name, func(t *testing.T) {
			server := fleettest.New(t, fleettest.Config{})
			// A user of the test's own, so that nothing stays in the shared folders.
			uid := "fleettest-" + strings.ReplaceAll(name, " ", "-")
			if err := errors.Join(server.Fake(test.program, test.script), server.Fake("id", "#!/bin/sh\necho "+uid+"\n")); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll("/var/tmp/fleet-" + uid); os.RemoveAll("/dev/shm/fleet-" + uid) })
			c := dial(t, dialer(t), options(server))
			_, err := c.Helper(t.Context(), launch.Become{}, true)
			if err == nil || !strings.Contains(err.Error(), test.err) || !strings.Contains(source.HintOf(err), test.hint) {
				t.Errorf("got %v\nhint: %s", err, source.HintOf(err))
			}
		})
	}
}

// Whether perl or a shell takes the pieces, each is taken once: where perl is not there, or
// is broken, head does it.
func TestWhoTakesThePieces(t *testing.T) {
	for name, test := range map[string]struct{ perl, head string }{
		"perl":                                 {"", "#!/bin/sh\nexit 1\n"},
		"no perl":                              {"#!/bin/sh\nexit 127\n", ""},
		"a broken perl":                        {"#!/bin/sh\necho >&2 perl: symbol lookup error\nexit 127\n", ""},
		"a perl that can not find its modules": {"#!/bin/sh\nexit 2\n", ""},
		"an empty perl":                        {"#!/bin/sh\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := fleettest.New(t, fleettest.Config{})
			for program, script := range map[string]string{"perl": test.perl, "head": test.head} {
				if script == "" {
					if _, err := exec.LookPath(program); err != nil {
						t.Skip("this machine has no " + program)
					}
				} else if err := server.Fake(program, script); err != nil {
					t.Fatal(err)
				}
			}
			ping(t, start(t, dial(t, dialer(t), options(server)), launch.Become{}))
		})
	}
}

// Nobody can go on behind a perl that was ended in the middle: that is said at once, and
// nothing of the helper stays. Nor does it where fleet itself leaves.
func TestHelperCutShort(t *testing.T) {
	left := func(server *fleettest.Server) []string {
		files, err := filepath.Glob(filepath.Join(server.Home, ".cache/fleet/.fleet-target-*"))
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	t.Run("perl", func(t *testing.T) {
		server := fleettest.New(t, fleettest.Config{})
		if err := server.Fake("perl", "#!/bin/sh\nhead -c 100000\nkill -9 $$\n"); err != nil {
			t.Fatal(err)
		}
		_, err := dial(t, dialer(t), options(server)).Helper(t.Context(), launch.Become{}, true)
		if err == nil || !strings.Contains(err.Error(), "was ended in the middle") || !strings.Contains(source.HintOf(err), "run again") {
			t.Errorf("got %v\nhint: %s", err, source.HintOf(err))
		}
		await(t, "the end of what came", func() bool { return len(left(server)) == 0 })
	})
	t.Run("fleet", func(t *testing.T) {
		server := fleettest.New(t, fleettest.Config{})
		if err := server.Fake("perl", "#!/bin/sh\nhead -c 100000\nexec sleep 60\n"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		c := dial(t, dialer(t), options(server))
		ended := make(chan error, 1)
		go func() {
			_, err := c.Helper(ctx, launch.Become{}, true)
			ended <- err
		}()
		await(t, "a part of the helper", func() bool { return len(left(server)) == 1 })
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		await(t, "the end of what came", func() bool { return len(left(server)) == 0 })
	})
}

// await waits until something is so, for ten seconds at most.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within ten seconds", what)
		}
	}
}

func TestSecondFolder(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{})
	if err := errors.Join(os.WriteFile(filepath.Join(server.Home, ".cache"), nil, 0o600),
		server.Fake("id", "#!/bin/sh\necho fleettest-second\n")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll("/var/tmp/fleet-fleettest-second") })
	ping(t, start(t, dial(t, dialer(t), options(server)), launch.Become{}))
	if _, err := os.Stat("/var/tmp/fleet-fleettest-second"); err != nil {
		t.Error(err)
	}
}

// A helper that lies in the home folder is started by the shell alone: every
// program beside it would cost the host as much as a task.
func TestCachedHelperNeedsNoOtherProgram(t *testing.T) {
	if _, err := os.Stat("/proc/sys/kernel/arch"); err != nil {
		t.Skip("this kernel tells its architecture to uname only")
	}
	server := fleettest.New(t, fleettest.Config{})
	c := dial(t, dialer(t), options(server))
	ping(t, start(t, c, launch.Become{}))
	for _, program := range []string{"uname", "id", "wc", "ls", "stat", "cat", "mkdir", "chmod", "find"} {
		if err := server.Fake(program, "#!/bin/sh\necho "+program+" >>\"$HOME/ran\"\n"); err != nil {
			t.Fatal(err)
		}
	}
	ping(t, start(t, c, launch.Become{}))
	if ran, err := os.ReadFile(filepath.Join(server.Home, "ran")); err == nil {
		t.Errorf("the start ran %s", strings.Fields(string(ran)))
	}
}
