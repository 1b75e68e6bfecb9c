package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"fleet/bench/hosts"
	"fleet/bench/measure"
	"fleet/bench/peers"
	"fleet/bench/result"
)

// part is one letter of the table, or what belongs below it.
type part struct {
	name    string
	outside bool // it needs the machine's own network
	run     func(ctx context.Context, b *bench) error
}

// parts are in the order in which they run.
var parts = []part{
	{"size", false, sizes},
	{"version", false, version},
	{"check", false, check},
	{"templates", false, templates},
	{"trace", false, trace},
	{"exec", false, oneCommand},
	{"output", false, output},
	{"first", false, first},
	{"growth", false, growth},
	{"slow", false, slow},
	{"distance", false, distance},
	{"docker", true, docker},
	{"nochange", false, noChange},
}

func partNames() (names []string) {
	for _, p := range parts {
		names = append(names, p.name)
	}
	return names
}

// bench is what the parts share.
type bench struct {
	settings
	*measure.Meter
	hosts *hosts.Hosts // nil outside
	out   io.Writer    // takes records
}

// say adds a line to the table.
func (b *bench) say(l result.Line) error { return result.Send(b.out, result.Record{Line: &l}) }

// note adds a text below the table.
func (b *bench) note(format string, args ...any) error {
	return result.Send(b.out, result.Record{Text: fmt.Sprintf(format, args...)})
}

// perform runs the parts that are wanted here. A part that fails is noted, and
// does not keep the others from running.
func (b *bench) perform(ctx context.Context, outside bool) error {
	var failed error
	for _, p := range parts {
		if p.outside != outside || !b.wanted(p.name) || ctx.Err() != nil {
			continue
		}
		fmt.Printf("measuring %s\n", p.name)
		if err := p.run(ctx, b); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", p.name, err), b.note("%s was not measured: %v", p.name, err))
		}
	}
	return errors.Join(failed, ctx.Err())
}

// outside is the half that starts the other one, and keeps the results.
func (s settings) outside(ctx context.Context) error {
	r := &results{file: s.results, settings: s}
	if missing := peers.Install(ctx, os.Stdout); len(missing) > 0 {
		r.notes = append(r.notes, fmt.Sprintf("Left out, for it is not installed here: %v.", missing))
	}
	if !peers.SSHD.There() {
		return errors.New("there is no sshd\nhint: apt-get install openssh-server")
	}
	r.describe(ctx)
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	err = errors.Join(s.withInner(ctx, dir, r), s.onThisMachine(ctx, r))
	fmt.Print("\n", r.text())
	return err
}

// withInner runs the inner half and takes its records.
func (s settings) withInner(ctx context.Context, dir string, r *results) error {
	cmd, err := hosts.Enter(ctx, s.args(dir)...)
	if err != nil {
		return err
	}
	records, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer records.Close()
	cmd.ExtraFiles = []*os.File{theirs}
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return err
	}
	err = result.Receive(records, r.take)
	if cmd.Wait() != nil {
		err = errors.Join(err, errors.New("not all was measured")) // the inner half has said why
	}
	return err
}

// onThisMachine runs the parts that need no hosts of the benchmark's own.
func (s settings) onThisMachine(ctx context.Context, r *results) error {
	if err := measure.Adopt(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{settings: s, Meter: &measure.Meter{Dir: dir}, out: r}
	return b.perform(ctx, true)
}

// inside is the half that has the hosts.
func (s settings) inside(ctx context.Context) error {
	h, err := hosts.Start(ctx, s.in)
	if err != nil {
		return err
	}
	defer h.Close()
	if err := errors.Join(measure.Adopt(), os.CopyFS(s.in, playbookFiles)); err != nil {
		return err
	}
	b := &bench{settings: s, hosts: h, out: os.NewFile(3, "records"),
		Meter: &measure.Meter{Dir: s.in, Hosts: []int{h.PID()}, User: h.UID}}
	if h.Note != "" {
		if err := b.note("%s", h.Note); err != nil {
			return err
		}
	}
	return b.perform(ctx, false)
}

// has reports whether a program is measured: it is installed, and wanted.
func (s *settings) has(p peers.Program) bool { return p.There() && !s.alone }

// file returns a file in the benchmark's folder.
func (b *bench) file(name string) string { return filepath.Join(b.Dir, name) }
