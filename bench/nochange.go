package main

import (
	"context"
	"crypto/sha256"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"fleet/bench/hosts"
	"fleet/bench/measure"
	"fleet/bench/peers"
	"fleet/bench/result"
)

// executions is how often the playbook has a host do something: its 16 tasks,
// the gathering of facts among them, one a loop of five.
const executions = 20

//go:embed playbook
var playbookFiles embed.FS

// sizesOf returns the numbers of hosts over sshd that are measured.
func (s *settings) sizesOf() []int {
	var list []int
	for _, n := range []int{1, 10} {
		if n < s.most {
			list = append(list, n)
		}
	}
	return append(list, s.most)
}

// noChange is part A: the playbook where nothing is to be done.
func noChange(ctx context.Context, b *bench) error {
	floor, err := b.build(ctx, "floor")
	if err != nil {
		return err
	}
	for _, n := range b.sizesOf() {
		o, err := b.noChangeOn(ctx, n, floor)
		if err != nil {
			return err
		}
		if err := b.sayNoChange(n, o); err != nil {
			return err
		}
	}
	return b.sayGrowth(ctx)
}

// sayGrowth has fleet do the playbook on few hosts and on all in turn: the machine's speed
// changes by more than a tenth within some minutes.
func (b *bench) sayGrowth(ctx context.Context) error {
	sizes := b.sizesOf()
	few, many := sizes[max(0, len(sizes)-2)], b.most
	if few == many {
		return nil
	}
	var players []player
	for _, n := range []int{few, many} {
		inventory, err := b.hosts.Inventory(b.hosts.Direct(), n)
		if err != nil {
			return err
		}
		p := b.fleetRun(inventory)
		p.name, p.runs = onHosts(n), 3*b.runs
		players = append(players, p)
	}
	o, err := b.hold(ctx, contest{title: "the playbook again, on few hosts and on all in turn", players: players})
	if err != nil {
		return err
	}
	less, more, linear := o[onHosts(few)].Wall, o[onHosts(many)].Wall, float64(many)/float64(few)
	return b.say(result.Line{Part: "A", What: fmt.Sprintf("growth from %d to %d hosts", few, many), Fleet: seconds(more),
		Other: seconds(less), Ratio: times(more, less), Goal: fmt.Sprintf("≤ %g ×", linear), Reached: result.Reached(ratio(more, less) <= linear)})
}

func onHosts(n int) string { return fmt.Sprintf("fleet run, %d hosts", n) }

func (b *bench) sayNoChange(n int, o outcome) error {
	what := fmt.Sprintf("no-change run, hosts: %d", n)
	goals := map[string]float64{}
	if n == hosts.Max {
		goals = map[string]float64{"ansible-playbook -f 50": 100, "ansible with mitogen -f 50": 30}
	}
	for _, peer := range []string{"ansible-playbook -f 50", "ansible with mitogen -f 50"} {
		if _, there := o[peer]; !there {
			continue
		}
		if err := b.say(o.beside("A", what, "fleet run", peer, goals[peer])); err != nil {
			return err
		}
	}
	run, floor, login := o["fleet run"], o[floorName], o["fleet exec true"]
	l := result.Line{Part: "A", What: what, Fleet: seconds(run.Wall), Other: "the floor " + seconds(floor.Wall), Ratio: times(run.Wall, floor.Wall)}
	if n == hosts.Max {
		l.Goal, l.Reached = "≤ 1.5 ×", result.Reached(ratio(run.Wall, floor.Wall) <= 1.5)
	}
	if err := b.say(l); err != nil || n != b.most {
		return err
	}
	own := max(run.CPU-login.CPU, 0) / time.Duration(n*executions)
	return b.say(result.Line{Part: "A", What: "the controller's work a host and task, after the login", Fleet: fmt.Sprintf("%d µs", own.Microseconds()),
		Other: fmt.Sprintf("login %d µs a host", (login.CPU / time.Duration(n)).Microseconds()), Goal: "≤ 150 µs", Reached: result.Reached(own <= 150*time.Microsecond)})
}

// noChangeOn has all do the playbook on hosts on which it was done.
func (b *bench) noChangeOn(ctx context.Context, n int, floor string) (outcome, error) {
	inventory, err := b.hosts.Inventory(b.hosts.Direct(), n)
	if err != nil {
		return nil, err
	}
	list, err := b.hosts.List(b.hosts.Direct(), n)
	if err != nil {
		return nil, err
	}
	if err := b.hosts.Reset(); err != nil {
		return nil, err
	}
	run := b.fleetRun(inventory)
	if _, err := b.Run(ctx, run.argv, run.env); err != nil { // the first run, which changes much
		return nil, err
	}
	tree, err := digest(b.hosts.Root)
	if err != nil {
		return nil, err
	}
	players := []player{run, b.fleetExec("fleet exec true", inventory, "true"), b.floor(floor, list, "-n", strconv.Itoa(executions))}
	if n < b.most { // what is over soon takes now more, now less
		for i := range players {
			players[i].runs *= 3
		}
	}
	book := b.file("playbook/bench.yaml")
	if b.has(peers.Ansible) && b.has(peers.Mitogen) {
		players = append(players, player{name: "ansible with mitogen -f 50", runs: 1, argv: peers.PlaybookArgs(inventory, book), env: peers.MitogenEnv(b.Dir)})
	}
	if b.has(peers.Ansible) {
		players = append(players, player{name: "ansible-playbook -f 50", runs: 1, argv: peers.PlaybookArgs(inventory, book), env: peers.AnsibleEnv(b.Dir)})
	}
	return b.hold(ctx, contest{title: fmt.Sprintf("the playbook of 16 tasks, %d executions a host, second run, on %d hosts", executions, n), players: players,
		judge: func(p player, s measure.Sample) error {
			if p.name == floorName || p.name == "fleet exec true" {
				return nil
			}
			return b.unchanged(p, s, tree)
		}})
}

// floor is the least, by the program that was built, on the hosts of a list.
func (b *bench) floor(program, list string, args ...string) player {
	return player{name: floorName, runs: b.runs, argv: append([]string{program, "-hosts", list, "-key", b.file("login_key"),
		"-known-hosts", b.file("known_hosts"), "-user", b.hosts.User}, args...)}
}

func (b *bench) fleetRun(inventory string) player {
	return player{name: "fleet run", runs: b.runs, argv: []string{b.fleet, "run", "-i", inventory, "--host-key-checking", "strict", b.file("playbook/bench.yaml")}}
}

func (b *bench) fleetExec(name, inventory, command string) player {
	return player{name: name, runs: b.runs, argv: []string{b.fleet, "exec", "-i", inventory, "--host-key-checking", "strict", command}}
}

// unchanged refuses a run that says that it has changed something, or has.
func (b *bench) unchanged(p player, s measure.Sample, tree string) error {
	if n := changes(s.Out); n != 0 {
		return fmt.Errorf("%s changed %d things in its second run\n%s", p.name, n, measure.Tail(s.Out, 30))
	}
	now, err := digest(b.hosts.Root)
	if err == nil && tree != now {
		err = fmt.Errorf("%s did not leave the files as they were", p.name)
	}
	return err
}

var changedCount = regexp.MustCompile(`\bchanged=(\d+)`)

// changes sums up the recap. An output without one counts as a change.
func changes(out string) int {
	found := changedCount.FindAllStringSubmatch(out, -1)
	if found == nil {
		return -1
	}
	sum := 0
	for _, m := range found {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return -1
		}
		sum += n
	}
	return sum
}

// digest returns a digest of all names, modes and contents below a folder.
func digest(dir string) (string, error) {
	sum := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintln(sum, path, info.Mode())
		switch {
		case info.Mode().IsRegular():
			data, err := os.ReadFile(path)
			sum.Write(data)
			return err
		case info.Mode()&fs.ModeSymlink != 0:
			to, err := os.Readlink(path)
			fmt.Fprintln(sum, to)
			return err
		}
		return nil
	})
	return fmt.Sprintf("%x", sum.Sum(nil)), err
}

// build builds one of the benchmark's own programs.
func (b *bench) build(ctx context.Context, name string) (string, error) {
	file := b.file(name + ".exe")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", file, "fleet/bench/"+name)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // it may run on a machine of the lab
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, out)
	}
	return file, err
}
