package engine

import (
	"context"
	"fmt"

	"fleet/internal/jinja"
	"fleet/internal/spec"
)

// action is a step that needs the controller's data. It may run modules on the
// target as a part of its work.
type action struct {
	// spec describes the arguments; nil where those of the target's module of the
	// same name are meant.
	spec *spec.Module
	open bool // takes any arguments (set_fact, add_host)
	// behind says that something runs behind the task, which has an order.
	behind bool
	// early says that it may run before the tasks in front of it have ended: it has
	// no effect but that of the one call that it ends in, if any.
	early bool
	async bool // its one call can be a job of its own on the target
	run   func(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error)
}

// define makes an action from a function whose argument struct declares the
// arguments as spec.Of says.
func define[A any](m spec.Module, run func(ctx context.Context, a *attempt, args *A) (*taskResult, error)) *action {
	m.Declares = spec.Lazily[A]()
	return &action{spec: &m, run: func(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
		var given A
		if err := m.Fill(plainMap(args), &given); err != nil {
			return nil, err
		}
		return run(ctx, a, &given)
	}}
}

// actionTable returns the actions by their short names.
func actionTable() map[string]*action {
	table := map[string]*action{}
	for _, a := range []*action{addHost, assert, debug, fail, groupBy, includeRole, includeTasks, includeVars,
		meta, pause, raw, reboot, setFact, setStats, validateArgumentSpec, template, waitForConnection} {
		table[a.spec.Name] = a
	}
	for name, run := range map[string]func(context.Context, *attempt, *jinja.Map) (*taskResult, error){
		"copy": runCopy, "fetch": runFetch, "script": runScript, "unarchive": runUnarchive, "setup": runSetup,
		"uri": runURI, "assemble": runAssemble, "package": runPackage, "synchronize": runSynchronize, "user": runUser,
	} {
		table[name] = &action{run: run, early: name != "fetch", async: name == "setup" || name == "uri" || name == "package" || name == "user"}
	}
	table["async_status"] = &action{run: runAsyncStatus}
	table["gather_facts"] = table["setup"]
	table["own_module"] = &action{open: true, early: true, async: true, run: runOwnModule}
	// What is changed is a copy, because engines may run at the same time.
	for _, a := range []*action{includeTasks, includeRole, meta} {
		behind := *a
		behind.behind = true
		table[a.spec.Name] = &behind
	}
	for _, a := range []*action{assert, debug, fail, setFact, template, validateArgumentSpec} {
		early := *a
		early.early = true
		table[a.spec.Name] = &early
	}
	return table
}

// Actions returns the descriptions of the steps that the controller runs itself,
// for checking arguments and for the documentation.
func Actions() []*spec.Module {
	var out []*spec.Module
	for _, a := range actionTable() {
		if a.spec != nil {
			out = append(out, a.spec)
		}
	}
	return out
}

// Open reports whether a step of the controller takes arguments of any name.
func Open(name string) bool {
	a := actionTable()[name]
	return a != nil && a.open
}

// ok returns the result of a step that went well, from keys and values in turn.
func ok(pairs ...any) *taskResult { return &taskResult{value: jinja.NewMap(pairs...)} }

// failf returns the result of a step that failed, with its own words.
func failf(format string, args ...any) *taskResult {
	return &taskResult{value: jinja.NewMap("changed", false, "failed", true, "msg", fmt.Sprintf(format, args...))}
}
