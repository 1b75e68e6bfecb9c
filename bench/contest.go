package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// contest is one job that several programs do in turn.
type contest struct {
	name, title string
	players     []player
	against     int // the player that the others are compared with
	// twice: every run starts with bare homes and is followed by a second one, in
	// which nothing must change.
	twice bool
	each  bool // every run is printed
}

// player is one program with its arguments.
type player struct {
	name      string
	argv, env []string
	runs      int
	bare      bool // it finds bare homes
}

// contests returns what is measured, in order.
func (s settings) contests(l *lab) []*contest {
	exec := &contest{name: "exec", title: fmt.Sprintf(`"true" on %d hosts`, s.hosts)}
	argv := []string{s.fleet, "exec", "-i", l.must(s.hosts), "--host-key-checking", "strict", "true"}
	// The run with bare homes comes first: it leaves the helper for the other.
	exec.against = 1
	exec.players = append(exec.players, player{name: "fleet exec, first contact", runs: min(s.runs, 3), argv: argv, bare: true},
		player{name: "fleet exec", runs: s.runs, argv: argv})
	if there("/usr/bin/clush") {
		exec.players = append(exec.players, player{name: "clush -f 100", runs: s.runs,
			argv: []string{"/usr/bin/clush", "-S", "-f", "100", "-o", "-F " + l.file("ssh_config"), "-w", fmt.Sprintf("127.0.1.[1-%d]", s.hosts), "true"}})
	}
	if there("/usr/bin/ansible") {
		exec.players = append(exec.players, player{name: "ansible -m raw -f 100", runs: min(s.runs, 3), env: l.ansibleEnv(),
			argv: []string{"/usr/bin/ansible", "all", "-f", "100", "-i", l.must(s.hosts), "-m", "raw", "-a", "true"}})
	}
	like := &contest{name: "playbook", title: fmt.Sprintf("playbook of 16 tasks, 20 executions a host, on %d hosts", s.few), twice: true}
	like.players = append(like.players, s.fleetRun(l, s.few))
	book := l.file("playbook/bench.yaml")
	if there("/usr/bin/ansible-playbook") {
		argv := []string{"/usr/bin/ansible-playbook", "-f", "50", "-i", l.must(s.few), book}
		if there(mitogen) {
			like.players = append(like.players, player{name: "ansible with mitogen -f 50", runs: 1, argv: argv,
				env: append(l.ansibleEnv(), "ANSIBLE_STRATEGY=mitogen_linear", "ANSIBLE_STRATEGY_PLUGINS="+mitogen)})
		}
		like.players = append(like.players, player{name: "ansible-playbook -f 50", runs: 1, argv: argv, env: l.ansibleEnv()})
	}
	all := []*contest{exec, like}
	if s.few != s.hosts {
		all = append(all, &contest{name: "fleet", title: fmt.Sprintf("the same playbook on %d hosts, fleet alone", s.hosts), twice: true,
			players: []player{s.fleetRun(l, s.hosts)}})
	}
	for _, c := range all {
		c.each = s.each
	}
	return all
}

func (s settings) fleetRun(l *lab, hosts int) player {
	return player{name: "fleet run", runs: min(s.runs, 3),
		argv: []string{s.fleet, "run", "-i", l.must(hosts), "--host-key-checking", "strict", l.file("playbook/bench.yaml")}}
}

// must returns an inventory. One that cannot be written fails the run.
func (l *lab) must(hosts int) string {
	file, err := l.inventory(hosts)
	if err != nil {
		return "inventory: " + err.Error()
	}
	return file
}

// ansibleEnv gives Ansible its quickest usual configuration, and folders that go.
func (l *lab) ansibleEnv() []string {
	return []string{"ANSIBLE_CONFIG=" + l.file("ansible.cfg"), "ANSIBLE_PIPELINING=1", "ANSIBLE_SSH_CONTROL_PATH_DIR=" + l.file("c"),
		"ANSIBLE_LOCAL_TEMP=" + l.file("ansible"), "ANSIBLE_NOCOLOR=1", "ANSIBLE_TIMEOUT=60"}
}

// hold runs the players in turn and prints the table.
func (c *contest) hold(ctx context.Context, l *lab) error {
	first, second := make([][]sample, len(c.players)), make([][]sample, len(c.players))
	tree := ""
	for round, more := 0, true; more; round++ {
		more = false
		for i, p := range c.players {
			if round >= p.runs {
				continue
			}
			more = more || round+1 < p.runs
			if c.twice || p.bare {
				if err := l.reset(); err != nil {
					return err
				}
			}
			s, err := l.measure(ctx, p.argv, p.env)
			if err != nil {
				return err
			}
			c.say(p, s)
			first[i] = append(first[i], s)
			if !c.twice {
				continue
			}
			if s, err = l.again(ctx, p, &tree); err != nil {
				return err
			}
			c.say(p, s)
			second[i] = append(second[i], s)
		}
	}
	if !c.twice {
		c.print(c.title, first)
		return nil
	}
	c.print(c.title+", first run", first)
	c.print(c.title+", second run", second)
	return nil
}

// again makes the second run: nothing may change in it, and what there is on the
// hosts must be what the other players made.
func (l *lab) again(ctx context.Context, p player, tree *string) (sample, error) {
	s, err := l.measure(ctx, p.argv, p.env)
	if err != nil {
		return s, err
	}
	if n := changes(s.out); n != 0 {
		return s, fmt.Errorf("%s changed %d things in its second run\n%s", p.name, n, tail(s.out, 30))
	}
	now, err := digest(filepath.Join(l.home, "hosts"))
	if err != nil {
		return s, err
	}
	if *tree != "" && *tree != now {
		return s, fmt.Errorf("%s did not leave the same files as the others", p.name)
	}
	*tree = now
	return s, nil
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
	return fmt.Sprintf("%x", sum.Sum(nil)), errors.Join(err)
}
