package main

import (
	"context"
	"fmt"

	"fleet/bench/measure"
	"fleet/bench/peers"
	"fleet/bench/result"
)

// oneCommand is part C: one command on all hosts.
func oneCommand(ctx context.Context, b *bench) error {
	floor, err := b.build(ctx, "floor")
	if err != nil {
		return err
	}
	o, err := b.command(ctx, fmt.Sprintf(`"true" on %d hosts`, b.most), "true", b.runs, floor)
	if err != nil {
		return err
	}
	for _, peer := range []string{clushName, pssh, rawName} {
		goal := 0.0
		if peer == clushName {
			goal = 4
		}
		if _, there := o[peer]; there {
			if err := b.say(o.beside("C", fmt.Sprintf("one command, %d hosts", b.most), "fleet exec", peer, goal)); err != nil {
				return err
			}
		}
	}
	fleet, least := o["fleet exec"].Wall, o[floorName].Wall
	return b.say(result.Line{Part: "C", What: fmt.Sprintf("one command, %d hosts", b.most), Fleet: seconds(fleet), Other: floorName + " " + seconds(least), Ratio: times(fleet, least)})
}

// mebibyte is a command that prints 1 MiB in lines of 64 bytes.
const mebibyte = "yes 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde | head -c 1048576"

// output is the rest of part C: much output of all hosts.
func output(ctx context.Context, b *bench) error {
	o, err := b.command(ctx, fmt.Sprintf("1 MiB of output of each of %d hosts", b.most), mebibyte, 1, "")
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%d hosts × 1 MiB of output", b.most)
	for _, peer := range []string{clushName, pssh, rawName} {
		if _, there := o[peer]; there {
			if err := b.say(o.beside("C", what, "fleet exec", peer, 0)); err != nil {
				return err
			}
		}
	}
	most := o["fleet exec"].Memory
	l := result.Line{Part: "C", What: what + ", memory", Fleet: mebibytes(most), Goal: "≤ 100 MiB", Reached: result.Reached(most <= 100<<20)}
	if clush, there := o[clushName]; there {
		l.Other = "clush " + mebibytes(clush.Memory)
	}
	return b.say(l)
}

// How the table calls the programs.
const (
	clushName = "clush -f 100"
	pssh      = "parallel-ssh -p 100"
	rawName   = "ansible -m raw -f 100"
	floorName = "the floor"
)

// command has all run one command on all hosts, with the floor's program where there is
// one.
func (b *bench) command(ctx context.Context, title, line string, peerRuns int, floor string) (outcome, error) {
	n := b.most
	inventory, err := b.hosts.Inventory(b.hosts.Direct(), n)
	if err != nil {
		return nil, err
	}
	list, err := b.hosts.List(b.hosts.Direct(), n)
	if err != nil {
		return nil, err
	}
	fleet := b.fleetExec("fleet exec", inventory, line)
	players := []player{fleet}
	if floor != "" {
		players = append(players, b.floor(floor, list, "-n", "0", "-command", line))
	}
	if b.has(peers.Clush) {
		players = append(players, player{name: clushName, runs: peerRuns, argv: peers.ClushArgs(b.hosts, n, line)})
	}
	if b.has(peers.ParallelSSH) {
		players = append(players, player{name: pssh, runs: peerRuns, argv: peers.ParallelSSHArgs(b.hosts, list, line)})
	}
	if b.has(peers.Ansible) {
		players = append(players, player{name: rawName, runs: 1, argv: peers.RawArgs(inventory, line), env: peers.AnsibleEnv(b.Dir)})
	}
	return b.hold(ctx, contest{title: title, players: players})
}

// first is part B: the playbook where nothing is to be done, on hosts that have no
// helper.
func first(ctx context.Context, b *bench) error {
	inventory, err := b.hosts.Inventory(b.hosts.Direct(), b.most)
	if err != nil {
		return err
	}
	known := b.fleetRun(inventory)
	bare := known
	bare.name, bare.before = "fleet run, no helper there", b.hosts.Forget
	if err := b.hosts.Reset(); err != nil {
		return err
	}
	if _, err := b.Run(ctx, known.argv, known.env); err != nil {
		return err
	}
	o, err := b.hold(ctx, contest{title: fmt.Sprintf("first contact: the same playbook on %d hosts that have no helper", b.most), players: []player{known, bare},
		judge: func(p player, s measure.Sample) error {
			if n := changes(s.Out); n != 0 {
				return fmt.Errorf("%s changed %d things", p.name, n)
			}
			return nil
		}})
	if err != nil {
		return err
	}
	with, without := o[known.name].Wall, o[bare.name].Wall
	return b.say(result.Line{Part: "B", What: fmt.Sprintf("first contact with %d hosts, the helper pushed", b.most), Fleet: seconds(without),
		Other: "with the helper there " + seconds(with), Ratio: times(without, with), Goal: "< 2 ×", Reached: result.Reached(without < 2*with)})
}
