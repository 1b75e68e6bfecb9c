package main

import (
	"context"
	"errors"
	"slices"
	"sync"

	"fleet/internal/engine"
	"fleet/internal/playbook"
	"fleet/internal/session"
	"fleet/internal/tasks"
	"fleet/internal/wire"
)

// needsWhole reports whether a task calls a module that the lean helper has not. What
// tasks are included later is not known yet: conn is for that.
func needsWhole(pb *playbook.Playbook) bool {
	for _, p := range pb.Plays {
		called := slices.Clone(p.Handlers)
		for _, t := range engine.Tasks(p) {
			called = append(called, t.Task)
		}
		if slices.ContainsFunc(called, func(t *playbook.Task) bool {
			m, known := tasks.Find(t.Module)
			return known && !tasks.Lean(m)
		}) {
			return true
		}
	}
	return false
}

// conn is what is connected to an endpoint: one helper, and the whole one beside
// it once a call came that the first has not all for.
type conn struct {
	first *session.Session
	more  func(context.Context) (*session.Session, error) // starts the whole helper

	mu    sync.Mutex
	needs bool             // the whole helper
	whole *session.Session // or nil
}

// Call makes a call, on the whole helper where the first one says that it lacks
// what that needs.
func (c *conn) Call(ctx context.Context, call wire.Call, answers wire.Answers) (wire.Result, error) {
	s, err := c.session(ctx)
	if err != nil {
		return wire.Result{}, err
	}
	res, err := s.Call(ctx, call, answers)
	if err != nil || !res.NotHere || s != c.first {
		return res, err
	}
	c.need()
	if s, err = c.session(ctx); err != nil {
		return wire.Result{}, err
	}
	return s.Call(ctx, call, answers)
}

// Start sends a call ahead.
func (c *conn) Start(ctx context.Context, call wire.Call, answers wire.Answers) (wire.Pending, error) {
	s, err := c.session(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.Start(ctx, call, answers)
	if err != nil {
		return nil, err
	}
	return pending{p, c}, nil
}

// pending is a call that was sent ahead to either helper.
type pending struct {
	wire.Pending
	c *conn
}

// Wait returns the result. A call that is for the whole helper has not been run,
// nor has any behind it.
func (p pending) Wait() (wire.Result, error) {
	res, err := p.Pending.Wait()
	if err == nil && res.NotHere {
		p.c.need()
		res = wire.Result{NotRun: true}
	}
	return res, err
}

func (c *conn) need() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.needs = true
}

// session returns the helper for the next call.
func (c *conn) session(ctx context.Context) (*session.Session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.needs {
		return c.first, nil
	}
	if c.whole == nil {
		whole, err := c.more(ctx)
		if err != nil {
			return nil, err
		}
		c.whole = whole
	}
	return c.whole, nil
}

// Close ends both.
func (c *conn) Close() error {
	c.mu.Lock()
	whole := c.whole
	c.mu.Unlock()
	err := c.first.Close()
	if whole != nil {
		err = errors.Join(err, whole.Close())
	}
	return err
}
