package docker

import (
	"context"
	"encoding/json"

	"fleet/internal/tasks/sys"
)

// task is one call about a thing of the engine that is there or not.
type task interface {
	look(ctx context.Context) error // reads the thing as it is
	present(ctx context.Context) error
	absent(ctx context.Context) error
	shown() json.RawMessage // what the engine reports of it, or nil
	machine() *sys.Machine
}

func (e *engine) machine() *sys.Machine { return e.m }

// settle brings the task's thing into the state, and what the engine reports of it then
// into report.
func settle(ctx context.Context, t task, state string, report *map[string]any) error {
	err := t.look(ctx)
	switch {
	case err != nil:
	case state == "absent":
		err = t.absent(ctx)
	default:
		err = t.present(ctx)
	}
	if m := t.machine(); err == nil && m.Changed() && !m.Check {
		err = t.look(ctx)
	}
	if shown := t.shown(); err == nil && shown != nil {
		err = json.Unmarshal(shown, report)
	}
	return err
}
