package docker

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"

	"fleet/internal/tasks/docker/client"
	"fleet/internal/tasks/sys"
)

// stopDefault is how many seconds the engine gives a container to end.
const stopDefault = 10

// reachState starts, stops, restarts, freezes or thaws a container that is as
// asked otherwise.
func (t *containerTask) reachState(ctx context.Context) error {
	name, state := t.args.Name, t.have.State
	frozen := state.Paused
	switch {
	case t.args.State == "stopped" && state.Running:
		return t.m.Change(ctx, sys.Change{What: "stop container " + name, Do: t.halt})
	case t.runs() && !state.Running:
		err := t.m.Change(ctx, sys.Change{What: "start container " + name, Do: func(ctx context.Context) error { return t.start(ctx, t.have.ID) }})
		if err != nil {
			return err
		}
		if err := t.settle(ctx, t.have.ID); err != nil {
			return err
		}
	case t.runs() && t.args.Restart:
		if err := t.m.Change(ctx, sys.Change{What: "restart container " + name, Do: t.restart}); err != nil {
			return err
		}
		frozen = false // a restart thaws it
		if err := t.settle(ctx, t.have.ID); err != nil {
			return err
		}
	case t.args.State == "healthy":
		if err := t.awaitHealth(ctx, t.have.ID); err != nil {
			return err
		}
	}
	if p := t.args.Paused; p != nil && (state.Running || t.runs()) && *p != frozen {
		what := "unpause container " + name
		if *p {
			what = "pause container " + name
		}
		return t.m.Change(ctx, sys.Change{What: what, Do: func(ctx context.Context) error { return t.pause(ctx, t.have.ID, *p) }})
	}
	return nil
}

// start starts a container.
func (t *containerTask) start(ctx context.Context, id string) error {
	if !t.args.Detach {
		// Asked before the start, so that a container that is gone at once is not
		// missed, and outliving the change, whose end settle waits for.
		ended := t.NextEnd(ctx, id)
		t.ended = &ended
	}
	err := do(ctx, t.engine, func(ctx context.Context) error {
		return t.StartContainer(ctx, id)
	})
	if err != nil {
		return t.startError(ctx, err)
	}
	return nil
}

// settle waits for what state and detach ask for after a start. A container
// that fails here is kept, so that its logs can be read.
func (t *containerTask) settle(ctx context.Context, id string) error {
	switch {
	case t.m.Check || !t.runs():
		return nil
	case t.ended != nil:
		return t.finish(ctx, id, *t.ended)
	case t.args.State == "healthy":
		return t.awaitHealth(ctx, id)
	}
	return nil
}

// finish waits for the end of the command and keeps its exit code and output.
func (t *containerTask) finish(ctx context.Context, id string, ended client.Ending) error {
	select {
	case answer := <-ended.Result:
		t.status = &answer.StatusCode
	case err := <-ended.Error:
		return fmt.Errorf("container %q: waiting for its end: %w", t.args.Name, err)
	case <-ctx.Done():
		return ctx.Err()
	}
	output := t.logs(ctx, id, "all")
	t.output = &output
	if t.args.Cleanup {
		if err := t.remove(ctx, id); err != nil {
			return err
		}
	}
	if *t.status != 0 {
		return &exitError{t.args.Name, *t.status, output}
	}
	return nil
}

// exitError is a command that failed inside a container. The container is kept.
type exitError struct {
	name   string
	status int64
	output string
}

func (e *exitError) Error() string {
	return fmt.Sprintf("container %q: its command ended with exit code %d: %s", e.name, e.status, strings.TrimSpace(e.output))
}

// logs returns the end of what a container wrote, bounded, or "" where its log
// driver keeps nothing to read.
func (t *containerTask) logs(ctx context.Context, id, tail string) string {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	stream, err := t.LogsOfContainer(ctx, id, tail)
	if err != nil {
		return ""
	}
	defer stream.Close()
	limited := io.LimitReader(stream, sys.MaxOutput)
	var out bytes.Buffer
	if isTrue(t.args.Tty) {
		_, _ = out.ReadFrom(limited)
	} else {
		_, _ = stdcopy.StdCopy(&out, &out, limited)
	}
	return out.String()
}

func (t *containerTask) restart(ctx context.Context) error {
	err := doWithin(ctx, t.timeout+t.grace(), func(ctx context.Context) error {
		return t.RestartContainer(ctx, t.have.ID, t.args.StopTimeout)
	})
	if err != nil {
		return t.startError(ctx, err)
	}
	return nil
}

func (t *containerTask) pause(ctx context.Context, id string, on bool) error {
	return do(ctx, t.engine, func(ctx context.Context) error { return t.PauseContainer(ctx, id, on) })
}

// grace is how long the engine waits for the container to end by itself.
func (t *containerTask) grace() time.Duration {
	seconds := stopDefault
	if t.have.Config.StopTimeout != nil {
		seconds = *t.have.Config.StopTimeout
	}
	if t.args.StopTimeout != nil {
		seconds = *t.args.StopTimeout
	}
	return time.Duration(max(seconds, 0)) * time.Second
}

// halt stops the container, or kills it where that was asked for. A container
// that does not run, or is gone, is halted.
func (t *containerTask) halt(ctx context.Context) error {
	if !t.have.State.Running {
		return nil
	}
	var err error
	if t.args.ForceKill {
		err = do(ctx, t.engine, func(ctx context.Context) error {
			return t.KillContainer(ctx, t.have.ID, t.args.KillSignal)
		})
	} else {
		err = doWithin(ctx, t.timeout+t.grace(), func(ctx context.Context) error {
			return t.StopContainer(ctx, t.have.ID, t.args.StopTimeout)
		})
	}
	if client.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("container %q cannot be stopped: %w", t.args.Name, err)
	}
	return nil
}

func (t *containerTask) absent(ctx context.Context) error {
	if t.have == nil {
		return nil
	}
	return t.m.Change(ctx, sys.Change{
		What: "remove container " + t.args.Name,
		Do: func(ctx context.Context) error {
			if err := t.halt(ctx); err != nil {
				return err
			}
			return t.remove(ctx, t.have.ID)
		},
	})
}

// remove removes a container that does not run, and waits until it is gone.
func (t *containerTask) remove(ctx context.Context, id string) error {
	err := do(ctx, t.engine, func(ctx context.Context) error {
		return t.RemoveContainer(ctx, id, !t.args.KeepVolumes)
	})
	if err == nil || client.IsNotFound(err) {
		return nil
	}
	if !strings.Contains(err.Error(), "is already in progress") {
		return fmt.Errorf("container %q cannot be removed: %w", t.args.Name, err)
	}
	return t.poll(ctx, t.timeout, func() (bool, error) {
		found, err := lookup(ctx, t.engine, func(ctx context.Context) (client.Container, error) {
			return t.Container(ctx, id)
		})
		return found == nil, err
	})
}

// poll calls done until it says so. A limit of 0 or less is none.
func (t *containerTask) poll(ctx context.Context, limit time.Duration, done func() (bool, error)) error {
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// awaitHealth waits until the container's own check says that it is healthy.
func (t *containerTask) awaitHealth(ctx context.Context, id string) error {
	limit := time.Duration(t.args.HealthyWaitTimeout * float64(time.Second))
	last := ""
	err := t.poll(ctx, limit, func() (bool, error) {
		now, err := ask(ctx, t.engine, func(ctx context.Context) (client.Container, error) {
			return t.Container(ctx, id)
		})
		if err != nil {
			return false, err
		}
		state := now.State
		switch {
		case state.Health == nil || state.Health.Status == container.NoHealthcheck:
			return false, fmt.Errorf("container %q has no health check to wait for\nhint: give it a healthcheck, or use state: started", t.args.Name)
		case !state.Running:
			return false, fmt.Errorf("container %q ended with exit code %d before it was healthy: %s", t.args.Name, state.ExitCode, strings.TrimSpace(t.logs(ctx, id, "20")))
		case state.Health.Status == container.Unhealthy:
			return false, fmt.Errorf("container %q is unhealthy: its check said: %s", t.args.Name, lastCheck(state.Health))
		}
		last = lastCheck(state.Health)
		return state.Health.Status == container.Healthy, nil
	})
	if err == context.DeadlineExceeded && ctx.Err() == nil {
		return fmt.Errorf("container %q is not healthy after %s: its check said: %s\nhint: the argument healthy_wait_timeout sets the limit", t.args.Name, limit, last)
	}
	return err
}

func lastCheck(h *container.Health) string {
	if len(h.Log) == 0 {
		return "nothing yet"
	}
	last := h.Log[len(h.Log)-1]
	return fmt.Sprintf("%s (exit code %d)", strings.TrimSpace(last.Output), last.ExitCode)
}
