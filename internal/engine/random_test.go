package engine_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fleet/internal/catalog"
	"fleet/internal/demand"
	"fleet/internal/engine"
	"fleet/internal/event"
	"fleet/internal/fleettest/distance"
	"fleet/internal/inventory"
	"fleet/internal/playbook"
	"fleet/internal/redact"
	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
	"fleet/internal/vars"
)

var (
	seed  = flag.Uint64("seed", 0, "the first random playbook of TestPipeliningChangesNothing")
	plays = flag.Int("plays", 150, "how many random playbooks to run")
)

// machine is a host of the random playbooks: files, and what was done to it, by
// the host that did it.
type machine struct {
	mu    sync.Mutex
	files map[string]string
	done  map[string][]string
	hangs func() // called by the module hang
	cut   func() // ends the connection
}

func newMachine() *machine {
	return &machine{files: map[string]string{}, done: map[string][]string{}}
}

func (m *machine) did(by, what string) { m.done[by] = append(m.done[by], what) }

type fakeArgs struct {
	Name    string `arg:"name"`
	Dest    string `arg:"dest"`
	Src     string `arg:"src"`
	Content string `arg:"content"`
	Mode    any    `arg:"mode"`
	Text    string `arg:"text"`
	If      string `arg:"if"`
	RC      int    `arg:"rc"`
	By      string `arg:"by"`
	Long    bool   `arg:"long" default:"yes" gives:"long"`
	// GatherSubset is what setup is asked for; none is all.
	GatherSubset []string `arg:"gather_subset"`
}

type fake = func(m *machine, on *sys.Machine, ctx context.Context, a *fakeArgs) (any, error)

// put writes a file where it differs.
func put(m *machine, on *sys.Machine, by, name, text string) any {
	changed := m.files[name] != text
	m.did(by, fmt.Sprintf("put %s %q, check %v", name, text[:min(len(text), 40)], on.Check))
	if !on.Check {
		m.files[name] = text
	}
	return object{"changed": changed, "text": text[:min(len(text), 40)]}
}

var fakes = map[string]fake{
	"put": func(m *machine, on *sys.Machine, _ context.Context, a *fakeArgs) (any, error) {
		return put(m, on, a.By, a.Name, a.Text), nil
	},
	"note": func(m *machine, on *sys.Machine, _ context.Context, a *fakeArgs) (any, error) {
		m.did(a.By, "note "+a.Text+" "+on.Env["A"])
		if a.RC != 0 {
			return object{"rc": a.RC, "text": a.Text}, fmt.Errorf("note: exit code %d", a.RC)
		}
		return object{"changed": true, "rc": 0, "text": a.Text, "stdout": a.Text}, nil
	},
	"look": func(m *machine, _ *sys.Machine, _ context.Context, a *fakeArgs) (any, error) {
		m.did(a.By, "look "+a.Name)
		text, exists := m.files[a.Name]
		res := object{"exists": exists, "text": text}
		if a.Long {
			res["long"] = strings.Repeat(text, 2)
		}
		return res, nil
	},
	"break": func(m *machine, _ *sys.Machine, _ context.Context, a *fakeArgs) (any, error) {
		m.did(a.By, "break "+a.If)
		if _, exists := m.files[a.If]; exists {
			return nil, errors.New("it is there")
		}
		return object{"text": "whole"}, nil
	},
	"copy": func(m *machine, on *sys.Machine, ctx context.Context, a *fakeArgs) (any, error) {
		if len(on.Files) != 1 {
			return nil, fmt.Errorf("%d files", len(on.Files))
		}
		m.mu.Unlock() // the controller may have to be waited for
		r, err := on.Controller.Open(ctx, on.Files[0])
		var data []byte
		if err == nil {
			data, err = io.ReadAll(r)
			err = errors.Join(err, r.Close())
		}
		m.mu.Lock()
		if err != nil {
			return nil, err
		}
		return put(m, on, a.Dest, a.Dest, string(data)), nil
	},
	"hang": func(m *machine, _ *sys.Machine, ctx context.Context, a *fakeArgs) (any, error) {
		m.did(a.By, "hang")
		if m.hangs != nil {
			m.hangs()
		}
		<-ctx.Done()
		return nil, ctx.Err()
	},
	"vanish": func(m *machine, _ *sys.Machine, ctx context.Context, a *fakeArgs) (any, error) {
		m.did(a.By, "vanish")
		time.Sleep(time.Second)
		m.cut()
		<-ctx.Done()
		return nil, ctx.Err()
	},
	"setup": func(m *machine, _ *sys.Machine, _ context.Context, a *fakeArgs) (any, error) {
		m.did("setup", "")
		facts := object{"ansible_host": "elsewhere", "ansible_connection": "none"}
		for name, value := range map[string]any{"files": len(m.files), "calls": "many"} {
			if a.GatherSubset == nil || slices.Contains(a.GatherSubset, name) {
				facts["ansible_"+name] = value
			}
		}
		return object{"ansible_facts": facts}, nil
	},
}

// find returns the modules of one machine.
func (m *machine) find(name string) (*sys.Module, bool) {
	run, ok := fakes[name]
	if !ok {
		return nil, false
	}
	var facts []string
	if name == "setup" {
		facts = []string{"ansible_*"}
	}
	mod := sys.Define(spec.Module{Name: name, Facts: facts}, func(ctx context.Context, on *sys.Machine, a *fakeArgs) (any, error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		return run(m, on, ctx, a)
	})
	return &mod, true
}

// fakeModules is the catalog of the fakes.
type fakeModules struct{}

func (fakeModules) Find(name string) (*spec.Module, bool) {
	m, ok := newMachine().find(name)
	if !ok {
		return nil, false
	}
	return &m.Module, true
}

func (fakeModules) Names() []string { return slices.Sorted(maps.Keys(fakes)) }

func (fakeModules) Known(name string) bool {
	return fakes[name] != nil || catalog.Modules{}.Known(name)
}

// machines reaches a machine by each name.
type machines struct {
	link distance.Link
	mu   sync.Mutex
	all  map[string]*machine
	used []*helpers
}

func (s *machines) Dial(ctx context.Context, to engine.Endpoint) (engine.Conn, error) {
	s.mu.Lock()
	m := s.all[to.Host]
	if m == nil {
		m = newMachine()
		s.all[to.Host] = m
	}
	h := &helpers{find: m.find, link: s.link, cut: func(end func()) { m.cut = end }}
	s.used = append(s.used, h)
	s.mu.Unlock()
	return h.Dial(ctx, to)
}

func (s *machines) Raw(context.Context, engine.Endpoint, string, io.Writer, io.Writer) (int, error) {
	return 0, errors.New("no raw here")
}

func (s *machines) Shell(context.Context, engine.Endpoint, string, io.Writer, io.Writer) (int, error) {
	return 0, errors.New("no shell here")
}

func (s *machines) Drop(string) {}

// diary is what is seen of a run: the events of each host in their order.
type diary struct {
	mu    sync.Mutex
	hosts map[string][]string
	ended event.RunEnded
}

func (d *diary) Emit(e event.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	say := func(host, format string, args ...any) {
		d.hosts[host] = append(d.hosts[host], fmt.Sprintf(format, args...))
	}
	switch e := e.(type) {
	case event.TaskStarted:
		say(e.Host, "started %v %s", e.Task.Order, e.Task.Name)
	case event.ItemDone:
		say(e.Host, "item %s %s ignored=%v %s", e.Label, e.Outcome, e.Ignored, shown(e.Task.Module, e.Result))
	case event.Retried:
		say(e.Host, "retried %s %d %d %s", e.Label, e.Attempt, e.Left, shown(e.Task.Module, e.Result))
	case event.TaskDone:
		say(e.Host, "done %v %s %s ignored=%v rescued=%v loop=%v to=%s %s", e.Task.Order, e.Task.Module, e.Outcome, e.Ignored, e.Rescued, e.Loop, e.Delegate, shown(e.Task.Module, e.Result))
	case event.HostGone:
		say(e.Host, "gone unreachable=%v %s", e.Unreachable, e.Reason)
	case event.HostDone:
		say(e.Host, "left")
	case event.RunEnded:
		e.Elapsed = 0
		d.ended = e
	}
}

// unread is what nobody sees of a result unless somebody reads it.
var unread = regexp.MustCompile(`"(long|ansible_facts)":("[^"]*"|\{[^}]*\}),?`)

func shown(module string, r event.Result) string {
	if module == "look" || module == "setup" {
		r.Data = unread.ReplaceAll(r.Data, nil)
	}
	return fmt.Sprintf("%s %s %s %s", r.Data, r.SkipReason, r.Pos, r.Hint)
}

// randomRun runs a playbook on new machines, and returns all that is to be the same.
func randomRun(t *testing.T, dir string, window int, noPipelining bool, proven *atomic.Int32) string {
	t.Helper()
	inv, err := inventory.Load(filepath.Join(dir, "inventory.yml"))
	if err != nil {
		t.Fatal(err)
	}
	loader := &playbook.Loader{Modules: fakeModules{}}
	pb, err := loader.Load(filepath.Join(dir, "play.yml"))
	if err != nil {
		t.Fatal(err)
	}
	secrets := &redact.Set{}
	seen := &diary{hosts: map[string][]string{}}
	fleet := &machines{all: map[string]*machine{}}
	e := &engine.Engine{Inventory: inv, Vars: vars.NewStore(inv, nil, secrets), Loader: loader, Modules: fakeModules{},
		Dialer: fleet, Events: seen, Secrets: secrets, Options: engine.Options{NoPipelining: noPipelining, Forks: 2, AllowMissingHandlers: true}}
	e.Window(window)
	if !noPipelining {
		d := demandOf(t, dir, inv)
		if _, known := d.Subset(); known {
			proven.Add(1)
		}
		e.Demand = d
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	sum, err := e.Run(ctx, pb, []string{"play.yml"})
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		text, _ := os.ReadFile(filepath.Join(dir, "play.yml"))
		t.Errorf("it does not end:\n%s", text)
	}
	for _, h := range fleet.used {
		h.work.Wait()
	}
	var out strings.Builder
	for _, host := range slices.Sorted(maps.Keys(seen.hosts)) {
		fmt.Fprintf(&out, "=== %s sees\n%s\n", host, strings.Join(seen.hosts[host], "\n"))
	}
	for _, host := range slices.Sorted(maps.Keys(fleet.all)) {
		m := fleet.all[host]
		fmt.Fprintf(&out, "=== %s has\n%q\n", host, m.files)
		for _, by := range slices.Sorted(maps.Keys(m.done)) {
			fmt.Fprintf(&out, "by %s:\n  %s\n", by, strings.Join(m.done[by], "\n  "))
		}
	}
	fmt.Fprintf(&out, "%+v, %v\n%+v\n", sum, err, seen.ended)
	return strings.ReplaceAll(out.String(), dir, "DIR")
}

// demandOf returns what the playbook in a folder can read.
func demandOf(t *testing.T, dir string, inv *inventory.Inventory) *demand.Demand {
	t.Helper()
	loader := &playbook.Loader{Modules: fakeModules{}}
	pb, err := loader.Load(filepath.Join(dir, "play.yml"))
	if err != nil {
		t.Fatal(err)
	}
	s := &demand.Survey{Inventory: inv, Vars: vars.NewStore(inv, nil, nil), Loader: loader, Actions: engine.Actions(),
		Gather: func(facts []string) []string { return append([]string{"none"}, facts...) }}
	return s.Playbook(pb)
}

// TestPipeliningChangesNothing: what a random playbook does and shows is the same
// whether its tasks are sent ahead or not, and whether hosts tell what nobody reads.
func TestPipeliningChangesNothing(t *testing.T) {
	var proven atomic.Int32
	for n := range uint64(*plays) {
		n += *seed
		w := &writer{Rand: rand.New(rand.NewPCG(n, 7))}
		dir, text := w.playbook(t)
		want := randomRun(t, dir, 0, true, nil)
		for _, window := range []int{0, 1 + w.IntN(5)} {
			if got := randomRun(t, dir, window, false, &proven); got != want {
				t.Fatalf("-seed %d, window %d\n%s\n%s", n, window, text, difference(want, got))
			}
		}
	}
	if int(proven.Load()) < *plays/10 {
		t.Errorf("of %d runs only %d read less than everything", 2**plays, proven.Load())
	}
}

// difference returns the lines around the first one that differs.
func difference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	from := max(0, i-6)
	return fmt.Sprintf("line %d\none after the other:\n%s\n\nsent ahead:\n%s", i,
		strings.Join(a[from:min(len(a), i+6)], "\n"), strings.Join(b[from:min(len(b), i+6)], "\n"))
}
