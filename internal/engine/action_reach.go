package engine

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"fleet/internal/jinja"
	"fleet/internal/source"
	"fleet/internal/spec"
)

// maxRaw bounds how much of a raw command's output is kept, in bytes.
const maxRaw = 16 << 20

// Raw runs a command line over the connection itself, with nothing of fleet's on
// the target.
//
// It is for machines on which the helper cannot run. In check mode it is skipped.
//
// Example:
//
//	tasks:
//	  - raw: uptime
var raw = define(spec.Module{Name: "raw", Names: []string{"ansible.builtin.raw"}, FreeForm: "cmd"}, runRaw)

type rawArgs struct {
	// The command line, for the login shell of the user.
	Cmd string `arg:"cmd,required"`
	// The program that reads the command line, in place of the login shell.
	Executable string `arg:"executable"`
}

func runRaw(ctx context.Context, a *attempt, args *rawArgs) (*taskResult, error) {
	if a.check {
		return &taskResult{value: jinja.NewMap("skipped", true, "skip_reason", "raw is not run in check mode")}, nil
	}
	line := args.Cmd
	if args.Executable != "" {
		line = args.Executable + " -c " + quote(line)
	}
	var stdout, stderr bounded
	begin := time.Now()
	code, err := a.raw(ctx, line, &stdout, &stderr)
	if err != nil {
		return nil, err
	}
	res := ok("changed", true, "rc", code, "stdout", stdout.String(), "stderr", stderr.String(), "delta", time.Since(begin).String())
	if code != 0 {
		res.value.Set("failed", true)
		res.value.Set("msg", "non-zero return code")
	}
	return res, nil
}

func quote(s string) string {
	var b bytes.Buffer
	b.WriteByte('\'')
	for _, r := range s {
		if r == '\'' {
			b.WriteString(`'\''`)
		} else {
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// bounded keeps the first maxRaw bytes. It embeds no buffer: io.Copy would use the
// buffer's ReadFrom, which has no bound.
type bounded struct{ kept bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	b.kept.Write(p[:min(len(p), max(0, maxRaw-b.kept.Len()))])
	return len(p), nil
}

func (b *bounded) String() string { return b.kept.String() }

// WaitForConnection waits until the target can be reached and runs modules.
//
// Example:
//
//	tasks:
//	  - wait_for_connection:
//	      timeout: 300
var waitForConnection = define(spec.Module{Name: "wait_for_connection", Names: []string{"ansible.builtin.wait_for_connection"}}, runWaitForConnection)

type waitForConnectionArgs struct {
	// How many seconds to try.
	Timeout float64 `arg:"timeout" default:"600"`
	// How many seconds to wait before the first try.
	Delay float64 `arg:"delay"`
	// How many seconds to wait between two tries.
	Sleep float64 `arg:"sleep" default:"1"`
	// How many seconds one try may take.
	ConnectTimeout float64 `arg:"connect_timeout" default:"5"`
}

func runWaitForConnection(ctx context.Context, a *attempt, args *waitForConnectionArgs) (*taskResult, error) {
	begin := time.Now()
	if a.check {
		return ok("elapsed", 0), nil
	}
	if err := sleep(ctx, lasting(args.Delay)); err != nil {
		return nil, err
	}
	for {
		err := a.tryPing(ctx, lasting(args.ConnectTimeout))
		elapsed := time.Since(begin)
		if err == nil {
			return ok("elapsed", int(elapsed.Seconds())), nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if elapsed >= lasting(args.Timeout) {
			res := failf("timed out waiting for the connection after %d seconds: %s", int(elapsed.Seconds()), err)
			res.err = source.Errorf(source.Pos{}, "%w", err)
			return res, nil
		}
		if err := sleep(ctx, lasting(args.Sleep)); err != nil {
			return nil, err
		}
	}
}

// tryPing connects anew and runs the module ping.
func (a *attempt) tryPing(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit+5*time.Second)
	defer cancel()
	a.engine.drop(a.target)
	res, err := a.module(ctx, "ping", jinja.NewMap(), nil)
	if err == nil && isTrue(res.value, "failed") {
		return fmt.Errorf("%s", res.value.GetString("msg"))
	}
	return err
}
