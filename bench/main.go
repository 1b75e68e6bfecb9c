// Command bench measures fleet beside what people use today: clush and ansible
// for one command, ansible-playbook with and without Mitogen for a playbook. It
// prints what it measured, in one run, with ratios.
//
// The hosts are one private sshd on 127.0.1.1 to 127.0.1.100. As root it runs in
// namespaces of its own, with a user that exists only there: no process, user,
// file or open port is left, however it ends, and no packet leaves the machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
)

// settings are the flags.
type settings struct {
	fleet string // the program
	hosts int    // for what is quick
	few   int    // for what takes minutes
	runs  int    // of what is quick
	full  bool   // everything with hosts
	only  string // a contest's name
	each  bool   // print every run
	in    string // the folder of the inner half
}

func main() {
	// The inner half dies with the thread that started it.
	runtime.LockOSThread()
	var s settings
	flag.StringVar(&s.fleet, "fleet", "bin/fleet", "the fleet to measure")
	flag.IntVar(&s.hosts, "hosts", maxHosts, "hosts, up to 100")
	flag.IntVar(&s.few, "few", 20, "hosts for the playbook with ansible, which takes minutes")
	flag.IntVar(&s.runs, "runs", 5, "runs of which the median is taken; ansible's playbook gets one")
	flag.BoolVar(&s.full, "full", false, "ansible's playbook on all hosts too")
	flag.StringVar(&s.only, "only", "", "measure only exec, playbook, fleet or size")
	flag.BoolVar(&s.each, "v", false, "print every run, and not only the medians")
	flag.StringVar(&s.in, "inside", "", "for the program's own use")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := s.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (s settings) run(ctx context.Context) error {
	if s.in != "" {
		return s.inside(ctx)
	}
	if s.hosts < 1 || s.hosts > maxHosts || s.few < 1 || s.runs < 1 {
		return errors.New("want 1 to 100 hosts and at least 1 run")
	}
	if s.full {
		s.few = s.hosts
	}
	s.few = min(s.few, s.hosts)
	var err error
	if s.fleet, err = filepath.Abs(s.fleet); err != nil {
		return err
	}
	if _, err := os.Stat(s.fleet); err != nil {
		return fmt.Errorf("%w\nhint: make build", err)
	}
	if err := install(ctx); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	return s.enter(ctx, dir)
}

// inside is the half that measures.
func (s settings) inside(ctx context.Context) error {
	l, err := startLab(ctx, s.in, s.hosts)
	if err != nil {
		return err
	}
	defer l.close()
	printMachine()
	for _, c := range s.contests(l) {
		if s.only != "" && s.only != c.name {
			continue
		}
		if err := c.hold(ctx, l); err != nil {
			return fmt.Errorf("%s: %w", c.title, err)
		}
	}
	if s.only == "" || s.only == "size" {
		return l.printSizes(s.fleet)
	}
	return nil
}
