// Command bench measures fleet beside what people use today: clush, parallel-ssh,
// rsync, Ansible with and without Mitogen, and the least that a program could
// take. It prints one table, of one run on one machine.
//
// As root it runs in namespaces of its own (see package hosts): no process, user,
// file or open port is left, however it ends. Only the part docker is outside,
// on a machine of the lab.
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
	"slices"
	"strconv"
	"strings"
	"syscall"

	"fleet/bench/hosts"
)

// settings are the flags.
type settings struct {
	fleet     string // the program
	most      int    // hosts of the largest fleet over sshd
	simulated int    // of the largest fleet that is simulated
	runs      int    // of what is quick
	only      string // parts, with commas
	skip      string
	results   string // the file that keeps the table
	alone     bool   // without the programs that fleet is measured beside
	each      bool   // print every run
	in        string // the folder of the inner half
}

func main() {
	// The inner half dies with the thread that started it.
	runtime.LockOSThread()
	var s settings
	flag.StringVar(&s.fleet, "fleet", "bin/fleet", "the fleet to measure")
	flag.IntVar(&s.most, "hosts", hosts.Max, "hosts over sshd, up to 100; Ansible takes minutes for 100")
	flag.IntVar(&s.simulated, "simulated", 10000, "the most hosts that are simulated")
	flag.IntVar(&s.runs, "runs", 3, "runs of which the median is taken; the slow programs get one")
	flag.StringVar(&s.only, "only", "", "measure only these `parts`: "+strings.Join(partNames(), ","))
	flag.StringVar(&s.skip, "skip", "", "do not measure these `parts`")
	flag.StringVar(&s.results, "results", "", "write the table to this `file`, anew after each line")
	flag.BoolVar(&s.alone, "alone", false, "measure fleet alone, and the floor")
	flag.BoolVar(&s.each, "v", false, "print every run, and not only the medians")
	flag.StringVar(&s.in, "inside", "", "for the program's own use")
	simulate := flag.String("simulate", "", "for the program's own use: play the simulated hosts of this `folder`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := s.valid()
	switch {
	case err != nil:
	case *simulate != "":
		err = play(ctx, *simulate)
	case s.in != "":
		err = s.inside(ctx)
	default:
		err = s.outside(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (s *settings) valid() error {
	if s.most < 1 || s.most > hosts.Max || s.runs < 1 || s.simulated < 1 || s.simulated > maxSimulated {
		return fmt.Errorf("want 1 to %d hosts, 1 to %d simulated ones and at least 1 run", hosts.Max, maxSimulated)
	}
	for _, name := range append(names(s.only), names(s.skip)...) {
		if !slices.Contains(partNames(), name) {
			return fmt.Errorf("there is no part %q\nhint: there are %s", name, strings.Join(partNames(), ", "))
		}
	}
	var err error
	if s.fleet, err = filepath.Abs(s.fleet); err != nil {
		return err
	}
	if _, err = os.Stat(s.fleet); err != nil {
		err = errors.New(err.Error() + "\nhint: make build")
	}
	return err
}

// names splits a list with commas.
func names(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// wanted reports whether the flags ask for a part.
func (s *settings) wanted(name string) bool {
	only := names(s.only)
	return (len(only) == 0 || slices.Contains(only, name)) && !slices.Contains(names(s.skip), name)
}

// args returns the flags for the inner half.
func (s *settings) args(dir string) []string {
	return []string{"-inside", dir, "-fleet", s.fleet, "-hosts", strconv.Itoa(s.most), "-simulated", strconv.Itoa(s.simulated),
		"-runs", strconv.Itoa(s.runs), "-only", s.only, "-skip", s.skip, "-alone=" + strconv.FormatBool(s.alone), "-v=" + strconv.FormatBool(s.each)}
}
