package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"fleet/internal/event"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// wanted reports whether the operator lets a task run. With --step the first host
// that comes by asks, for all of them.
func (h *hostRun) wanted(ctx context.Context, t *playbook.Task, order []int) (bool, error) {
	if !h.engine.Options.Step || shortName(t.Module) == "meta" {
		return true, nil
	}
	c, err := h.newContext(ctx, t, nil)
	if err != nil {
		return false, err
	}
	et := h.playRun.task(t, order, func() string { return h.taskName(c, t) })
	h.stepping.Lock()
	defer h.stepping.Unlock()
	key := taskKey{t, fmt.Sprint(order)}
	yes, asked := h.steps[key]
	if asked {
		return yes, nil
	}
	if yes, err = h.engine.step(ctx, h.host, et); err == nil {
		h.steps[key] = yes
	}
	return yes, err
}

// step asks whether a task is to run, until the operator says that all are.
func (e *Engine) step(ctx context.Context, host string, et *event.Task) (yes bool, err error) {
	if !e.stepping {
		return true, nil
	}
	err = e.asks(ctx, host, et, "--step", func() error {
		said, err := e.line(ctx, printable("Perform task: "+title(et))+" (N)o/(y)es/(c)ontinue: ", false)
		switch strings.ToLower(strings.TrimSpace(said)) {
		case "y", "yes":
			yes = true
		case "c", "continue":
			yes, e.stepping = true, false
		}
		if errors.Is(err, io.EOF) {
			err = source.Errorf(source.Pos{}, "nobody says whether to run the task %q: the input has ended", et.Name).WithHint("leave --step out")
		}
		return err
	})
	return yes, err
}
