package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"fleet/internal/engine"
	"fleet/internal/event"
	"fleet/internal/probe"
	"fleet/internal/report"
	"fleet/internal/source"
)

func probeCommand(a *app) *cobra.Command {
	f := &probeFlags{}
	cmd := &cobra.Command{
		Use:   "probe URL...",
		Short: "Send requests to a service and show who answers, how fast, and what fails",
		Long: `Probe sends requests to each address, one address after the other, and prints who
answered how often, how long it took, and what failed in which way. It does so from
here, or with --from on machines, through fleet's own connection to them. The first
line of an answer's body says who gave it, unless --by says otherwise. Redirections
are not followed, and a status of 400 or more is a failure.

With --expect, it fails where a condition is not met: a name, an operator (==, !=, >=,
<=, >, <) and a number. The names are copies (how many different ones answered), ok,
failures, requests, rps, p50, p95, p99, max (in milliseconds, or as 250ms or 1.5s) and
status_NNN (how many answers had that status). Of several addresses and machines, each
has to meet it. Limits: 1000000 requests, 1000 at the same time, one hour.`,
		Example: `  fleet probe http://10.0.0.5/api/v1/ping --expect 'copies>=10' --expect 'failures==0'
  fleet probe --from web -n 1000 -c 20 --no-keepalive http://localhost/api/v1/ping
  fleet probe --duration 1m --rate 50 --by header:X-Copy --expect 'p99<250ms' https://todo.example.com/`,
		Args: needArgs("an address, such as http://localhost/"),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.given(cmd)
			return a.probe(cmd.Context(), f, args)
		},
	}
	f.register(cmd)
	return cmd
}

func (a *app) probe(ctx context.Context, f *probeFlags, urls []string) error {
	var configs []probe.Config
	for _, u := range urls {
		c, err := f.config(a.secrets, u)
		if err != nil {
			return err
		}
		configs = append(configs, c)
	}
	expected, err := f.expectations()
	if err != nil {
		return err
	}
	if f.from == "" {
		return a.probeHere(ctx, f, configs, expected)
	}
	return a.probeFrom(ctx, f, configs, expected)
}

// probeReport returns the report of `fleet probe` on these hosts, or here.
func (a *app) probeReport(f *probeFlags, hosts []string, expected []probe.Expectation) report.Report {
	if f.json {
		return report.Queue(report.NewJSON(a.out, a.secrets))
	}
	return a.withStatus(func() report.Report {
		return report.NewProbe(a.out, a.err, report.ProbeOptions{Hosts: hosts, Expect: expected, Color: a.color})
	})
}

// probeHere probes from this machine. Its events are those of a run on one host.
func (a *app) probeHere(ctx context.Context, f *probeFlags, configs []probe.Config, expected []probe.Expectation) error {
	const here = "localhost"
	out := a.probeReport(f, nil, expected)
	begin := time.Now()
	a.begun.Store(true)
	out.Emit(event.RunStarted{Time: begin})
	stats := event.HostStats{Host: here}
	var fatal error
	for i, c := range configs {
		task := &event.Task{Order: []int{i}, Name: probeName(c), Module: "probe"}
		started := time.Now()
		out.Emit(event.TaskStarted{Host: here, Task: task, Time: started})
		res, err := probe.Run(ctx, c)
		if err == nil {
			err = res.Judge(expected)
		}
		done := event.TaskDone{Host: here, Task: task, Outcome: event.OK, Elapsed: time.Since(started)}
		if err != nil {
			stats.Failed++
			stats.Reason = err.Error()
			done.Outcome = event.Failed
		} else {
			stats.OK++
		}
		if done.Result, fatal = probeResult(task.Name, res, err); fatal != nil {
			break
		}
		out.Emit(done)
		if ctx.Err() != nil {
			break
		}
	}
	sum := engine.Summary{Failed: stats.Failed > 0, Interrupted: ctx.Err() != nil}
	out.Emit(event.RunEnded{Stats: []event.HostStats{stats}, Interrupted: sum.Interrupted, Elapsed: time.Since(begin)})
	return errors.Join(fatal, out.Close(), outcome(sum))
}

// probeResult returns what the module probe would have returned.
func probeResult(address string, res probe.Result, err error) (event.Result, error) {
	fields := struct {
		URL string `json:"url"`
		probe.Result
		Changed bool   `json:"changed"`
		Failed  bool   `json:"failed,omitempty"`
		Msg     string `json:"msg,omitempty"`
	}{URL: address, Result: res, Failed: err != nil}
	if err != nil {
		fields.Msg = err.Error()
	}
	data, err := json.Marshal(fields)
	return event.ParseResult(data), err
}

// probeFrom probes from the hosts of the inventory that --from names.
func (a *app) probeFrom(ctx context.Context, f *probeFlags, configs []probe.Config, expected []probe.Expectation) error {
	if err := f.connectFlags.validTimeout("connect-timeout"); err != nil {
		return err
	}
	if err := f.valid(); err != nil {
		return err
	}
	s, err := f.load(ctx, a)
	if err != nil {
		return err
	}
	hosts, err := s.probers(f.from)
	if err != nil {
		return err
	}
	ask := a.openTerminal()
	o, err := s.options(ctx, a)
	if err != nil {
		return err
	}
	var calls []engine.Call
	for _, c := range configs {
		calls = append(calls, engine.Call{Name: probeName(c), Module: "probe", Args: f.args(c)})
	}
	d := s.dialer(a, ask)
	defer d.Close()
	e := s.engine(o, d)
	out := a.probeReport(f, hosts, expected)
	e.Events = out
	a.begun.Store(true)
	sum, err := e.Call(ctx, hosts, calls...)
	return errors.Join(err, out.Close(), outcome(sum))
}

// probers returns the hosts that --from names, within --limit.
func (s *setup) probers(from string) ([]string, error) {
	sel, err := s.inventory.Select(from)
	if err != nil {
		return nil, err
	}
	if s.none && len(sel.Hosts) == 0 {
		return nil, noInventory()
	}
	for _, u := range sel.Unknown {
		return nil, source.Errorf(source.Pos{}, "--from %s: no host or group is called %q", from, u.Pattern).WithHint("%s", u.Hint)
	}
	hosts, err := s.selected(from)
	if err == nil && len(hosts) == 0 {
		err = source.Errorf(source.Pos{}, "--from %s: no host is left", from).WithHint("fleet inventory --graph shows all")
	}
	if err == nil {
		err = s.reachable(hosts)
	}
	return hosts, err
}
