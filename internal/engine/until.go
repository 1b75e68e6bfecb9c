package engine

import (
	"context"
	"fmt"
	"math"
	"time"

	"fleet/internal/event"
)

// until repeats the task until its condition holds.
func (a *attempt) until(ctx context.Context) *taskResult {
	tries, delay, err := a.patience()
	if err != nil {
		return failed(err)
	}
	for n := 1; ; n++ {
		if tries > 1 || a.task.Until != nil {
			a.try = n
		}
		res := a.timed(ctx)
		if res.pending != nil || tries == 1 && a.task.Until == nil || ctx.Err() != nil || res.outcome == event.Skipped || res.outcome == event.Unreachable {
			return res
		}
		res.data = nil
		res.value.Set("attempts", n)
		enough, err := a.enough(res)
		if err != nil {
			return failed(err)
		}
		if enough {
			return res
		}
		if n >= tries {
			res.value.Set("attempts", n-1) // the number of retries, as Ansible counts here
			res.value.Set("failed", true)
			if orEmpty(res.value, "msg") == "" {
				res.value.Set("msg", fmt.Sprintf("the condition of until did not hold after %d tries", n))
			}
			res.judge()
			return res
		}
		shown := *res
		shown.noLog = a.noLog
		a.engine.Events.Emit(event.Retried{Host: a.hostRun.host, Task: a.event, Label: a.label, Attempt: n, Left: tries - n, Result: shown.show()})
		if err := sleep(ctx, delay); err != nil {
			return failed(err)
		}
	}
}

// patience returns how often to try at most, and how long to wait between tries.
func (a *attempt) patience() (tries int, delay time.Duration, err error) {
	if a.task.Until == nil && !a.task.Retries.Exists() {
		return 1, 0, nil
	}
	retries, err := a.engine.number(a.c, a.task.Retries, 3)
	if err != nil {
		return 0, 0, err
	}
	seconds, err := a.engine.number(a.c, a.task.Delay, 5)
	if err != nil {
		return 0, 0, err
	}
	return max(1, int(min(retries, math.MaxInt32))+1), lasting(max(0, seconds)), nil
}

// enough reports whether `until` holds; without one, whether the task succeeded.
func (a *attempt) enough(res *taskResult) (bool, error) {
	if a.task.Until == nil {
		return res.outcome != event.Failed, nil
	}
	cond, err := a.engine.firstFalse(a.after(res), a.task.Until)
	return cond == nil && err == nil, err
}
