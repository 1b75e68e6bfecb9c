package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"fleet/bench/project"
	"fleet/bench/result"
	"fleet/internal/jinja"
	"fleet/internal/source"
)

// version is part F: how long the program takes to start.
func version(ctx context.Context, b *bench) error {
	o, err := b.hold(ctx, contest{title: "start-up", players: []player{{name: "fleet version", runs: max(b.runs, 10), argv: []string{b.fleet, "version"}}}})
	if err != nil {
		return err
	}
	took := o["fleet version"]
	return b.say(result.Line{Part: "F", What: "fleet version", Fleet: seconds(took.Wall), Other: "processor time " + seconds(took.CPU),
		Goal: "< 20 ms", Reached: result.Reached(took.Wall < 20*time.Millisecond)})
}

// large is the project that is checked.
var large = project.Size{Roles: 500, TasksPerRole: 40, Hosts: 5000}

// check is part F: a large project is read and checked.
func check(ctx context.Context, b *bench) error {
	dir := b.file("large")
	defer os.RemoveAll(dir)
	if err := large.Write(dir); err != nil {
		return err
	}
	tasks := large.Roles * large.TasksPerRole
	o, err := b.hold(ctx, contest{title: fmt.Sprintf("check of %d roles, %d tasks, %d hosts", large.Roles, tasks, large.Hosts),
		players: []player{{name: "fleet check", runs: b.runs, argv: []string{b.fleet, "check", "-i", dir + "/inventory.yaml", dir + "/site.yaml"}}}})
	if err != nil {
		return err
	}
	took := o["fleet check"]
	return b.say(result.Line{Part: "F", What: fmt.Sprintf("check of %d roles, %d tasks, %d hosts", large.Roles, tasks, large.Hosts),
		Fleet: seconds(took.Wall), Other: fmt.Sprintf("%s, processor time %s", mebibytes(took.Memory), seconds(took.CPU)),
		Goal: "< 2 s", Reached: result.Reached(took.Wall < 2*time.Second)})
}

// templates is part F: how many templates one processor renders in a second.
func templates(ctx context.Context, b *bench) error {
	text, err := playbookFiles.ReadFile("playbook/templates/service.conf.j2")
	if err != nil {
		return err
	}
	t, err := jinja.Parse(string(text), source.Pos{File: "service.conf.j2", Line: 1}, jinja.ForFile())
	if err != nil {
		return err
	}
	backend := func(name, address string, weight int) *jinja.Map {
		return jinja.NewMap("name", name, "address", address, "weight", weight)
	}
	vars := jinja.Vars{"inventory_hostname": "host001", "port": 8080, "ansible_facts": jinja.NewMap("system", "Linux"),
		"backends": []any{backend("one", "10.0.0.1", 3), backend("two", "10.0.0.2", 1), backend("three", "10.0.0.3", 1)}}
	n, begin := 0, time.Now()
	for ; time.Since(begin) < time.Second && ctx.Err() == nil; n++ {
		if _, err := t.Render(jinja.NewContext(ctx, nil, vars)); err != nil {
			return err
		}
	}
	perSecond := float64(n) / time.Since(begin).Seconds()
	return b.say(result.Line{Part: "F", What: "templates a second, of 8 lines with a loop", Fleet: fmt.Sprintf("%.0f", perSecond),
		Other: fmt.Sprintf("%.1f µs each", 1e6/perSecond)})
}

// sizes is what fleet weighs, and what that means for the first contact. The
// helpers lie where "make build" puts them, under the folder of fleet's own.
func sizes(_ context.Context, b *bench) error {
	info, err := os.Stat(b.fleet)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("size\n  %-28s %6.1f MB\n", "fleet", float64(info.Size())/(1<<20))
	const dist = "internal/helper/dist/"
	data, err := os.ReadFile(dist + "manifest.json")
	if err != nil {
		return b.note("%s  helpers: none were built here", text)
	}
	var rows []struct {
		OS, Arch, Zstd string
		Lean           bool
		Size           int64
	}
	if err := json.Unmarshal(data, &rows); err != nil {
		return err
	}
	for _, r := range rows {
		kind := "whole helper"
		if r.Lean {
			kind = "lean helper"
		}
		text += fmt.Sprintf("  %-28s %6.1f MB\n", kind+" "+r.OS+"/"+r.Arch, float64(r.Size)/(1<<20))
		info, err := os.Stat(dist + r.Zstd)
		if err != nil {
			return err
		}
		took := time.Duration(float64(info.Size()) * 8 / linkSpeed * float64(time.Second))
		if err := b.say(result.Line{Part: "B", What: "the " + kind + " for " + r.Arch + ", packed", Fleet: fmt.Sprintf("%.2f MB", float64(info.Size())/1e6),
			Other: "at 20 Mbit/s " + seconds(took)}); err != nil {
			return err
		}
	}
	return b.note("%s", text)
}

// linkSpeed is that of the distant hosts, in bits a second.
const linkSpeed = 20e6
