package engine

import (
	"context"
	"time"

	"fleet/internal/jinja"
	"fleet/internal/wire"
)

// asyncDir is where targets keep the results of jobs, unless ansible_async_dir
// says something else.
const asyncDir = "~/.ansible_async"

// pollDefault is how often a job is looked at where the task does not say.
const pollDefault = 15

// killTime is how long a job may take to end when its time is over.
const killTime = 5 * time.Second

// job is what makes a task's module a job on the target, which goes on without a
// connection.
type job struct {
	limit time.Duration
	poll  time.Duration // between two looks; 0: nobody waits for the end
	dir   string
}

// newJob returns what `async` and `poll` ask for, or nil.
func (a *attempt) newJob() (*job, error) {
	limit, err := a.engine.number(a.c, a.task.Async, 0)
	if err != nil || limit <= 0 {
		return nil, err
	}
	if a.action != nil && !a.action.async {
		return nil, a.task.Async.Errorf("This action (%s) does not support async.", a.spec.Name)
	}
	poll, err := a.engine.number(a.c, a.task.Poll, pollDefault)
	if err != nil {
		return nil, err
	}
	dir, err := a.asyncDir()
	return &job{lasting(limit), lasting(poll), dir}, err
}

func (a *attempt) asyncDir() (string, error) {
	r := &reader{engine: a.engine, c: a.c}
	dir := or(r.text("ansible_async_dir"), func() string { return asyncDir })
	return dir, r.err
}

// awaitJob returns the result of the job that was begun, or what is known of it
// where nobody waits for it. A connection that breaks meanwhile does no harm.
func (a *attempt) awaitJob(ctx context.Context, begun *taskResult) (*taskResult, error) {
	id := begun.value.GetString("ansible_job_id")
	if id == "" || a.job.poll <= 0 {
		return begun, nil
	}
	var state *taskResult
	var err error
	for left := a.job.limit; left > 0; left -= a.job.poll {
		wait := a.job.poll
		if left <= a.job.poll {
			wait += killTime
		}
		if state, err = a.askJob(ctx, "jid", id, "wait", wait.Seconds()); ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil && isTrue(state.value, "finished") {
			// Nobody asks for the file any more: that it is left over is no failure.
			_, _ = a.askJob(ctx, "jid", id, "mode", "cleanup")
			a.keepFacts(state)
			return state, nil
		}
		if err != nil && sleep(ctx, a.job.poll) != nil {
			return nil, ctx.Err()
		}
	}
	if err != nil {
		return nil, err
	}
	late := failf("async task did not complete within the requested time - %vs", a.job.limit.Seconds())
	late.value.Set("async_result", state.value)
	return late, nil
}

// askJob calls async_status.
func (a *attempt) askJob(ctx context.Context, pairs ...any) (*taskResult, error) {
	asks := *a
	asks.job = nil
	return asks.module(ctx, "async_status", jinja.NewMap(append(pairs, "_async_dir", a.job.dir)...), nil)
}

// keepFacts makes the facts that a job found those of the host.
func (a *attempt) keepFacts(res *taskResult) {
	found, _ := res.value.Get("ansible_facts")
	if m, ok := found.(*jinja.Map); ok {
		res.facts = []facts{{host: a.factsHost(), values: m}}
	}
}

// detach makes the call a job.
func (j *job) detach(call *wire.Call) {
	if j != nil {
		call.Async = &wire.Async{Dir: j.dir, Limit: j.limit}
	}
}

// runAsyncStatus looks for the job where the tasks of this host leave theirs.
func runAsyncStatus(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
	if !args.Has("_async_dir") {
		dir, err := a.asyncDir()
		if err != nil {
			return nil, err
		}
		args.Set("_async_dir", dir)
	}
	res, err := a.module(ctx, "async_status", args, nil)
	if err != nil {
		return nil, err
	}
	a.keepFacts(res)
	return res, nil
}
