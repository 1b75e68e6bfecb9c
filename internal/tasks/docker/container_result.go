package docker

import (
	"bytes"
	"context"
	"encoding/json"

	"fleet/internal/tasks/sys"
)

// result looks at the container again and returns it as the engine reports it.
func (t *containerTask) result(ctx context.Context) (*dockerContainerResult, error) {
	r := &dockerContainerResult{Container: map[string]any{}, Status: t.status, Warnings: t.warnings}
	if t.m.Changed() && !t.m.Check {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.timeout)
		defer cancel()
		if err := t.look(ctx); err != nil {
			return r, err
		}
	}
	switch {
	case t.have != nil:
		shown, err := inspected(t.raw)
		if err != nil {
			return r, err
		}
		r.Container = shown
	case t.m.Check && t.args.State != "absent":
		r.Container = t.predicted()
	}
	if t.output != nil {
		if shown, ok := r.Container.(map[string]any); ok {
			shown["Output"] = *t.output
		}
	}
	return r, nil
}

// inspected decodes what the engine reports of a container. Newer engines leave
// out NetworkSettings.IPAddress, which playbooks use: it is the address in the
// engine's default network.
func inspected(raw json.RawMessage) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	shown := map[string]any{}
	if err := dec.Decode(&shown); err != nil {
		return nil, err
	}
	settings, _ := shown["NetworkSettings"].(map[string]any)
	if _, ok := settings["IPAddress"]; settings != nil && !ok {
		settings["IPAddress"] = ""
		networks, _ := settings["Networks"].(map[string]any)
		if bridge, ok := networks["bridge"].(map[string]any); ok {
			settings["IPAddress"] = bridge["IPAddress"]
		}
	}
	return shown, nil
}

// predicted is what a container that check mode did not make would look like.
// Its addresses are empty: nobody knows them before.
func (t *containerTask) predicted() map[string]any {
	running := t.args.State == "started" || t.args.State == "healthy"
	status := "created"
	if running {
		status = "running"
	}
	networks := map[string]any{}
	mode := viewNetworkMode(t.want)[0].value
	networks[mode] = map[string]any{"IPAddress": "", "Gateway": ""}
	for _, n := range t.args.Networks {
		networks[n.Name] = map[string]any{"IPAddress": n.IPv4Address, "Gateway": "", "Aliases": n.Aliases}
	}
	return map[string]any{
		"Id": "", "Name": "/" + t.args.Name, "Image": "",
		"State":           map[string]any{"Status": status, "Running": running, "Paused": isTrue(t.args.Paused), "ExitCode": 0},
		"Config":          t.want.config,
		"HostConfig":      t.want.host,
		"NetworkSettings": map[string]any{"IPAddress": "", "Ports": map[string]any{}, "Networks": networks},
		"Mounts":          []any{},
	}
}

// describe lists differences as the two sides of a diff.
func describe(name string, diffs []difference) (before, after string) {
	var b, a bytes.Buffer
	for _, d := range diffs {
		from, to := d.before, d.after
		if from == to {
			// Both are hidden, or look alike: they differ all the same.
			from, to = from+" (as it is)", to+" (as asked)"
		}
		b.WriteString(d.where + ": " + from + "\n")
		a.WriteString(d.where + ": " + to + "\n")
	}
	return b.String(), a.String()
}

// change is a change of the container with the differences behind it.
func (t *containerTask) change(what string, diffs []difference, do func(context.Context) error) sys.Change {
	before, after := describe(t.args.Name, diffs)
	header := "container " + t.args.Name
	return sys.Change{What: what, Before: before, After: after, BeforeName: header, AfterName: header, Do: do}
}
