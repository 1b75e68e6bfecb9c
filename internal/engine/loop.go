package engine

import (
	"context"
	"sync"
	"time"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/source"
)

// all begins the task for every item, one after the other or, with
// loop_control.parallel, several at the same time.
func (u *turn) all(ctx context.Context, c *jinja.Context) {
	limit, err := u.engine.number(c, u.task.Loop.Parallel, 1)
	switch {
	case err != nil:
		u.early = u.fail(c, err)
	case limit < 1:
		u.early = u.fail(c, u.task.Loop.Parallel.Errorf("want a number of 1 or more here, not %g", limit))
	case limit > 1:
		u.inParallel(ctx, int(limit))
	default:
		u.inTurn(ctx, c)
	}
}

// inTurn begins the items one after the other, until one has an end of its own.
func (u *turn) inTurn(ctx context.Context, c *jinja.Context) {
	for i := range u.items {
		if i > 0 {
			if err := u.pause(ctx, c, u.task.Loop.Pause); err != nil {
				u.results = append(u.results, failed(err))
				return
			}
		}
		u.begun(ctx, u.nth(ctx, i))
		if ctx.Err() != nil || u.air.fallen != nil || u.ended() {
			return
		}
	}
}

// ended reports whether an item is the last one, whatever comes behind it.
func (u *turn) ended() bool {
	if u.broken {
		return true
	}
	if n := len(u.results); n > 0 && (u.results[n-1].outcome == event.Unreachable || u.results[n-1].then != nil) {
		return true
	}
	n := len(u.parts)
	return n > 0 && u.parts[n-1].res.outcome == event.Unreachable
}

// breakBehind notes whether an item was the last one, because break_when holds.
func (u *turn) breakBehind(p *part) {
	cond, err := u.engine.firstFalse(p.after(p.res), u.task.Loop.Break)
	if err != nil {
		u.results = append(u.results, failed(err))
	}
	u.broken = cond == nil
}

// nameLoop evaluates the names of the loop's variables.
func (u *turn) nameLoop(c *jinja.Context) (err error) {
	if u.loopVar, err = u.loopName(c, u.task.Loop.Var, "item"); err == nil {
		u.indexVar, err = u.loopName(c, u.task.Loop.IndexVar, "")
	}
	return err
}

func (u *turn) loopName(c *jinja.Context, n source.Node, def string) (string, error) {
	name, err := u.engine.text(c, n, def)
	if err == nil && name != "" && !variableName.MatchString(name) {
		err = n.Errorf("%q is no name for a variable", name)
	}
	return name, err
}

// inParallel runs the items at the same time, at most limit of them. The run's
// slot is free meanwhile: the items may wait for other hosts.
func (u *turn) inParallel(ctx context.Context, limit int) {
	held := u.air.slot
	u.release()
	var wg sync.WaitGroup
	slots := make(chan struct{}, limit)
	results := make([]*taskResult, len(u.items))
	for i := range u.items {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if ctx.Err() != nil {
				return
			}
			p := u.nth(ctx, i)
			results[i] = p.res
			if ctx.Err() == nil {
				u.reportItem(p)
			}
		})
	}
	wg.Wait()
	for _, res := range results {
		if res != nil {
			u.results = append(u.results, res)
		}
	}
	if held {
		// Where this fails, the run ends.
		_ = u.acquire(ctx)
	}
}

// nth begins the task for one item.
func (u *turn) nth(ctx context.Context, i int) *part {
	loop := u.task.Loop
	item := u.items[i]
	locals := with(u.gained, u.loopVar, item, "ansible_loop_var", u.loopVar)
	if u.indexVar != "" {
		locals[u.indexVar] = i
		locals["ansible_index_var"] = u.indexVar
	}
	c, err := u.newContext(ctx, u.task, locals)
	if err != nil {
		return &part{res: failed(err), item: item}
	}
	if ext, err := u.engine.truth(c, loop.Extended, false); err == nil && ext {
		loopMap := extended(u.items, i)
		if all, err := u.engine.truth(c, loop.AllItems, true); err == nil && !all {
			loopMap.Delete("allitems")
		}
		locals["ansible_loop"] = loopMap
		if c, err = u.newContext(ctx, u.task, locals); err != nil {
			return &part{res: failed(err), item: item}
		}
	}
	p := u.item(ctx, c, locals, u.label(c, item))
	p.item = item
	return p
}

// gain keeps what an item has set for those behind it.
func (u *turn) gain(res *taskResult) {
	for _, f := range res.facts {
		if f.host != "" || f.kind != factSet && f.kind != factIncluded {
			continue
		}
		for name, v := range f.values.All() {
			u.gained = with(u.gained, jinja.Str(name), v)
		}
	}
}

// extended is the variable ansible_loop.
func extended(items []any, i int) *jinja.Map {
	m := jinja.NewMap("allitems", items, "index", i+1, "index0", i, "first", i == 0, "last", i == len(items)-1,
		"length", len(items), "revindex", len(items)-i, "revindex0", len(items)-i-1)
	if i > 0 {
		m.Set("previtem", items[i-1])
	}
	if i+1 < len(items) {
		m.Set("nextitem", items[i+1])
	}
	return m
}

func (u *turn) pause(ctx context.Context, c *jinja.Context, n source.Node) error {
	seconds, err := u.engine.number(c, n, 0)
	if err != nil {
		return err
	}
	return sleep(ctx, lasting(seconds))
}

// longest is as good as for ever, and still a time that can be reckoned with.
const longest = 100 * 365 * 24 * time.Hour

// lasting returns a number of seconds as a time, at most the longest.
func lasting(seconds float64) time.Duration {
	if seconds >= longest.Seconds() {
		return longest
	}
	return time.Duration(seconds * float64(time.Second))
}

// sleep waits, or returns ctx's error as soon as it ends.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// label returns what to call an item in reports.
func (u *turn) label(c *jinja.Context, item any) string {
	if u.task.Loop.Label.Exists() {
		if s, err := u.engine.text(c, u.task.Loop.Label, ""); err == nil {
			return s
		}
	}
	return jinja.Str(item)
}
