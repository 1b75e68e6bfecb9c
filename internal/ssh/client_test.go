package ssh

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"fleet/internal/fleettest"
	"fleet/internal/helper"
	"fleet/internal/launch"
	"fleet/internal/session"
	"fleet/internal/source"
	"fleet/internal/wire"
)

// The tests push themselves as the helper, whatever is embedded.
func TestMain(m *testing.M) {
	fleettest.ServeHelper()
	os.Exit(m.Run())
}

var store = &helper.Store{OnlyOwn: true}

// dialer returns a Dialer with a home of its own.
func dialer(t *testing.T) *Dialer {
	return &Dialer{Home: t.TempDir(), ConfigFiles: []string{}, AgentSocket: "none", Helpers: store}
}

func options(s *fleettest.Server) Options {
	return Options{Host: "127.0.0.1", Port: s.Port, User: s.User, KeyFiles: []string{s.KeyFile}, ConnectTimeout: 20 * time.Second}
}

func dial(t *testing.T, d *Dialer, o Options) *Client {
	t.Helper()
	c, err := d.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func start(t *testing.T, c *Client, b launch.Become) *session.Session {
	t.Helper()
	s, err := c.Helper(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func ping(t *testing.T, s *session.Session) {
	t.Helper()
	r, err := s.Call(t.Context(), wire.Call{Module: "ping", Args: json.RawMessage(`{"data":"here"}`)}, wire.Answers{})
	if err != nil || !strings.Contains(string(r.Data), `"ping":"here"`) {
		t.Fatalf("ping: %s, %v", r.Data, err)
	}
}

func TestHelperIsPushedOnce(t *testing.T) {
	for name, config := range map[string]fleettest.Config{
		"sh":    {},
		"noisy": {Noise: "Welcome!\n\x1b[1mfleet\x00\x1e need nothing\n"},
		"fish":  {Shell: "/usr/bin/fish"},
		"csh":   {Shell: "/bin/csh"},
		"bash":  {Shell: "/bin/bash"},
	} {
		t.Run(name, func(t *testing.T) {
			if config.Shell != "" {
				if _, err := os.Stat(config.Shell); err != nil {
					t.Skip("this machine has no " + config.Shell)
				}
			}
			server := fleettest.New(t, config)
			c := dial(t, dialer(t), options(server))
			ping(t, start(t, c, launch.Become{}))
			first := server.Input()
			ping(t, start(t, c, launch.Become{}))
			if again := server.Input() - first; first < 1<<20 || again > 1<<10 {
				t.Errorf("%d bytes went over first, %d then", first, again)
			}
			if server.Execs() != 2 {
				t.Errorf("%d commands for two starts", server.Execs())
			}
			info, err := os.Stat(filepath.Join(server.Home, ".cache", "fleet"))
			if err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("the cache folder: %v, %v", info, err)
			}
		})
	}
}

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
			s, err := c.Helper(t.Context(), test.become)
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
		"other machine": {"uname", "#!/bin/sh\necho Linux riscv64\n",
			`fleet has no helper for this machine: "Linux riscv64"`, "x86_64 or aarch64"},
		"no helper built": {"uname", "#!/bin/sh\necho Linux " + otherMachine() + "\n",
			"this fleet was built without a helper for linux/", `run "make build"`},
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
			_, err := c.Helper(t.Context(), launch.Become{})
			if err == nil || !strings.Contains(err.Error(), test.err) || !strings.Contains(source.HintOf(err), test.hint) {
				t.Errorf("got %v\nhint: %s", err, source.HintOf(err))
			}
		})
	}
}

func otherMachine() string {
	if runtime.GOARCH == "arm64" {
		return "x86_64"
	}
	return "aarch64"
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

func TestHungHostIsLost(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{})
	o := options(server)
	o.KeepAlive, o.KeepAliveMisses = 100*time.Millisecond, 3
	c := dial(t, dialer(t), o)
	s := start(t, c, launch.Become{})
	called := make(chan error, 1)
	go func() {
		_, err := s.Call(context.Background(), wire.Call{Module: "ping"}, wire.Answers{})
		called <- err
	}()
	if err := <-called; err != nil {
		t.Fatal(err)
	}
	server.Hang()
	go func() {
		_, err := s.Call(context.Background(), wire.Call{Module: "ping"}, wire.Answers{})
		called <- err
	}()
	select {
	case err := <-called:
		var lost *session.LostError
		if !errors.As(err, &lost) || !strings.Contains(err.Error(), "nothing heard from the h") {
			t.Errorf("got %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the call still waits")
	}
}

func TestExec(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{SudoPassword: "s3cret"})
	c := dial(t, dialer(t), options(server))
	for name, test := range map[string]struct {
		cmd  Command
		code int
		out  string
		err  string
	}{
		"plain":   {Command{Line: `echo "it's $((1+1))!"; echo no >&2; exit 3`}, 3, "it's 2!\n", "no\n"},
		"input":   {Command{Line: "tr a b", Stdin: strings.NewReader("banana")}, 0, "bbnbnb", ""},
		"become":  {Command{Line: "echo \"it's ${HOME##*/}!\"\necho no >&2; exit 4", Become: launch.Become{User: "web", Password: "s3cret"}}, 4, "it's web!\n", "no\n"},
		"becomes": {Command{Line: "cat", Stdin: strings.NewReader("fed"), Become: launch.Become{User: "web", Password: "s3cret"}}, 0, "fed", ""},
		"signal":  {Command{Line: "kill -9 $$"}, 137, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			test.cmd.Stdout, test.cmd.Stderr = &out, &errs
			code, err := c.Exec(t.Context(), test.cmd)
			if err != nil || code != test.code || out.String() != test.out || errs.String() != test.err {
				t.Errorf("%d %v %q %q", code, err, out.String(), errs.String())
			}
		})
	}
}

func TestExecIsCancelled(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{})
	c := dial(t, dialer(t), options(server))
	ctx, cancel := context.WithCancel(t.Context())
	var out writerFunc = func(p []byte) (int, error) { cancel(); return len(p), nil }
	began := time.Now()
	_, err := c.Exec(ctx, Command{Line: "echo started; sleep 600", Stdout: out})
	if !errors.Is(err, context.Canceled) || time.Since(began) > 3*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestJump(t *testing.T) {
	outer, inner := fleettest.New(t, fleettest.Config{}), fleettest.New(t, fleettest.Config{})
	d := dialer(t)
	config := filepath.Join(d.Home, "config")
	if err := os.WriteFile(config, []byte("Host gate\n HostName 127.0.0.1\n Port "+port(outer)+"\n User tester\n IdentityFile "+outer.KeyFile+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.ConfigFiles = []string{config}
	o := options(inner)
	o.ProxyJump = "gate"
	before := runtime.NumGoroutine()
	a, err := d.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if outer.Connections() != 1 || inner.Connections() != 2 {
		t.Errorf("%d connections to the jump host, %d behind it", outer.Connections(), inner.Connections())
	}
	a.Close()
	if code, err := b.Exec(t.Context(), Command{Line: "true"}); code != 0 || err != nil {
		t.Errorf("after the first one left: %d, %v", code, err)
	}
	b.Close()
	waitForGoroutines(t, before)
}

func TestProxyCommand(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{})
	if _, err := os.Stat("/bin/bash"); err != nil {
		t.Skip("this machine has no bash to connect with")
	}
	o := options(server)
	o.ProxyCommand = `bash -c 'exec 3<>/dev/tcp/%h/%p; cat <&3 & cat >&3; kill $!'`
	ping(t, start(t, dial(t, dialer(t), o), launch.Become{}))
}

func TestFloodedServer(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{DropFirst: 3})
	dial(t, dialer(t), options(server))
	if server.Connections() != 4 {
		t.Errorf("%d connections", server.Connections())
	}
}

func TestGoroutinesEnd(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{})
	d := dialer(t)
	once := func() {
		c, err := d.Dial(t.Context(), options(server))
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.Helper(t.Context(), launch.Become{})
		if err != nil {
			t.Fatal(err)
		}
		ping(t, s)
		s.Close()
		c.Close()
	}
	once()
	before := runtime.NumGoroutine()
	for range 5 {
		once()
	}
	waitForGoroutines(t, before)
}

// waitForGoroutines waits for the server's side, which ends after the client's.
func waitForGoroutines(t *testing.T, want int) {
	t.Helper()
	for end := time.Now().Add(3 * time.Second); runtime.NumGoroutine() > want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, there were %d:\n%s", runtime.NumGoroutine(), want, buf[:runtime.Stack(buf, true)])
		}
	}
}
