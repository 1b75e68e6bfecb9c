package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"fleet/bench/measure"
	"fleet/bench/peers"
	"fleet/bench/result"
)

// There are several ways to make and to remove containers.
const (
	byFleet   = "fleet, 16 at a time"
	byFloor   = "bare requests, 16 at a time"
	byLoop    = "docker, one by one"
	byXargs   = "docker, 16 at a time"
	byAnsible = "ansible docker_container"
)

// ways returns those that are measured, and how often each is.
func (m *machine) ways() []player {
	list := []player{{name: byFleet, runs: m.runs}, {name: byFloor, runs: m.runs}}
	if m.alone {
		return list
	}
	list = append(list, player{name: byLoop, runs: 1}, player{name: byXargs, runs: 1})
	if m.has(peers.AnsibleDocker) && m.has(peers.PythonDocker) {
		list = append(list, player{name: byAnsible, runs: 1})
	}
	return list
}

// measure has all make the containers and remove them, in turns.
func (m *machine) measure(ctx context.Context) error {
	made, gone := map[string][]measure.Sample{}, map[string][]measure.Sample{}
	for round := range m.runs {
		for _, way := range m.ways() {
			if round >= way.runs {
				continue
			}
			up, err := m.bring(ctx, way.name, "started")
			if err != nil {
				return fmt.Errorf("%s: %w", way.name, err)
			}
			down, err := m.bring(ctx, way.name, "absent")
			if err != nil {
				return fmt.Errorf("%s: %w", way.name, err)
			}
			made[way.name], gone[way.name] = append(made[way.name], up), append(gone[way.name], down)
		}
	}
	return errors.Join(
		m.sayContainers(fmt.Sprintf("%d containers made", containers), made, 3),
		m.sayContainers(fmt.Sprintf("%d containers removed", containers), gone, 0))
}

// sayContainers says what the ways took. The goal is beside docker, one by one; what
// is within a tenth of the floor is limited by the engine.
func (m *machine) sayContainers(what string, samples map[string][]measure.Sample, goal float64) error {
	o := outcome{}
	for way, list := range samples {
		o[way] = measure.Median(list)
	}
	var err error
	for _, way := range []string{byLoop, byXargs, byAnsible} {
		if _, there := o[way]; there {
			err = errors.Join(err, m.say(o.beside("G", what, byFleet, way, goal)))
		}
		goal = 0 // the others are for comparison
	}
	fleet, floor := o[byFleet].Wall, o[byFloor].Wall
	return errors.Join(err,
		m.say(result.Line{Part: "G", What: what + ", limited by the engine", Fleet: seconds(fleet), Other: byFloor + " " + seconds(floor),
			Ratio: times(fleet, floor), Goal: "≤ 1.1 ×", Reached: result.Reached(ratio(fleet, floor) <= 1.1)}),
		m.note("%s", contest{title: what + "; hosts' cpu is the whole machine's, the engine's among it", players: m.ways()}.table(o)))
}

// bring brings the containers into a state, and notes what the machine took.
func (m *machine) bring(ctx context.Context, way, state string) (measure.Sample, error) {
	before, err := m.took(ctx)
	if err != nil {
		return measure.Sample{}, err
	}
	s, err := m.bringBy(ctx, way, state)
	if err != nil {
		return s, err
	}
	after, err := m.took(ctx)
	s.Hosts = after - before
	return s, err
}

func (m *machine) bringBy(ctx context.Context, way, state string) (measure.Sample, error) {
	count := fmt.Sprintf("count=%d", containers)
	run, floor := "docker run -d --name bench$i bench/sleep /bin/sleep 1000000", "/bin/sleep 1000000"
	if state == "absent" {
		run, floor = "docker rm -f bench$i", ""
	}
	switch way {
	case byFleet:
		return m.playbook(ctx, "containers.yaml", count, "state="+state)
	case byFloor:
		return m.onMachine(ctx, fmt.Sprintf("~ops/containers -count %d -parallel 16 %s", containers, floor))
	case byLoop:
		return m.onMachine(ctx, fmt.Sprintf("for i in $(seq 0 %d); do %s >/dev/null || exit 1; done", containers-1, run))
	case byXargs:
		line := strings.ReplaceAll(run, "$i", "{}")
		return m.onMachine(ctx, fmt.Sprintf("seq 0 %d | xargs -P 16 -I{} %s >/dev/null", containers-1, line))
	}
	forward, err := m.forward(ctx)
	if err != nil {
		return measure.Sample{}, err
	}
	defer func() { _ = forward.Process.Kill(); _ = forward.Wait() }()
	m.Meter.Hosts = []int{forward.Process.Pid}
	defer func() { m.Meter.Hosts = nil }()
	argv := append(peers.PlaybookArgs("localhost,", m.file("playbook/containers-ansible.yaml")),
		"-e", "engine=unix://"+m.file("engine.sock"), "-e", count, "-e", "state="+state, "-e", "ansible_python_interpreter=/usr/bin/python3")
	return m.Run(ctx, argv, peers.AnsibleEnv(m.Dir))
}

// tookLine prints the processor time that the machine has taken since its start, in
// nanoseconds: its control group's own account, of version 1 or 2.
const tookLine = "cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || " +
	"while read -r name value; do if [ $name = usage_usec ]; then echo ${value}000; fi; done </sys/fs/cgroup/cpu.stat"

// took returns how much processor time the machine has taken.
func (m *machine) took(ctx context.Context) (time.Duration, error) {
	s, err := m.onMachine(ctx, tookLine)
	if err != nil {
		return 0, err
	}
	ns, err := strconv.ParseInt(strings.TrimSpace(s.Out), 10, 64)
	return time.Duration(ns), err
}
