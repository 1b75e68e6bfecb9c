package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fleet/internal/catalog"
	"fleet/internal/engine"
	"fleet/internal/inventory"
	"fleet/internal/playbook"
	"fleet/internal/redact"
	"fleet/internal/report"
	"fleet/internal/tasks"
	"fleet/internal/tasks/sys"
	"fleet/internal/vars"
	"fleet/internal/wire"
)

// answering is hosts that answer at once, always the same.
type answering map[string]json.RawMessage

func (a answering) Dial(context.Context, engine.Endpoint) (engine.Conn, error) { return a, nil }
func (a answering) Drop(string)                                                {}
func (a answering) Close() error                                               { return nil }

func (a answering) Raw(context.Context, engine.Endpoint, string, io.Writer, io.Writer) (int, error) {
	return 0, errors.New("no raw here")
}

func (a answering) Shell(context.Context, engine.Endpoint, string, io.Writer, io.Writer) (int, error) {
	return 0, errors.New("no shell here")
}

func (a answering) Call(ctx context.Context, call wire.Call, _ wire.Answers) (wire.Result, error) {
	if data, ok := a[call.Module]; ok {
		return wire.Result{Data: data}, ctx.Err()
	}
	return wire.Result{Data: json.RawMessage(`{"changed":false}`)}, ctx.Err()
}

// Start makes the hosts take calls ahead of their answers, as a session does, so
// that what is measured is the way that a run takes.
func (a answering) Start(ctx context.Context, call wire.Call, to wire.Answers) (wire.Pending, error) {
	res, err := a.Call(ctx, call, to)
	return answered{res, err}, nil
}

// answered is a call whose result has come.
type answered struct {
	result wire.Result
	err    error
}

func (a answered) Ready() bool                { return true }
func (a answered) Wait() (wire.Result, error) { return a.result, a.err }
func (a answered) Drop()                      {}

// answers is what hosts say to the playbook; the facts are this machine's.
func answers(b *testing.B) answering {
	setup, ok := tasks.Find("setup")
	if !ok {
		b.Fatal("there is no module setup")
	}
	return answering{
		"setup":   setup.Run(b.Context(), &sys.Machine{}, json.RawMessage("{}")),
		"stat":    json.RawMessage(`{"changed":false,"stat":{"exists":true,"mode":"0644","size":400}}`),
		"command": json.RawMessage(`{"changed":true,"rc":0,"stdout":"1.4.2","stdout_lines":["1.4.2"],"stderr":"","stderr_lines":[]}`),
	}
}

// BenchmarkEngine runs the benchmark's playbook on hosts that answer at once: what
// is left is what fleet itself takes, without SSH.
func BenchmarkEngine(b *testing.B) {
	for _, hosts := range []int{100, 1000} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			benchmarkEngine(b, hosts, func(*redact.Set) report.Report { return nowhere{} })
		})
		b.Run(fmt.Sprintf("hosts=%d/report", hosts), func(b *testing.B) {
			benchmarkEngine(b, hosts, func(s *redact.Set) report.Report {
				w := s.Writer(io.Discard)
				return report.NewText(w, w, report.Options{})
			})
		})
	}
}

func benchmarkEngine(b *testing.B, hosts int, sink func(*redact.Set) report.Report) {
	file := filepath.Join(b.TempDir(), "inventory.yaml")
	text := fmt.Sprintf("all:\n  vars:\n    root: /srv/hosts\n  hosts:\n    host[0001:%04d]: {ansible_user: bench}\n", hosts)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
	said := answers(b)
	b.ReportAllocs()
	for b.Loop() {
		inv, err := inventory.Load(file)
		if err != nil {
			b.Fatal(err)
		}
		loader := &playbook.Loader{Modules: catalog.Modules{}}
		pb, err := loader.Load("playbook/bench.yaml")
		if err != nil {
			b.Fatal(err)
		}
		secrets := &redact.Set{}
		out := sink(secrets)
		e := &engine.Engine{Inventory: inv, Vars: vars.NewStore(inv, nil, secrets), Loader: loader, Modules: catalog.Modules{},
			Dialer: said, Events: out, Secrets: secrets, Options: engine.Options{Forks: 100}}
		sum, err := e.Run(b.Context(), pb, []string{"bench.yaml"})
		if err := errors.Join(err, out.Close()); err != nil || sum.Failed || sum.Unreachable {
			b.Fatalf("%+v, %v", sum, err)
		}
	}
	perTask := float64(b.Elapsed().Nanoseconds()) / float64(b.N*hosts*20)
	b.ReportMetric(perTask, "ns/execution")
}

func TestChanges(t *testing.T) {
	for out, want := range map[string]int{
		"a : ok=3 changed=2\nb : ok=3 changed=1\n": 3,
		"a : ok=3 changed=0\n":                     0,
		"nothing of a recap":                       -1,
	} {
		if got := changes(out); got != want {
			t.Errorf("%q: %d changes, want %d", strings.TrimSpace(out), got, want)
		}
	}
}
