package engine

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"sync/atomic"

	"fleet/internal/wire"
)

// How much of one host, and of all, may be in the air. What is in the air takes
// memory here and on the target.
const (
	airCalls = 192     // of one host; below wire.MaxCalls, because others may call the host too
	airBytes = 1 << 20 // of one host's calls
	airTotal = 8 << 10 // calls of all hosts, besides one of each
)

// errFallen ends the work at a task behind one that has failed. Nobody sees it.
var errFallen = errors.New("a task in front of this one has failed")

// air is one host's tasks that were begun and have not landed: whose calls were
// sent, or which wait only for their turn. It belongs to the host's goroutine.
//
// A task that is in the air has changed nothing on the controller: its events,
// its variables and its notifications come when it lands, in the order of the
// tasks. Where one fails, those behind it have not been run.
type air struct {
	host    *hostRun
	flights []*flight // the first is the next to land
	number  int       // of the last task that was begun
	failed  int       // the number of the last task that ended the way
	fallen  error     // how the way ended, where that was found inside of an evaluation
	slot    bool      // holds one of Options.Forks
	asked   bool      // has asked for one, or had something else to wait for
	busy    bool      // a task is being begun

	chain uint32 // of the calls; 0: the next one begins a new chain
	calls int    // that are in the air
	bytes int    // of these calls
	to    Endpoint
}

// land lets all tasks in the air land. An error is the way's end, as task has it.
func (h *hostRun) land(ctx context.Context) error {
	for h.air.fallen == nil && len(h.air.flights) > 0 {
		h.air.next(ctx)
	}
	return h.air.fell()
}

// landReady lets those land that need not be waited for.
func (h *hostRun) landReady(ctx context.Context) error {
	for h.air.fallen == nil && len(h.air.flights) > 0 && h.air.flights[0].ready() {
		h.air.next(ctx)
	}
	return h.air.fell()
}

// fell returns how the way ended, once.
func (a *air) fell() error {
	err := a.fallen
	a.fallen = nil
	return err
}

// next lets the first task land.
func (a *air) next(ctx context.Context) {
	f := a.flights[0]
	a.flights[0] = nil
	if a.flights = a.flights[1:]; len(a.flights) == 0 {
		a.flights = nil
	}
	res, err := f.land(ctx)
	if err = a.host.settle(ctx, f.task, res, err); err != nil {
		a.fall(f.number, err)
		return
	}
	a.rest()
}

// rest gives the slot back where there is nothing to do.
func (a *air) rest() {
	if len(a.flights) == 0 && !a.busy {
		a.host.release()
	}
}

// fall ends the way at a task: those behind it never were.
func (a *air) fall(number int, err error) {
	a.fallen = err
	a.end(number)
	for _, f := range a.flights {
		f.drop()
	}
	a.flights = nil
	a.rest()
}

// end notes that the way ended at a task.
func (a *air) end(number int) {
	a.failed, a.chain = number, 0
	maps.DeleteFunc(a.host.ranRoles, func(_ string, begun int) bool { return begun > number })
}

// await lets the tasks in front of a number land, through the last one that
// match.
func (a *air) await(number int, match func(*profile) bool) {
	through := 0
	for _, f := range a.flights {
		if number > 0 && f.number >= number {
			break
		}
		if match(f.profile) {
			through = f.number
		}
	}
	for a.fallen == nil && len(a.flights) > 0 && a.flights[0].number <= through {
		a.next(a.host.ctx)
	}
}

// room takes room for a call of so many bytes.
func (a *air) room(e *Engine, size int) bool {
	switch {
	case a.calls == 0:
	case a.calls >= cmp.Or(e.window, airCalls), a.bytes+size > airBytes:
		return false
	case e.airborne.Add(1) > airTotal:
		e.airborne.Add(-1)
		return false
	}
	a.calls++
	a.bytes += size
	return true
}

// free gives a call's room back.
func (a *air) free(e *Engine, size int) {
	if a.calls--; a.calls > 0 {
		e.airborne.Add(-1)
	}
	a.bytes -= size
}

// place returns where in the chain a call of a task is.
func (a *air) place(chains *atomic.Uint32, number int, tolerant bool) *wire.Ahead {
	if a.chain == 0 {
		a.chain = chains.Add(1)
	}
	return &wire.Ahead{Chain: a.chain, Task: uint32(number), Tolerant: tolerant}
}

// AwaitSet implements vars.Pending.
func (h *hostRun) AwaitSet(name string) {
	if len(h.air.flights) > 0 {
		h.air.await(h.number, func(p *profile) bool { return p.sets(name) })
	}
}

// AwaitFact implements vars.Pending.
func (h *hostRun) AwaitFact(name string) {
	if len(h.air.flights) > 0 && !isConnectionVariable(name) {
		h.air.await(h.number, func(p *profile) bool { return p.finds(name) })
	}
}

// AwaitAll implements vars.Pending.
func (h *hostRun) AwaitAll() error {
	h.air.await(h.number, func(*profile) bool { return true })
	if h.air.fallen != nil {
		return errFallen
	}
	return nil
}
