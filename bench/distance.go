package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"fleet/bench/hosts"
	"fleet/bench/measure"
	"fleet/bench/peers"
	"fleet/bench/result"
	link "fleet/internal/fleettest/distance"
)

// far is the hosts at a distance.
type far struct {
	*bench
	rtt       time.Duration
	route     hosts.Route
	inventory string
	proxies   []*link.Proxy
}

// farHosts is how many hosts are at a distance.
const farHosts = 10

// distance is part D: the same through a link with a delay.
func distance(ctx context.Context, b *bench) error {
	tree := b.file("tree")
	if err := writeTree(tree); err != nil {
		return err
	}
	var lasted time.Duration
	for _, rtt := range []time.Duration{26 * time.Millisecond, 100 * time.Millisecond} {
		f, err := b.goFar(rtt)
		if err != nil {
			return err
		}
		err = errors.Join(f.playbook(ctx), f.files(ctx, &lasted), f.tree(ctx, tree))
		for _, p := range f.proxies {
			err = errors.Join(err, p.Close())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// goFar puts a link in front of each host.
func (b *bench) goFar(rtt time.Duration) (*far, error) {
	ms := int(rtt.Milliseconds())
	f := &far{bench: b, rtt: rtt, route: hosts.Route{Name: fmt.Sprintf("%dms", ms), Network: fmt.Sprintf("127.0.%d", ms)}}
	for i := range farHosts {
		p, err := link.Listen(f.route.Address(i), b.hosts.Direct().Address(i), link.Link{RTT: rtt, Rate: linkSpeed})
		if err != nil {
			return nil, err
		}
		f.proxies = append(f.proxies, p)
		f.route.Port = p.Port() // the first one chooses
	}
	if err := errors.Join(b.hosts.Reset(), b.hosts.Trust(f.route)); err != nil {
		return nil, err
	}
	var err error
	f.inventory, err = b.hosts.Inventory(f.route, 1)
	return f, err
}

// trip is one run over the link.
type trip struct {
	measure.Sample
	link.Count
}

// over runs a player and counts what went over the first host's link.
func (f *far) over(ctx context.Context, p player) (trip, error) {
	before := f.proxies[0].Count()
	s, err := f.once(ctx, contest{}, p)
	after := f.proxies[0].Count()
	return trip{s, link.Count{RoundTrips: after.RoundTrips - before.RoundTrips, Up: after.Up - before.Up, Down: after.Down - before.Down}}, err
}

// playbook is the playbook of part A, and the least that a command takes.
func (f *far) playbook(ctx context.Context) error {
	run := f.fleetRun(f.inventory)
	bare, err := f.over(ctx, run)
	if err != nil {
		return err
	}
	login, err := f.over(ctx, f.fleetExec("fleet exec true", f.inventory, "true"))
	if err != nil {
		return err
	}
	again, err := f.over(ctx, run)
	if err != nil {
		return err
	}
	if n := changes(again.Out); n != 0 {
		return fmt.Errorf("%d changes in the second run", n)
	}
	more := again.RoundTrips - login.RoundTrips
	err = errors.Join(
		f.say(result.Line{Part: "D", What: f.at("no-change run, round trips beside those of one command"), Fleet: fmt.Sprint(more),
			Other: fmt.Sprintf("one command %d, %s", login.RoundTrips, seconds(login.Wall)), Ratio: seconds(again.Wall), Goal: "≤ 10", Reached: result.Reached(more <= 10)}),
		f.say(result.Line{Part: "B", What: f.at("first contact and first run, 20 Mbit/s"), Fleet: seconds(bare.Wall),
			Other: fmt.Sprintf("%.2f MB up, of which the link takes %s", float64(bare.Up)/1e6, seconds(f.linkTime(bare.Up)))}))
	if err != nil || !f.near() {
		return err
	}
	if err := f.severalHosts(ctx); err != nil || !f.has(peers.Ansible) {
		return err
	}
	o, err := f.over(ctx, player{name: "ansible-playbook", argv: peers.PlaybookArgs(f.inventory, f.file("playbook/bench.yaml")), env: peers.AnsibleEnv(f.Dir)})
	if err != nil {
		return err
	}
	return f.say(outcome{"f": again.Sample, "ansible-playbook": o.Sample}.beside("D", f.at("no-change run"), "f", "ansible-playbook", 0))
}

// severalHosts runs the playbook on all hosts that are at a distance.
func (f *far) severalHosts(ctx context.Context) error {
	all, err := f.hosts.Inventory(f.route, farHosts)
	if err != nil {
		return err
	}
	run := f.fleetRun(all)
	if _, err := f.over(ctx, run); err != nil { // which changes much on the others
		return err
	}
	t, err := f.over(ctx, run)
	if err != nil {
		return err
	}
	return f.say(result.Line{Part: "D", What: f.at(fmt.Sprintf("no-change run, %d hosts", farHosts)), Fleet: seconds(t.Wall)})
}

// smallFiles is how many files the loop writes, and the sample of it that Ansible
// gets.
const (
	smallFiles  = 1000
	ansibleLoop = 20
)

// files is a loop of many small files. What takes long nearby is not tried farther
// away; lasted is what it took.
func (f *far) files(ctx context.Context, lasted *time.Duration) error {
	if *lasted > 20*time.Second {
		return f.note("the loop of %d files was left out at %d ms: it took %s nearer by", smallFiles, f.rtt.Milliseconds(), seconds(*lasted))
	}
	book := f.file("playbook/files.yaml")
	run := player{name: "fleet run", argv: []string{f.fleet, "run", "-i", f.inventory, "--host-key-checking", "strict", "-e", fmt.Sprintf("count=%d", smallFiles), book}}
	first, err := f.over(ctx, run)
	if err != nil {
		return err
	}
	*lasted = first.Wall
	l := result.Line{Part: "D", What: f.at(fmt.Sprintf("%d files in a loop", smallFiles)), Fleet: seconds(first.Wall),
		Other: fmt.Sprintf("%d round trips", first.RoundTrips)}
	if f.near() {
		again, err := f.over(ctx, run)
		if err != nil {
			return err
		}
		l.Other += fmt.Sprintf("; again %s, %d", seconds(again.Wall), again.RoundTrips)
		l.Goal, l.Reached = "< 3 s", result.Reached(first.Wall < 3*time.Second)
	}
	if err := f.say(l); err != nil || !f.near() || !f.has(peers.Ansible) {
		return err
	}
	if err := f.hosts.Reset(); err != nil {
		return err
	}
	argv := append(peers.PlaybookArgs(f.inventory, book), "-e", fmt.Sprintf("count=%d", ansibleLoop))
	t, err := f.over(ctx, player{name: "ansible-playbook", argv: argv, env: peers.AnsibleEnv(f.Dir)})
	if err != nil {
		return err
	}
	scaled := t.Wall * smallFiles / ansibleLoop
	return f.say(result.Line{Part: "D", What: l.What, Fleet: seconds(first.Wall), Ratio: times(scaled, first.Wall),
		Other: fmt.Sprintf("ansible-playbook %s for %d files, × %d = %s", seconds(t.Wall), ansibleLoop, smallFiles/ansibleLoop, seconds(scaled))})
}

// tree is a folder of many files, copied and copied again.
func (f *far) tree(ctx context.Context, dir string) error {
	run := player{name: "fleet run", argv: []string{f.fleet, "run", "-i", f.inventory, "--host-key-checking", "strict", "-e", "tree=" + dir, f.file("playbook/tree.yaml")}}
	if err := f.hosts.Reset(); err != nil {
		return err
	}
	if _, err := f.over(ctx, f.fleetRun(f.inventory)); err != nil { // the helper is pushed
		return err
	}
	one, err := f.over(ctx, f.fleetExec("fleet exec true", f.inventory, "true"))
	if err != nil {
		return err
	}
	first, err := f.over(ctx, run)
	if err != nil {
		return err
	}
	again, err := f.over(ctx, run)
	if err != nil {
		return err
	}
	if n := changes(again.Out); n != 0 {
		return fmt.Errorf("the tree is changed when it is copied again: %d", n)
	}
	share := float64(f.linkTime(treeBytes)) / float64(first.Wall)
	what := f.at(fmt.Sprintf("a tree of %d files, %d MB", treeFiles, treeBytes/1_000_000))
	more := again.RoundTrips - one.RoundTrips
	err = errors.Join(
		f.say(result.Line{Part: "D", What: what, Fleet: seconds(first.Wall), Other: "the link's time for its bytes " + seconds(f.linkTime(treeBytes)),
			Ratio: fmt.Sprintf("%.0f %%", 100*share), Goal: "≥ 90 %", Reached: result.Reached(share >= 0.9)}),
		f.say(result.Line{Part: "D", What: what + " again, round trips beside those of one command", Fleet: fmt.Sprint(more), Other: seconds(again.Wall),
			Goal: "< 10", Reached: result.Reached(more < 10)}))
	if err != nil || !f.near() || f.alone {
		return err
	}
	return f.treeByOthers(ctx, dir, what, outcome{"fleet": first.Sample, "fleet again": again.Sample})
}

// treeByOthers copies the tree with rsync, and again, and with tar through ssh.
func (f *far) treeByOthers(ctx context.Context, dir, what string, o outcome) error {
	if f.has(peers.Rsync) {
		if err := f.hosts.Reset(); err != nil {
			return err
		}
		rsync := player{name: "rsync -az", argv: peers.RsyncArgs(f.hosts, f.route, 0, dir, f.hosts.Root+"/tree")}
		for _, name := range []string{"rsync -az", "rsync -az again"} {
			t, err := f.over(ctx, rsync)
			if err != nil {
				return err
			}
			o[name] = t.Sample
		}
		err := errors.Join(f.say(o.beside("D", what, "fleet", "rsync -az", 0)), f.say(o.beside("D", what+" again", "fleet again", "rsync -az again", 0)))
		if err != nil {
			return err
		}
	}
	if err := f.hosts.Reset(); err != nil {
		return err
	}
	t, err := f.over(ctx, player{name: "tar over ssh", argv: peers.TarLine(f.hosts, f.route, 0, dir, f.hosts.Root+"/tree")})
	if err != nil {
		return err
	}
	o["tar over ssh"] = t.Sample
	return f.say(o.beside("D", what, "fleet", "tar over ssh", 0))
}

// at says what is measured, and how far away.
func (f *far) at(what string) string { return fmt.Sprintf("%s, at %d ms", what, f.rtt.Milliseconds()) }

// near reports whether the others are measured at this distance, too.
func (f *far) near() bool { return f.rtt < 50*time.Millisecond }

// linkTime returns how long the link is busy with n bytes.
func (f *far) linkTime(n int64) time.Duration { return link.Link{Rate: linkSpeed}.Time(n) }

// The tree that is copied.
const (
	treeFiles = 2000
	treeBytes = 50_000_000
)

// writeTree writes files of bytes that cannot be compressed, always the same.
func writeTree(dir string) error {
	random := rand.NewChaCha8([32]byte{'t', 'r', 'e', 'e'})
	const folders = 40
	left := treeBytes
	for i := range treeFiles {
		// From 1 KB to twice the average, and at the end what is left.
		size := left
		if i < treeFiles-1 {
			size = min(left-(treeFiles-i-1)*1000, 1000+int(random.Uint64()%(2*treeBytes/treeFiles-2000)))
		}
		left -= size
		data := make([]byte, size)
		if _, err := random.Read(data); err != nil {
			return err
		}
		file := filepath.Join(dir, fmt.Sprintf("folder%02d", i%folders), fmt.Sprintf("file%04d", i))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, data, 0o644)); err != nil {
			return err
		}
	}
	return nil
}
