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
	s, err := c.Helper(t.Context(), b, true)
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

// A jump host whose way leads through itself is an error, and not a wait for ever:
// straight, and round a corner.
func TestEndlessJump(t *testing.T) {
	d := dialer(t)
	config := filepath.Join(d.Home, "config")
	d.ConfigFiles = []string{config}
	for _, text := range []string{"Host *\n ProxyJump gate\n", "Host web\n ProxyJump gate\nHost gate\n ProxyJump inner\nHost inner\n ProxyJump gate\n"} {
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := d.Dial(t.Context(), Options{Host: "web", User: "u"})
		if err == nil || !strings.Contains(err.Error(), "one that leads back to itself") || !strings.Contains(source.HintOf(err), "ProxyJump none") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

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
	fleettest.WaitForGoroutines(t, before)
}

// A login on a jump host that was lost is made anew, and leaves nothing open on the
// one before it.
func TestJumpIsLost(t *testing.T) {
	outer, middle, inner := fleettest.New(t, fleettest.Config{}), fleettest.New(t, fleettest.Config{}), fleettest.New(t, fleettest.Config{})
	d := dialer(t)
	config := filepath.Join(d.Home, "config")
	text := ""
	for name, s := range map[string]*fleettest.Server{"outer": outer, "middle": middle} {
		text += "Host " + name + "\n HostName 127.0.0.1\n Port " + port(s) + "\n User tester\n IdentityFile " + s.KeyFile + "\n"
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d.ConfigFiles = []string{config}
	o := options(inner)
	o.ProxyJump = "outer,middle"
	before := runtime.NumGoroutine()
	a, err := d.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	middle.Drop()
	<-a.done
	b, err := d.Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if outer.Connections() != 1 || middle.Connections() != 2 {
		t.Errorf("%d connections to the first jump host, %d to the second", outer.Connections(), middle.Connections())
	}
	a.Close()
	if code, err := b.Exec(t.Context(), Command{Line: "true"}); code != 0 || err != nil {
		t.Errorf("after the first one left: %d, %v", code, err)
	}
	b.Close()
	fleettest.WaitForGoroutines(t, before)
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

// A ProxyCommand that fails is named, with its exit code and its last words, and
// not waited for as a flooded host would be.
func TestProxyCommandFails(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{})
	for command, want := range map[string]string{
		`false`: `the ProxyCommand "false" ended with exit code 1`,
		`/bin/sh -c 'echo connecting >&2; echo "no way: hush123 (%h)" >&2; exit 7' --token hush123`: `the ProxyCommand "sh" ended with exit code 7: no way: ******** (127.0.0.1)`,
		`sh -c 'echo "x: http://me:hush123@proxy: 403" >&2; exit 1' http://me:hush123@proxy`:        `the ProxyCommand "sh" ended with exit code 1: x: http://me:********@proxy: 403`,
		`no-such-program --password=hush123 %h %p`:                                                  `the ProxyCommand "no-such-program" ended with exit code 127: `,
		`sh -c 'kill -9 $$'`: `the ProxyCommand "sh" was ended by the signal killed`,
		`sh -c 'printf "\033[31mred\033[0m\n" >&2; exit 1'`: `exit code 1: [31mred[0m`,
	} {
		t.Run(command, func(t *testing.T) {
			o := options(server)
			o.ProxyCommand = command
			o.ConnectTimeout = 10 * time.Second
			_, err := dialer(t).Dial(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush123") {
				t.Errorf("got %v, want %s", err, want)
			}
			if !strings.Contains(source.HintOf(err), "ProxyCommand in ssh_config") {
				t.Errorf("the hint is %q", source.HintOf(err))
			}
		})
	}
}

// A command that ends well because the host closes the connection has not failed.
func TestProxyCommandEndsWell(t *testing.T) {
	server := fleettest.New(t, fleettest.Config{})
	o := options(server)
	o.ProxyCommand, o.ConnectTimeout = "true", 100*time.Millisecond
	if _, err := dialer(t).Dial(t.Context(), o); err == nil || !strings.Contains(err.Error(), "the host closed the connection before the login") {
		t.Errorf("got %v", err)
	}
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
		s, err := c.Helper(t.Context(), launch.Become{}, true)
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
	fleettest.WaitForGoroutines(t, before)
}
