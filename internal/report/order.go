package report

import (
	"slices"
	"time"

	"fleet/internal/event"
)

// playView is what a Text knows of a play that is not over.
type playView struct {
	event.PlayStarted
	note    string // why it was passed over
	started bool   // the header is printed
	ended   bool
	hosts   map[string]*hostView
	order   []*hostView
	tasks   []*taskView // by their place in the play
	byTask  map[*event.Task]*taskView
	front   *taskView // the task whose lines are printed as they come
	behind  map[*hostView]bool
	waiting time.Time // since when the next task waits for hosts to settle
	loose   []piece   // lines that belong to no task
}

// hostView is how far a host has come.
type hostView struct {
	name string
	at   *event.Task // the latest that it began
	busy bool        // and is not through with
	done bool        // with the play
}

// taskView is what is to be printed of a task.
type taskView struct {
	task   *event.Task
	pieces []piece              // not printed yet
	held   alike                // that are kept until all are there
	items  map[string]*itemFold // by host, where items were reported
	opened bool                 // the header is printed
	closed bool                 // all hosts have passed it
}

func newPlayView(e event.PlayStarted, gone map[string]bool) *playView {
	p := &playView{PlayStarted: e, hosts: map[string]*hostView{}, byTask: map[*event.Task]*taskView{}}
	for _, name := range e.Hosts {
		p.host(name).done = gone[name]
	}
	return p
}

func (p *playView) host(name string) *hostView {
	h := p.hosts[name]
	if h == nil {
		h = &hostView{name: name}
		p.hosts[name] = h
		p.order = append(p.order, h)
	}
	return h
}

func (p *playView) arrive(name string, task *event.Task, busy bool) {
	h := p.host(name)
	if h.at == nil || event.Compare(task, h.at) >= 0 {
		h.at, h.busy = task, busy
	}
	p.view(task)
	p.update(h)
}

func (p *playView) done(name string) {
	if h := p.hosts[name]; h != nil {
		h.done = true
		p.update(h)
	}
}

func (p *playView) update(h *hostView) {
	if p.front != nil && h.passed(p.front.task) {
		delete(p.behind, h)
	}
}

// view returns the task's view. News of a task before the front makes that task
// the front again.
func (p *playView) view(task *event.Task) *taskView {
	v := p.byTask[task]
	if v == nil {
		v = &taskView{task: task, items: map[string]*itemFold{}}
		p.byTask[task] = v
		i, _ := slices.BinarySearchFunc(p.tasks, task, func(v *taskView, t *event.Task) int {
			if c := event.Compare(v.task, t); c != 0 {
				return c
			}
			return -1
		})
		p.tasks = slices.Insert(p.tasks, i, v)
	}
	v.closed = false
	if p.front != nil && p.front != v && event.Compare(task, p.front.task) < 0 {
		p.front = nil
	}
	return v
}

// passed reports whether the host has nothing more to do in the task.
func (h *hostView) passed(task *event.Task) bool {
	if h.done {
		return true
	}
	if h.at == nil {
		return false
	}
	c := event.Compare(h.at, task)
	return c > 0 || c == 0 && !h.busy
}

// reached reports whether the host can be in no earlier task any more.
func (h *hostView) reached(task *event.Task) bool {
	return h.done || h.at != nil && event.Compare(h.at, task) >= 0
}

// next returns the first task that is not closed.
func (p *playView) next() *taskView {
	i := slices.IndexFunc(p.tasks, func(v *taskView) bool { return !v.closed })
	if i < 0 {
		return nil
	}
	return p.tasks[i]
}

func (p *playView) open(v *taskView) {
	p.front, p.waiting = v, time.Time{}
	p.behind = map[*hostView]bool{}
	for _, h := range p.order {
		if !h.passed(v.task) {
			p.behind[h] = true
		}
	}
}

// advance prints all that can be printed now.
func (t *Text) advance() {
	for len(t.plays) > 0 {
		p := t.plays[0]
		if !p.started {
			p.started = true
			t.playHeader(p)
		}
		if !t.advancePlay(p) {
			return
		}
		t.plays = t.plays[1:]
	}
}

// advancePlay prints the play as far as it has come and reports whether it is
// over.
func (t *Text) advancePlay(p *playView) bool {
	for {
		if p.front == nil {
			v := p.next()
			if v == nil {
				t.printLoose(p)
				return p.ended
			}
			if !p.ended && !t.settled(p, v) {
				return false
			}
			p.open(v)
			if !v.opened {
				t.taskHeader(v)
			}
		}
		t.printLoose(p)
		through := p.ended || len(p.behind) == 0
		t.printPieces(p, through)
		if !through {
			return false
		}
		p.front.closed, p.front = true, nil
	}
}

// settled reports whether the task's header may be printed: no host can come to
// an earlier task any more, or those that could have had their time.
func (t *Text) settled(p *playView, v *taskView) bool {
	late := func(h *hostView) bool { return !h.reached(v.task) }
	if !slices.ContainsFunc(p.order, late) {
		return true
	}
	if p.waiting.IsZero() {
		p.waiting = time.Now()
		t.alarm = time.AfterFunc(settle, t.wake)
	}
	return time.Since(p.waiting) >= settle
}

func (t *Text) wake() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.advance()
	}
}

func (t *Text) printLoose(p *playView) {
	for _, piece := range p.loose {
		t.print(piece.text(t.style, "["+piece.host+"]")...)
	}
	p.loose = nil
}

// keep takes a line of the task. In a large play those that are alike are held
// until all hosts are through.
func (t *Text) keep(p *playView, v *taskView, piece piece) {
	if len(p.Hosts) > foldFrom && t.options.Verbose == 0 && !piece.alone {
		v.held.add(piece)
		return
	}
	v.pieces = append(v.pieces, piece)
}

// printPieces prints the lines of the front task.
func (t *Text) printPieces(p *playView, through bool) {
	v := p.front
	if through { // of hosts that were lost in the middle of a loop
		for _, h := range p.order {
			t.unfoldItems(p, v, h.name)
		}
	}
	for _, piece := range v.pieces {
		t.taskHeader(v)
		t.print(piece.text(t.style, piece.who())...)
	}
	v.pieces = nil
	if through && len(v.held.groups) > 0 {
		t.taskHeader(v)
		t.printAlike(v.held)
		v.held = alike{}
	}
}
