// Command summary reads what `go test -json` wrote, prints each package's result
// and the output of what failed, and then how many tests there were.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
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
}

func main() {
	t := totals{output: map[string][]string{}}
	for _, name := range os.Args[1:] {
		if err := t.read(name); err != nil {
			fmt.Fprintln(os.Stderr, "summary:", err)
			os.Exit(1)
		}
	}
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
	switch e.Action {
	case "pass":
		t.passed++
	case "skip":
		t.skipped++
		fmt.Print(strings.Join(t.output[key], ""))
	case "fail":
		t.failed++
		fmt.Print(strings.Join(t.output[key], ""))
	}
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
