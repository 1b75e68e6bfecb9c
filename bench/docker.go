package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"fleet/bench/measure"
	"fleet/bench/peers"
	"fleet/bench/result"
)

// containers is how many containers are made and removed.
const containers = 100

// machine is one machine of the lab, with an engine on it.
type machine struct {
	*bench
	name    string
	started bool // the lab was not up
}

// docker is part G: containers made and removed on one machine.
func docker(ctx context.Context, b *bench) error {
	m := &machine{bench: b, name: "bench-1"}
	if os.Getuid() != 0 {
		return errors.New("the lab needs root")
	}
	if err := os.CopyFS(b.Dir, playbookFiles); err != nil {
		return err
	}
	err := m.start(ctx)
	if err == nil {
		err = m.measure(ctx)
	}
	return errors.Join(err, m.remove(context.WithoutCancel(ctx)))
}

// start starts the machine, and the lab before it where that is not up.
func (m *machine) start(ctx context.Context) error {
	if _, err := os.Stat("lab/.state/inventory.yaml"); err != nil {
		m.started = true
		fmt.Println("starting the lab: the first time it takes some minutes")
		if err := lab(ctx, "lab/up", "--machines", "1"); err != nil {
			return err
		}
	}
	if err := lab(ctx, "lab/machine", "start", m.name); err != nil {
		return err
	}
	_, err := m.playbook(ctx, "engine.yaml")
	return err
}

// remove removes what start has made.
func (m *machine) remove(ctx context.Context) error {
	if m.started {
		return lab(ctx, "lab/down")
	}
	return lab(ctx, "lab/machine", "remove", m.name)
}

// lab runs one of the lab's programs.
func lab(ctx context.Context, argv ...string) error {
	if out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, measure.Tail(string(out), 10))
	}
	return nil
}

func (m *machine) playbook(ctx context.Context, book string, vars ...string) (measure.Sample, error) {
	argv := []string{m.fleet, "run", "-i", labFile("inventory.yaml"), "-e", "machine=" + m.name}
	for _, v := range vars {
		argv = append(argv, "-e", v)
	}
	return m.Run(ctx, append(argv, m.file("playbook/"+book)), nil)
}

// labFile returns a file of the lab's, which is started from the project's folder.
func labFile(name string) string {
	file, err := filepath.Abs(filepath.Join("lab/.state", name))
	if err != nil {
		return name
	}
	return file
}

// There are several ways to make and to remove containers.
const (
	byFleet   = "fleet"
	byLoop    = "docker, one by one"
	byXargs   = "docker, 16 at a time"
	byAnsible = "ansible docker_container"
)

// measure has all make the containers and remove them.
func (m *machine) measure(ctx context.Context) error {
	made, gone := outcome{}, outcome{}
	var err error
	for _, way := range []string{byFleet, byLoop, byXargs, byAnsible} {
		if m.alone && way != byFleet {
			continue
		}
		if way == byAnsible && (!m.has(peers.AnsibleDocker) || !m.has(peers.PythonDocker)) {
			continue
		}
		runs := 1
		if way == byFleet {
			runs = m.runs
		}
		if made[way], gone[way], err = m.both(ctx, way, runs); err != nil {
			return fmt.Errorf("%s: %w", way, err)
		}
	}
	for _, l := range []struct {
		what string
		o    outcome
	}{{fmt.Sprintf("%d containers made", containers), made}, {fmt.Sprintf("%d containers removed", containers), gone}} {
		goal := 0.0
		if l.what == fmt.Sprintf("%d containers made", containers) {
			goal = 3
		}
		for _, way := range []string{byLoop, byXargs, byAnsible} {
			if _, there := l.o[way]; there {
				err = errors.Join(err, m.say(l.o.beside("G", l.what, byFleet, way, goal)))
			}
			goal = 0 // the others are for comparison
		}
	}
	return errors.Join(err, m.say(result.Line{Part: "G", What: fmt.Sprintf("%d containers, made and removed by fleet", containers),
		Fleet: seconds(made[byFleet].Wall) + ", " + seconds(gone[byFleet].Wall),
		Other: "fleet's processor time " + seconds(made[byFleet].CPU) + ", " + seconds(gone[byFleet].CPU)}))
}

// both makes the containers and removes them, some times.
func (m *machine) both(ctx context.Context, way string, runs int) (made, gone measure.Sample, err error) {
	var up, down []measure.Sample
	for range runs {
		for _, state := range []string{"started", "absent"} {
			s, err := m.bring(ctx, way, state)
			if err != nil {
				return made, gone, err
			}
			if state == "started" {
				up = append(up, s)
			} else {
				down = append(down, s)
			}
		}
	}
	return measure.Median(up), measure.Median(down), nil
}

// bring brings the containers into a state.
func (m *machine) bring(ctx context.Context, way, state string) (measure.Sample, error) {
	count := fmt.Sprintf("count=%d", containers)
	run, end := "docker run -d --name bench$i bench/sleep /bin/sleep 1000000", "docker rm -f bench$i"
	if state == "absent" {
		run = end
	}
	switch way {
	case byFleet:
		return m.playbook(ctx, "containers.yaml", count, "state="+state)
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

// onMachine runs a line there as root.
func (m *machine) onMachine(ctx context.Context, line string) (measure.Sample, error) {
	return m.Run(ctx, []string{peers.SSH.File, "-F", labFile("ssh_config"), m.name, "sudo sh -c '" + line + "'"}, nil)
}

// forward brings the engine's socket here.
func (m *machine) forward(ctx context.Context) (*exec.Cmd, error) {
	socket := m.file("engine.sock")
	if err := os.RemoveAll(socket); err != nil {
		return nil, err
	}
	if _, err := m.onMachine(ctx, "chmod 666 /run/docker.sock"); err != nil {
		return nil, err
	}
	cmd := exec.Command(peers.SSH.File, "-F", labFile("ssh_config"), "-N", "-L", socket+":/run/docker.sock", m.name)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for range 100 {
		if _, err := os.Stat(socket); err == nil {
			return cmd, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, errors.Join(errors.New("the engine's socket cannot be reached"), cmd.Process.Kill(), cmd.Wait())
}
