package engine

import (
	"context"
	"fmt"
	"strings"

	"fleet/internal/event"
	"fleet/internal/playbook"
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
	e := h.engine
	e.pausing.Lock()
	defer e.pausing.Unlock()
	key := taskKey{t, fmt.Sprint(order)}
	yes, asked := h.steps[key]
	if asked {
		return yes, nil
	}
	if yes = !e.stepping; !yes {
		e.Events.Emit(event.Asking{Host: h.host, Task: et, Prompt: "--step"})
		said, err := e.Prompter.Ask(ctx, fmt.Sprintf("run the task %q? (N)o/(y)es/(c)ontinue: ", et.Name), false)
		if err != nil {
			return false, err
		}
		switch strings.ToLower(strings.TrimSpace(said)) {
		case "y", "yes":
			yes = true
		case "c", "continue":
			yes, e.stepping = true, false
		}
	}
	h.steps[key] = yes
	return yes, nil
}
