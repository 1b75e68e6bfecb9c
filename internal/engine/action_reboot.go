package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"fleet/internal/jinja"
	"fleet/internal/spec"
)

// Reboot restarts the target, and waits until it has come back and runs
// commands. That it has restarted is seen by its boot id, which is another one
// then.
//
// It needs become where the user is not root. In check mode nothing restarts.
// Over the connection "local" it is refused: it would restart the controller.
//
// Example:
//
//	tasks:
//	  - name: Start the new kernel
//	    reboot:
//	      reboot_timeout: 300
//	    become: true
var reboot = define(spec.Module{Name: "reboot", Names: []string{"ansible.builtin.reboot"}}, runReboot)

type rebootArgs struct {
	// How many seconds the target may take until it is back.
	RebootTimeout float64 `arg:"reboot_timeout" alias:"reboot_timeout_sec" default:"600"`
	// How many seconds the target waits before it restarts. It counts whole
	// minutes: less than 60 is no delay. Where reboot_command is given, that
	// command says when.
	PreRebootDelay float64 `arg:"pre_reboot_delay" alias:"pre_reboot_delay_sec"`
	// How many seconds to wait before the first try to reach the target again.
	PostRebootDelay float64 `arg:"post_reboot_delay" alias:"post_reboot_delay_sec"`
	// How many seconds one try may take to log in and to start fleet's helper.
	ConnectTimeout float64 `arg:"connect_timeout" alias:"connect_timeout_sec" default:"30"`
	// The command line that has to succeed on the target that is back.
	TestCommand string `arg:"test_command" default:"whoami"`
	// What the users who are logged in are told.
	Msg string `arg:"msg" default:"Reboot initiated by fleet"`
	// The command line whose output is another one after a restart.
	BootTimeCommand string `arg:"boot_time_command" default:"cat /proc/sys/kernel/random/boot_id"`
	// The command line that restarts the target, in place of shutdown or, where
	// there is none, of systemctl or reboot.
	RebootCommand string `arg:"reboot_command"`
	// The folders in which shutdown is looked for, behind those of the user's PATH.
	SearchPaths []string `arg:"search_paths" default:"/usr/local/sbin,/usr/sbin,/sbin"`
}

type rebootResult struct {
	// Whether the target has restarted, or would in check mode.
	Rebooted bool `json:"rebooted"`
	// How many seconds it took.
	Elapsed int `json:"elapsed"`
}

func (r rebootResult) value() *taskResult {
	return ok("changed", true, "rebooted", r.Rebooted, "elapsed", r.Elapsed)
}

// rebooting is one restart of a target.
type rebooting struct {
	*attempt
	args  *rebootArgs
	begin time.Time
	boot  string // what told the boots apart, before the restart
}

func runReboot(ctx context.Context, a *attempt, args *rebootArgs) (*taskResult, error) {
	to, err := a.endpoint()
	if err != nil {
		return nil, err
	}
	if to.Connection == "local" {
		return failf(`reboot is refused over the connection "local": it would restart the controller`), nil
	}
	if a.check {
		return rebootResult{Rebooted: true}.value(), nil
	}
	r := &rebooting{attempt: a, args: args, begin: time.Now()}
	if r.boot, err = r.output(ctx, args.BootTimeCommand); err != nil {
		return nil, fmt.Errorf("cannot tell one boot from the next by boot_time_command: %w", err)
	}
	if err := r.start(ctx); err != nil {
		return nil, err
	}
	res := rebootResult{}
	err = r.wait(ctx)
	res.Elapsed = int(time.Since(r.begin).Seconds())
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	res.Rebooted = err == nil || errors.As(err, new(*testError))
	out := res.value()
	if err != nil {
		out.value.Set("failed", true)
		out.value.Set("msg", err.Error())
	}
	return out, nil
}

// start makes the target restart. A connection that is lost before the command
// has answered is what a restart does, and so is a command that is ended by it.
func (r *rebooting) start(ctx context.Context) error {
	limit := r.delay() + lasting(r.args.RebootTimeout)
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_, err := r.output(inner, r.command())
	var gone *unreachableError
	var failed *commandError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case inner.Err() != nil:
		return fmt.Errorf("the command that restarts the host did not end within %g s", limit.Seconds())
	case err == nil, errors.As(err, &gone), errors.As(err, &failed) && slices.Contains(endOfAll, failed.code):
		return nil
	}
	return fmt.Errorf("the host does not restart: %w", err)
}

// endOfAll are the exit codes of commands that SIGHUP, SIGKILL or SIGTERM ended.
var endOfAll = []int{128 + 1, 128 + 9, 128 + 15}

// command returns the command line that restarts the target.
func (r *rebooting) command() string {
	if r.args.RebootCommand != "" {
		return r.args.RebootCommand
	}
	when := "now" // +0 is a plan to restart, which systemd's daemon may not make under some policies of SELinux
	if minutes := int(r.delay() / time.Minute); minutes > 0 {
		when = fmt.Sprintf("+%d", minutes)
	}
	path := "$PATH"
	for _, dir := range r.args.SearchPaths {
		path += ":" + quote(dir)
	}
	return fmt.Sprintf("PATH=%s\n"+
		"if command -v shutdown >/dev/null; then exec shutdown -r %s %s; fi\n"+
		"if command -v systemctl >/dev/null; then exec systemctl reboot --no-block; fi\n"+
		"exec reboot", path, when, quote(r.args.Msg))
}

// delay returns how long the target waits before it restarts.
func (r *rebooting) delay() time.Duration {
	return max(0, lasting(r.args.PreRebootDelay)).Truncate(time.Minute)
}

// testError says that the target has restarted, but that it does not pass the test.
type testError struct{ err error }

func (e *testError) Error() string { return e.err.Error() }

// wait returns when the target has restarted and passes the test.
func (r *rebooting) wait(ctx context.Context) error {
	if err := sleep(ctx, lasting(r.args.PostRebootDelay)); err != nil {
		return err
	}
	limit := lasting(r.args.RebootTimeout)
	inner, cancel := context.WithTimeout(ctx, r.delay()+limit)
	defer cancel()
	var last error
	for {
		boot, err := r.boots(inner)
		switch {
		case inner.Err() != nil:
			return r.late(last, limit)
		case err == nil && boot == r.boot:
			err = errSameBoot
		case err == nil:
			if _, err = r.output(inner, r.args.TestCommand); err == nil {
				return nil
			}
			err = &testError{fmt.Errorf("the host has restarted, but test_command fails: %w", err)}
		}
		if inner.Err() == nil {
			last = err
		}
		// When the time is over, the next try says so.
		_ = sleep(inner, time.Second)
	}
}

var errSameBoot = errors.New("it still runs as before")

// late says that the time is over, and what the last try has met.
func (r *rebooting) late(last error, limit time.Duration) error {
	var test *testError
	switch {
	case errors.As(last, &test):
		return last
	case errors.Is(last, errSameBoot):
		return fmt.Errorf("the host did not restart within %g s: %w", limit.Seconds(), last)
	case last == nil:
		return fmt.Errorf("the host did not come back within %g s", limit.Seconds())
	}
	return fmt.Errorf("the host did not come back within %g s: %w", limit.Seconds(), last)
}

// maxAnswer is how long a target that is back may take to tell its boot. One that
// goes down often does not close its connections, and would be waited for.
const maxAnswer = 10 * time.Second

// boots connects anew and returns what tells this boot from others.
func (r *rebooting) boots(ctx context.Context) (string, error) {
	to, err := r.endpoint()
	if err != nil {
		return "", err
	}
	r.engine.drop(r.target)
	dialing, cancel := context.WithTimeout(ctx, lasting(r.args.ConnectTimeout))
	defer cancel()
	if _, err := r.engine.helper(dialing, to); err != nil {
		return "", err
	}
	answering, cancel := context.WithTimeout(ctx, maxAnswer)
	defer cancel()
	return r.output(answering, r.args.BootTimeCommand)
}

// output runs a command line on the target, and returns what it writes.
func (r *rebooting) output(ctx context.Context, line string) (string, error) {
	res, err := r.module(ctx, "shell", jinja.NewMap("cmd", line), nil)
	if err != nil {
		return "", err
	}
	text := func(key string) string { return strings.TrimSpace(jinja.Str(orEmpty(res.value, key))) }
	if isTrue(res.value, "failed") {
		code, _ := res.value.Get("rc")
		rc, _ := code.(int)
		return "", &commandError{rc, cmp.Or(text("stderr"), text("stdout"), text("msg"), "the command failed")}
	}
	return text("stdout"), nil
}

// commandError is a command line that failed on the target.
type commandError struct {
	code int
	text string
}

func (e *commandError) Error() string { return e.text }
