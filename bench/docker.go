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
		err = m.bringFloor(ctx)
	}
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

// lab runs one of the lab's programs. The engine that it may start is nobody's orphan.
func lab(ctx context.Context, argv ...string) (err error) {
	if err := measure.Disown(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, measure.Adopt()) }()
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

// bringFloor puts the program of the floor on the machine.
func (m *machine) bringFloor(ctx context.Context) error {
	file, err := m.build(ctx, "containers")
	if err != nil {
		return err
	}
	program, err := os.Open(file)
	if err != nil {
		return err
	}
	defer program.Close()
	cmd := exec.CommandContext(ctx, peers.SSH.File, "-F", labFile("ssh_config"), m.name, "cat >containers && chmod 755 containers")
	cmd.Stdin = program
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the floor's program: %w\n%s", err, out)
	}
	return nil
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
