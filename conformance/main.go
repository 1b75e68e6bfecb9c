// Conformance runs Ansible's own integration tests, from a checkout of the
// user's, with fleet in the place of Ansible's commands, each on a throw-away
// machine, and counts. With -with ansible it runs them with the checkout's own
// commands: the number that fleet's is compared with.
//
// The program has three lives. On the host it makes machines and counts. Copied
// into a machine it is called as "conformance inside" and runs one target there.
// Under the name of one of Ansible's commands it stands in for that command.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"fleet/conformance/inside"
	"fleet/conformance/standin"
)

func main() {
	name := filepath.Base(os.Args[0])
	if standin.Knows(name) {
		os.Exit(standin.Run(name, os.Args[1:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "conformance: %v\n", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 3 && args[0] == "inside" {
		return inside.Run(inside.Program(args[1]), args[2])
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	list, err := readTargets(filepath.Join(o.folder, "targets.txt"))
	if err != nil {
		return err
	}
	if err := list.compare(o.ansible); err != nil {
		return err
	}
	todo, err := list.choose(o.only)
	if err != nil {
		return err
	}
	if o.missing {
		known, err := recall(recordPath(o, inside.Ansible))
		if err != nil {
			return err
		}
		todo = slices.DeleteFunc(todo, func(name string) bool { return known[name] != "" })
	}
	if o.check {
		return checkAll(ctx, o, todo)
	}
	if o.image == "" {
		if o.image, err = buildImage(ctx, o.folder); err != nil {
			return err
		}
	}
	results, err := runAll(ctx, o, todo)
	if err != nil || len(o.only) > 0 {
		return err
	}
	return conclude(o, list, results)
}

// options are what the command line says. Paths are absolute.
type options struct {
	ansible, fleet, folder, logs, image string

	with     inside.Program
	limit    time.Duration
	machines int

	background, missing, check bool
	only                       []string
}

func parse(args []string) (options, error) {
	o := options{with: inside.Fleet}
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.StringVar(&o.ansible, "ansible", "", "the `folder` of a checkout of ansible-core")
	flags.StringVar(&o.fleet, "fleet", "bin/fleet", "the fleet `program` to test")
	flags.StringVar(&o.folder, "folder", "conformance", "the `folder` that this program's sources are in")
	flags.StringVar(&o.logs, "logs", "conformance/.state/logs", "the `folder` for what the targets print")
	flags.StringVar(&o.image, "image", "", "the machine's image, where it is built already")
	flags.DurationVar(&o.limit, "limit", 300*time.Second, "how long a target may take")
	flags.IntVar(&o.machines, "machines", 2, "how many machines work side by side")
	flags.BoolVar(&o.background, "background", false, "let all else on the host go first")
	flags.BoolVar(&o.missing, "missing", false, "only what Ansible has no result of yet")
	flags.BoolVar(&o.check, "check", false, "run fleet check alone, here, and compare its errors with check.txt")
	flags.Func("with", "whose commands run: fleet or ansible (default fleet)", func(s string) error {
		o.with = inside.Program(s)
		return o.with.Valid()
	})
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.ansible == "" {
		return o, errors.New("no checkout of ansible-core is named\nhint: -ansible FOLDER, or make conformance ANSIBLE=FOLDER")
	}
	o.only = flags.Args()
	for _, path := range []*string{&o.ansible, &o.fleet, &o.folder, &o.logs} {
		abs, err := filepath.Abs(*path)
		if err != nil {
			return o, err
		}
		*path = abs
	}
	return o, nil
}
