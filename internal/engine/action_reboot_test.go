package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fleet/internal/catalog"
	"fleet/internal/engine"
	"fleet/internal/inventory"
	"fleet/internal/playbook"
	"fleet/internal/redact"
	"fleet/internal/report"
	"fleet/internal/vars"
	"fleet/internal/wire"
)

// restarting is a host that restarts: its connection is lost, it refuses some
// logins, and comes back with another boot id.
type restarting struct {
	inProcess
	stays   bool // says yes to the command, and goes on as before
	denies  bool // lets nobody restart it
	answers bool // the command that restarts it answers before the connection is lost
	code    int  // the exit code of that answer
	refuses int  // how many logins it refuses after the restart
	lost    bool // it never comes back
	failing int  // how often the test command fails

	mu    sync.Mutex
	boot  int
	lines []string // what it was told to run, boot ids left out
}

// session is one connection to it, which lasts until the restart.
type session struct {
	*restarting
	boot int
}

func (r *restarting) Dial(context.Context, engine.Endpoint) (engine.Conn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.boot > 0 && (r.lost || r.refuses > 0) {
		r.refuses--
		return nil, errors.New("connection refused")
	}
	return &session{r, r.boot}, nil
}

func (s *session) Call(_ context.Context, call wire.Call, _ wire.Answers) (wire.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.boot != s.restarting.boot {
		return wire.Result{}, io.ErrUnexpectedEOF
	}
	var args struct{ Cmd string }
	if err := json.Unmarshal(call.Args, &args); err != nil || call.Module != "shell" {
		return wire.Result{}, fmt.Errorf("module %s: %v", call.Module, err)
	}
	if strings.HasSuffix(args.Cmd, "boot_id") {
		return answer(0, fmt.Sprint("boot-", s.boot))
	}
	s.lines = append(s.lines, args.Cmd)
	switch {
	case args.Cmd == "whoami" && s.failing > 0:
		s.failing--
		return answer(1, "not yet")
	case args.Cmd == "whoami", args.Cmd == "uptime":
		return answer(0, "root")
	case s.denies:
		return answer(1, "access denied")
	case s.stays:
		return answer(0, "")
	}
	s.restarting.boot++
	if s.answers {
		return answer(s.code, "")
	}
	return wire.Result{}, io.ErrUnexpectedEOF
}

func answer(code int, text string) (wire.Result, error) {
	data, err := json.Marshal(map[string]any{"rc": code, "stdout": text, "failed": code != 0, "changed": true})
	return wire.Result{Data: data}, err
}

// reboots runs the task on the host and returns the report.
func (r *restarting) reboots(t *testing.T, task string, o engine.Options) string {
	t.Helper()
	inv, err := inventory.Load("web1,")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "play.yml")
	text := "- hosts: web1\n  gather_facts: false\n  tasks:\n    - " + task + "\n      register: r\n" +
		"      ignore_errors: true\n    - debug: {msg: \"{{ r.rebooted | default('-') }} {{ r.changed }} {{ r.msg | default('') }}\"}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	loader := &playbook.Loader{Modules: catalog.Modules{}}
	pb, err := loader.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	secrets := &redact.Set{}
	var out bytes.Buffer
	shown := report.NewText(&out, &out, report.Options{})
	e := &engine.Engine{Inventory: inv, Vars: vars.NewStore(inv, nil, secrets), Loader: loader, Modules: catalog.Modules{},
		Dialer: r, Events: shown, Secrets: secrets, Options: o}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err := e.Run(ctx, pb, []string{file}); err != nil {
		t.Fatal(err)
	}
	if err := shown.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestReboot(t *testing.T) {
	shutdown := "PATH=$PATH:'/usr/local/sbin':'/usr/sbin':'/sbin'\n" +
		"if command -v shutdown >/dev/null; then exec shutdown -r now 'Reboot initiated by fleet'; fi\n" +
		"if command -v systemctl >/dev/null; then exec systemctl reboot --no-block; fi\nexec reboot"
	for name, c := range map[string]struct {
		host *restarting
		task string
		o    engine.Options
		want string // in the report
		runs []string
	}{
		"lost while it answers": {&restarting{}, "reboot:", engine.Options{}, "ok: [web1]: True True\n", []string{shutdown, "whoami"}},
		"it answers, and is away for a while": {&restarting{answers: true, refuses: 2}, "reboot:", engine.Options{},
			"ok: [web1]: True True\n", []string{shutdown, "whoami"}},
		"the restart ends the command": {&restarting{answers: true, code: 128 + 15}, "reboot: {reboot_command: systemctl reboot}",
			engine.Options{}, "ok: [web1]: True True\n", []string{"systemctl reboot", "whoami"}},
		"the test fails at first": {&restarting{failing: 1}, "reboot:", engine.Options{},
			"ok: [web1]: True True\n", []string{shutdown, "whoami", "whoami"}},
		"delay": {&restarting{}, "reboot: {pre_reboot_delay: 130}", engine.Options{}, "ok: [web1]: True True\n",
			[]string{strings.Replace(shutdown, "now", "+2", 1), "whoami"}},
		"msg": {&restarting{}, `reboot: {pre_reboot_delay: 59, msg: "it's time"}`, engine.Options{}, "ok: [web1]: True True\n",
			[]string{strings.Replace(shutdown, "'Reboot initiated by fleet'", `'it'\''s time'`, 1), "whoami"}},
		"a command of one's own": {&restarting{}, "reboot: {reboot_command: telinit 6, test_command: uptime, post_reboot_delay: 0.1}",
			engine.Options{}, "ok: [web1]: True True\n", []string{"telinit 6", "uptime"}},
		"check mode": {&restarting{}, "reboot:", engine.Options{Check: true}, "ok: [web1]: True True\n", nil},
		"nobody may": {&restarting{denies: true}, "reboot:", engine.Options{},
			"ok: [web1]: - False the host does not restart: access denied\n", []string{shutdown}},
		"it does not go": {&restarting{stays: true}, "reboot: {reboot_timeout: 0.5}", engine.Options{},
			"ok: [web1]: False True the host did not restart within 0.5 s: it still runs as before\n", []string{shutdown}},
		"it does not come back": {&restarting{lost: true}, "reboot: {reboot_timeout: 0.5}", engine.Options{},
			"ok: [web1]: False True the host did not come back within 0.5 s: connection refused\n", []string{shutdown}},
		"it comes back ill": {&restarting{failing: 99}, "reboot: {reboot_timeout: 0.5}", engine.Options{},
			"ok: [web1]: True True the host has restarted, but test_command fails: not yet\n", []string{shutdown, "whoami"}},
		"on the controller": {&restarting{}, "reboot:", engine.Options{Connection: "local"},
			"ok: [web1]: - False reboot is refused over the connection \"local\": it would restart the controller\n", nil},
		"on the controller, check mode": {&restarting{}, "reboot:", engine.Options{Connection: "local", Check: true},
			"it would restart the controller\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := c.host.reboots(t, c.task, c.o)
			if !strings.Contains(got, c.want) {
				t.Errorf("no %q in\n%s", c.want, got)
			}
			if strings.Join(c.host.lines, "\n") != strings.Join(c.runs, "\n") {
				t.Errorf("it ran %q, want %q", c.host.lines, c.runs)
			}
		})
	}
}
