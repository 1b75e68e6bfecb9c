package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/sys/unix"

	"fleet/bench/hosts"
	"fleet/bench/measure"
	"fleet/bench/result"
	"fleet/bench/simulate"
)

const maxSimulated = simulate.Max

// slowDelay is what the slow host takes for each call.
const slowDelay = 5 * time.Second

// simulated is a process that plays hosts, and the folder with what reaches it.
type simulated struct {
	dir string
	cmd *exec.Cmd
}

// simulate starts the process. The folder gets keys and the port.
func (b *bench) simulate(ctx context.Context, slow string) (*simulated, error) {
	f := &simulated{dir: b.file("simulated")}
	if err := errors.Join(os.RemoveAll(f.dir), os.Mkdir(f.dir, 0o700)); err != nil {
		return nil, err
	}
	if err := os.WriteFile(f.file("slow"), []byte(slow), 0o600); err != nil {
		return nil, err
	}
	for _, name := range []string{"host_key", "login_key"} {
		if _, err := hosts.NewKey(f.file(name)); err != nil {
			return nil, err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	f.cmd = exec.Command(self, "-simulate", f.dir, "-fleet", b.fleet)
	f.cmd.Stdout, f.cmd.Stderr = os.Stdout, os.Stderr
	f.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := f.cmd.Start(); err != nil {
		return nil, err
	}
	b.Meter.Hosts = append(b.Meter.Hosts, f.cmd.Process.Pid)
	for range 200 {
		if _, err := os.Stat(f.file("port")); err == nil {
			return f, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil, errors.Join(errors.New("the simulated hosts did not start"), f.cmd.Process.Kill(), f.cmd.Wait())
}

func (f *simulated) file(name string) string { return filepath.Join(f.dir, name) }

// inventory writes an inventory of the first n hosts and a known_hosts file, and
// returns the first.
func (f *simulated) inventory(n int) (string, error) {
	port, err := os.ReadFile(f.file("port"))
	if err != nil {
		return "", err
	}
	key, err := os.ReadFile(f.file("host_key.pub"))
	if err != nil {
		return "", err
	}
	var list, known strings.Builder
	fmt.Fprintf(&list, "all:\n  vars:\n    ansible_port: %s\n    ansible_user: bench\n    ansible_ssh_private_key_file: %s\n", port, f.file("login_key"))
	fmt.Fprintf(&list, "    ansible_ssh_common_args: -o UserKnownHostsFile=%s -o StrictHostKeyChecking=yes\n    root: /srv\n  hosts:\n", f.file("known_hosts"))
	for i := range n {
		fmt.Fprintf(&list, "    host%05d: {ansible_host: %s}\n", i+1, simulate.Address(i))
		fmt.Fprintf(&known, "[%s]:%s %s", simulate.Address(i), port, key)
	}
	file := f.file("inventory.yaml")
	return file, errors.Join(os.WriteFile(file, []byte(list.String()), 0o600), os.WriteFile(f.file("known_hosts"), []byte(known.String()), 0o600))
}

// spans ends the process and returns when each host was heard of.
func (f *simulated) spans() (map[string]simulate.Span, error) {
	if err := f.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return nil, err
	}
	if err := f.cmd.Wait(); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(f.file("spans"))
	if err != nil {
		return nil, err
	}
	spans := map[string]simulate.Span{}
	return spans, json.Unmarshal(data, &spans)
}

// play is the process that plays the hosts of a folder. At its end it writes when
// each was heard of.
func play(ctx context.Context, dir string) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err == nil {
		limit.Cur = limit.Max
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &limit) // it may stay as it is
	}
	private, err := os.ReadFile(filepath.Join(dir, "host_key"))
	if err != nil {
		return err
	}
	f := &simulate.Fleet{}
	if f.HostKey, err = ssh.ParsePrivateKey(private); err != nil {
		return err
	}
	public, err := os.ReadFile(filepath.Join(dir, "login_key.pub"))
	if err != nil {
		return err
	}
	if f.Login, _, _, _, err = ssh.ParseAuthorizedKey(public); err != nil {
		return err
	}
	slow, err := os.ReadFile(filepath.Join(dir, "slow"))
	if err != nil {
		return err
	}
	f.Slow, f.Delay = string(slow), slowDelay
	listener, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		return err
	}
	port := fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)
	if err := os.WriteFile(filepath.Join(dir, "port.new"), []byte(port), 0o600); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(dir, "port.new"), filepath.Join(dir, "port")); err != nil {
		return err
	}
	if err := f.Serve(ctx, listener); err != nil {
		return err
	}
	data, err := json.Marshal(f.Spans())
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "spans"), data, 0o600)
}

// fleetSizes are the numbers of simulated hosts.
func (s *settings) fleetSizes() []int {
	var list []int
	for _, n := range []int{100, 1000} {
		if n < s.simulated {
			list = append(list, n)
		}
	}
	return append(list, s.simulated)
}

// growth is part E: the playbook on many hosts.
func growth(ctx context.Context, b *bench) error {
	var before time.Duration
	for i, n := range b.fleetSizes() {
		o, _, err := b.onSimulated(ctx, n, "")
		if err != nil {
			return err
		}
		run, login := o["fleet run"], o["fleet exec true"]
		perTask := run.CPU / time.Duration(n*executions)
		l := result.Line{Part: "E", What: fmt.Sprintf("the playbook on %d simulated hosts", n), Fleet: seconds(run.Wall),
			Other: fmt.Sprintf("%s, %d open files", mebibytes(run.Memory), run.Files),
			Ratio: fmt.Sprintf("%d µs a host and task", (run.Wall / time.Duration(n*executions)).Microseconds())}
		if n == 10000 {
			l.Goal, l.Reached = "< 2 GiB", result.Reached(run.Memory < 2<<30)
		}
		own := max(run.CPU-login.CPU, 0) / time.Duration(n*executions)
		err = errors.Join(b.say(l), b.say(result.Line{Part: "F", What: fmt.Sprintf("processor time a host and task, %d simulated hosts", n),
			Fleet: fmt.Sprintf("%d µs", perTask.Microseconds()), Other: fmt.Sprintf("without the logins %d µs", own.Microseconds())}))
		if err != nil {
			return err
		}
		if i > 0 {
			few := b.fleetSizes()[i-1]
			if err := b.say(linear(few, n, before, run.Wall)); err != nil {
				return err
			}
		}
		before = run.Wall
	}
	return nil
}

// linear says how time has grown with the hosts. A tenth more than linear is
// taken for linear.
func linear(few, many int, before, after time.Duration) result.Line {
	goal := 1.1 * float64(many) / float64(few)
	return result.Line{Part: "E", What: fmt.Sprintf("growth from %d to %d simulated hosts", few, many), Fleet: seconds(after), Other: seconds(before),
		Ratio: times(after, before), Goal: fmt.Sprintf("≤ %.2g ×", goal), Reached: result.Reached(ratio(after, before) <= goal)}
}

// onSimulated runs the playbook on n hosts, of which one may be slow.
func (b *bench) onSimulated(ctx context.Context, n int, slow string) (outcome, map[string]simulate.Span, error) {
	f, err := b.simulate(ctx, slow)
	if err != nil {
		return nil, nil, err
	}
	all := b.Meter.Hosts
	defer func() { b.Meter.Hosts = all[:len(all)-1] }()
	inventory, err := f.inventory(n)
	if err != nil {
		return nil, nil, err
	}
	run, login := b.fleetRun(inventory), b.fleetExec("fleet exec true", inventory, "true")
	players := []player{run, login}
	if n > 1000 {
		players[0].runs, players[1].runs = 1, 1
	}
	if slow != "" {
		// The last tasks are enough to see who waits for whom.
		players = players[:1]
		players[0].runs = 1
		players[0].argv = append(players[0].argv, "--start-at-task", "Look at a file")
	}
	title := fmt.Sprintf("the playbook on %d simulated hosts", n)
	if slow != "" {
		title = fmt.Sprintf("the last tasks of the playbook on %d simulated hosts, of which one takes %s for each call", n, slowDelay)
	}
	o, err := b.hold(ctx, contest{title: title, players: players, judge: func(p player, s measure.Sample) error {
		if n := changes(s.Out); p.name == run.name && n != 0 {
			return fmt.Errorf("%d changes", n)
		}
		return nil
	}})
	spans, serr := f.spans()
	return o, spans, errors.Join(err, serr)
}

// slow is the rest of part E: whom a slow host holds up.
func slow(ctx context.Context, b *bench) error {
	n := min(1000, b.simulated)
	_, spans, err := b.onSimulated(ctx, n, simulate.Address(0))
	if err != nil {
		return err
	}
	var begin, others, late time.Time
	for address, s := range spans {
		if begin.IsZero() || s.First.Before(begin) {
			begin = s.First
		}
		if address == simulate.Address(0) {
			late = s.Last
		} else if s.Last.After(others) {
			others = s.Last
		}
	}
	apart := others.Sub(begin)
	return b.say(result.Line{Part: "E", What: fmt.Sprintf("%d hosts, one of which takes %s a call: the others are done", n, slowDelay), Fleet: seconds(apart),
		Other: "the slow one " + seconds(late.Sub(begin)), Goal: "not delayed", Reached: result.Reached(apart < 2*slowDelay)})
}
