package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"fleet/internal/event"
	"fleet/internal/probe"
)

// ProbeOptions say what `fleet probe` shows.
type ProbeOptions struct {
	Hosts  []string // that probe, in inventory order; none: it is done here
	Expect []probe.Expectation
	Color  bool
}

// Probe prints who answered how often, how fast, and what failed: of a probe
// from here when it ends, of one from hosts when all have ended. Its methods may
// be called by many goroutines.
type Probe struct {
	out, warn io.Writer
	options   ProbeOptions
	style     style

	mu     sync.Mutex
	err    error
	probes []*probed
	open   bool // something was printed since the last blank line
}

// probed is the probe of one address.
type probed struct {
	task  *event.Task
	hosts []probedHost
}

// probedHost is what a host made of it.
type probedHost struct {
	name    string
	outcome event.Outcome
	why     []string // it came to nothing
	result  probe.Result
}

// NewProbe returns a Probe that writes to out, and who did not do well to warn.
func NewProbe(out, warn io.Writer, o ProbeOptions) *Probe {
	return &Probe{out: out, warn: warn, options: o, style: style{o.Color}}
}

// Emit takes an event.
func (p *Probe) Emit(e event.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := e.(type) {
	case event.TaskStarted:
		p.of(e.Task)
	case event.TaskDone:
		at := p.of(e.Task)
		at.hosts = append(at.hosts, readProbe(e))
		if len(p.options.Hosts) == 0 {
			p.show(at)
		}
	case event.Warning:
		p.write(p.warn, p.style.paint(magenta, "warning: "+strings.Join(lines(e.Msg), "\n  "))+"\n")
	case event.RunEnded:
		p.end(e)
	}
}

// Close returns the first error that writing gave.
func (p *Probe) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *Probe) write(w io.Writer, text string) {
	if _, err := io.WriteString(w, text); err != nil && p.err == nil {
		p.err = err
	}
}

func (p *Probe) line(c color, text string) {
	p.write(p.out, p.style.paint(c, text)+"\n")
	p.open = true
}

// blank keeps what follows apart from what was printed.
func (p *Probe) blank() {
	if p.open {
		p.write(p.out, "\n")
	}
	p.open = false
}

func (p *Probe) of(task *event.Task) *probed {
	for _, at := range p.probes {
		if at.task == task {
			return at
		}
	}
	at := &probed{task: task}
	p.probes = append(p.probes, at)
	return at
}

// readProbe takes the result out of an event. What cannot be read as one counts
// as nothing: a target may say anything.
func readProbe(e event.TaskDone) probedHost {
	h := probedHost{name: e.Host, outcome: e.Outcome}
	err := json.Unmarshal(e.Result.Data, &h.result)
	switch {
	case err == nil && !h.result.Possible():
		err = errors.New("its numbers are impossible")
		fallthrough
	case err != nil:
		h.result, h.outcome, h.why = probe.Result{}, event.Failed, lines("the result cannot be read: "+err.Error())
		return h
	case h.result.Requests > 0:
		return h
	}
	h.why = lines(e.Result.Msg)
	if len(h.why) == 0 {
		h.why = []string{"no request came to an end"}
	}
	if h.outcome == event.OK {
		h.outcome = event.Failed
	}
	return h
}

// end prints what hosts probed, and who did not do well.
func (p *Probe) end(e event.RunEnded) {
	if len(p.options.Hosts) == 0 {
		if e.Interrupted {
			p.write(p.warn, p.style.paint(red, "interrupted")+"\n")
		}
		return
	}
	slices.SortFunc(p.probes, func(a, b *probed) int { return event.Compare(a.task, b.task) })
	outcomes := map[string]event.Outcome{}
	for _, at := range p.probes {
		for _, h := range at.hosts {
			if outcomes[h.name] == "" || bad(h.outcome) {
				outcomes[h.name] = h.outcome
			}
		}
		if len(at.hosts) > 0 {
			p.show(at)
		}
	}
	well, ill := 0, map[event.Outcome][]string{}
	for _, host := range p.options.Hosts {
		_, cut := e.NotDone[host]
		switch o := outcomes[host]; {
		case bad(o):
			ill[o] = append(ill[o], host)
		case cut || o == "":
			ill["interrupted"] = append(ill["interrupted"], host)
		default:
			well++
		}
	}
	if len(ill) > 0 {
		p.write(p.warn, p.style.hosts(well, len(p.options.Hosts), ill)+"\n")
	}
}

func bad(o event.Outcome) bool { return o == event.Failed || o == event.Unreachable }

// show prints one probe.
func (p *Probe) show(at *probed) {
	p.blank()
	p.line(bold, oneLine(at.task.Name, maxLine))
	slices.SortStableFunc(at.hosts, func(a, b probedHost) int {
		return slices.Index(p.options.Hosts, a.name) - slices.Index(p.options.Hosts, b.name)
	})
	sum := probe.Result{Counts: map[string]int{}, Kinds: map[string]int{}, Errors: map[string]string{}}
	for _, h := range at.hosts {
		addProbe(&sum, h.result)
	}
	p.answers(sum)
	if len(p.options.Hosts) == 0 {
		p.here(at.hosts[0])
	} else {
		p.byHost(at.hosts)
	}
	p.failures(sum)
	p.expected(at.hosts)
}

// addProbe counts a host's result into the sum of all.
func addProbe(sum *probe.Result, r probe.Result) {
	sum.Requests += r.Requests
	sum.OK += r.OK
	sum.Failures += r.Failures
	sum.Others += r.Others
	for name, n := range r.Counts {
		sum.Counts[name] += n
	}
	for kind, n := range r.Kinds {
		sum.Kinds[kind] += n
		if sum.Errors[kind] == "" {
			sum.Errors[kind] = r.Errors[kind]
		}
	}
}

func (p *Probe) here(h probedHost) {
	r := h.result
	for _, line := range h.why {
		p.line(outcomeColor(h.outcome), line)
	}
	if r.Requests == 0 {
		return
	}
	p.line(noColor, fmt.Sprintf("%s in %.2f s (%s): %d ok, %d failed, %s",
		count(r.Requests, "request", "requests"), r.Elapsed, perSecond(r.RPS), r.OK, r.Failures, count(r.Copies, "copy", "copies")))
	if l := r.Latency; r.OK > 0 {
		p.line(noColor, fmt.Sprintf("latency: p50 %s, p95 %s, p99 %s, max %s", millis(l.P50), millis(l.P95), millis(l.P99), millis(l.Max)))
	}
}

// expected says of each expectation on which hosts it is not met.
func (p *Probe) expected(hosts []probedHost) {
	for _, e := range p.options.Expect {
		var order []string
		unmet := map[string][]string{}
		probed, value := 0, ""
		for _, h := range hosts {
			if h.result.Requests == 0 {
				continue
			}
			probed++
			met, is := e.Check(h.result)
			if value = is; met {
				continue
			}
			if unmet[is] == nil {
				order = append(order, is)
			}
			unmet[is] = append(unmet[is], h.name)
		}
		if len(p.options.Hosts) > 0 {
			value = fmt.Sprintf("on %d of %d hosts", probed, len(p.options.Hosts))
		}
		if probed > 0 && len(order) == 0 {
			p.line(green, fmt.Sprintf("met: %s (%s)", e, value))
		}
		for _, is := range order {
			where := ""
			if len(p.options.Hosts) > 0 {
				where = " on " + Ranges(unmet[is])
			}
			p.line(red, fmt.Sprintf("not met%s: %s (%s)", where, e, is))
		}
	}
}
