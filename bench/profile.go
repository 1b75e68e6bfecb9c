package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/helper"
)

// profiled is how many simulated hosts the profile is made with.
const profiled = 300

// groups are what the controller's work is sorted into, by the beginning of a
// function's name. The first that fits counts.
var groups = []struct{ name, prefixes string }{
	{"ciphers, keys, digests", "crypto/ golang.org/x/crypto/chacha golang.org/x/crypto/internal golang.org/x/crypto/poly1305 golang.org/x/crypto/curve math/big"},
	{"the SSH protocol", "golang.org/x/crypto/ssh fleet/internal/ssh bufio."},
	{"system calls and sockets", "syscall. internal/runtime/syscall internal/poll. net. runtime/internal/syscall runtime.epoll runtime.netpoll runtime.futex"},
	{"JSON", "encoding/json reflect. strconv. unicode/"},
	{"templates and variables", "fleet/internal/jinja fleet/internal/vars"},
	{"engine", "fleet/internal/engine fleet/internal/event fleet/internal/argument fleet/internal/spec"},
	{"session and frames", "fleet/internal/session fleet/internal/wire fleet/internal/launch"},
	{"memory and garbage collection", "runtime.gc runtime.(*gc runtime.scan runtime.mark runtime.grey runtime.malloc runtime.(*m runtime.sweep runtime.(*sweep " +
		"runtime.wb runtime.heap runtime.next runtime.new runtime.grow runtime.make runtime.bulk runtime.typed runtime.find runtime.memclr runtime.try internal/runtime/gc"},
	{"the rest of Go's runtime", "runtime. internal/runtime runtime/ sync. internal/sync sync/ gogo aeshash"},
}

// profile notes what the controller's processor time is spent on.
func (b *bench) profile(ctx context.Context) error {
	f, err := b.simulate(ctx, "")
	if err != nil {
		return err
	}
	all := b.Meter.Hosts
	defer func() { b.Meter.Hosts = all[:len(all)-1] }()
	inventory, err := f.inventory(profiled)
	if err != nil {
		return err
	}
	helpers := &helper.Store{Own: b.fleet}
	if _, err := helpers.All(); err != nil { // the digest is made once, and not now
		return err
	}
	var profile bytes.Buffer
	if err := pprof.StartCPUProfile(&profile); err != nil {
		return err
	}
	err = runHere(ctx, inventory, b.file("playbook/bench.yaml"), f.file("known_hosts"), helpers, nowhere{})
	pprof.StopCPUProfile()
	_, serr := f.spans()
	if err := errors.Join(err, serr); err != nil {
		return err
	}
	file := b.file("cpu.profile")
	if err := os.WriteFile(file, profile.Bytes(), 0o600); err != nil {
		return err
	}
	top, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-top", "-nodecount=100000", "-nodefraction=0", file).Output()
	if err != nil {
		return fmt.Errorf("go tool pprof: %w", err)
	}
	return b.note("the controller's processor time for the playbook on %d simulated hosts, logins among it\n%s", profiled, shares(top))
}

// shares sums up the lines of pprof's -top by groups.
func shares(top []byte) string {
	sums := map[string]float64{}
	for lines := bufio.NewScanner(bytes.NewReader(top)); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) < 6 {
			continue
		}
		percent, err := strconv.ParseFloat(strings.TrimSuffix(words[1], "%"), 64)
		if err == nil && strings.HasSuffix(words[1], "%") {
			sums[groupOf(words[5])] += percent
		}
	}
	var names []string
	for name := range sums {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return int(1000 * (sums[b] - sums[a])) })
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "  %5.1f %%  %s\n", sums[name], name)
	}
	return b.String()
}

func groupOf(function string) string {
	for _, g := range groups {
		for prefix := range strings.FieldsSeq(g.prefixes) {
			if strings.HasPrefix(function, prefix) {
				return g.name
			}
		}
	}
	return "others"
}
