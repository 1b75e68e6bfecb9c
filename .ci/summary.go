// Command summary reads what `go test -json` wrote, prints each package's result
// and the output of what failed, and then which tests took longest and how many
// there were.
//
// usage: summary [-all] [-logs PACKAGE] FILE...
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
)

// event is a line of `go test -json` (go doc test2json), or of a failed build.
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

type totals struct {
	passed, failed, skipped int
	broken                  bool // a package failed without a failed test
	output                  map[string][]string
	took                    []event // the end of each test, without those inside of it
	logs                    string  // a package whose tests' output is printed in any case
}

func main() {
	t := totals{output: map[string][]string{}}
	all := flag.Bool("all", false, "show the time of every test that took a tenth of a second, and not only of the slowest")
	flag.StringVar(&t.logs, "logs", "", "print what the tests of this package log, also where they pass")
	flag.Parse()
	for _, name := range flag.Args() {
		if err := t.read(name); err != nil {
			fmt.Fprintln(os.Stderr, "summary:", err)
			os.Exit(1)
		}
	}
	t.slowest(*all)
	fmt.Printf("%d tests passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
	if t.failed > 0 || t.broken || t.passed == 0 {
		os.Exit(1)
	}
}

func (t *totals) read(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	dec := json.NewDecoder(f)
	for {
		var e event
		if err := dec.Decode(&e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		t.take(e)
	}
}

func (t *totals) take(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		t.output[key] = append(t.output[key], e.Output)
	case "build-output":
		fmt.Print(e.Output)
	case "build-fail":
		t.broken = true
	case "pass", "fail", "skip":
		if e.Test == "" {
			t.packageDone(e, key)
		} else {
			t.testDone(e, key)
		}
		delete(t.output, key)
	}
}

func (t *totals) testDone(e event, key string) {
	if !strings.Contains(e.Test, "/") {
		t.took = append(t.took, e)
	}
	show := e.Package == t.logs
	switch e.Action {
	case "pass":
		t.passed++
	case "skip":
		t.skipped++
		show = true
	case "fail":
		t.failed++
		show = true
	}
	if show {
		fmt.Print(strings.Join(t.output[key], ""))
	}
}

// slowest prints a table of the tests and the seconds that they took.
func (t *totals) slowest(all bool) {
	slices.SortStableFunc(t.took, func(a, b event) int { return cmp.Compare(b.Elapsed, a.Elapsed) })
	fmt.Println("\nseconds  test")
	rest := 0.0
	for i, e := range t.took {
		if all && e.Elapsed >= 0.1 || !all && i < 10 {
			fmt.Printf("%7.1f  %s %s\n", e.Elapsed, e.Package, e.Test)
			continue
		}
		rest += e.Elapsed
	}
	fmt.Printf("%7.1f  all others, on %d processors\n\n", rest, runtime.NumCPU())
}

func (t *totals) packageDone(e event, key string) {
	switch e.Action {
	case "pass":
		fmt.Printf("ok    %-45s %6.1f s\n", e.Package, e.Elapsed)
	case "fail":
		t.broken = true
		lines := slices.DeleteFunc(t.output[key], func(s string) bool { return strings.HasPrefix(s, "FAIL") })
		fmt.Printf("%sFAIL  %-45s %6.1f s\n", strings.Join(lines, ""), e.Package, e.Elapsed)
	}
}
