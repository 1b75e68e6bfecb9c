package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"fleet/internal/session"
)

// see is a program for scripts: it runs fleet with its arguments and prints what
// an operator sees, both streams together, and the exit code where that is not
// 0. What differs from one run to the next is replaced by its name. Without
// --tty there is no terminal, wherever the test was started.
func see() {
	args := os.Args[1:]
	tty := len(args) > 0 && args[0] == "--tty"
	if tty {
		args = args[1:]
	}
	var out bytes.Buffer
	cmd := exec.Command("fleet", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: !tty}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGQUIT)
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var interrupted time.Time
	for {
		select {
		case s := <-signals:
			if s == syscall.SIGQUIT { // the test is out of time
				s = syscall.SIGABRT // shows where fleet hangs
			}
			interrupted = time.Now()
			if err := cmd.Process.Signal(s); err != nil {
				fmt.Println(err)
			}
		case err := <-ended:
			fmt.Print(steady(out.String()))
			// A host that does not confirm the end of its tasks is waited for that long.
			if took := time.Since(interrupted); !interrupted.IsZero() && took >= session.CancelWait {
				fmt.Printf("it took %s to end\n", took)
			}
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				fmt.Printf("exit %d\n", exit.ExitCode())
			} else if err != nil {
				fmt.Println(err)
			}
			return
		}
	}
}

// times are what a run says of clocks.
var times = []struct {
	shape *regexp.Regexp
	name  string
}{
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\.\d+Z?`), "$$time"},
	{regexp.MustCompile(`\b\d+:\d\d:\d\d\.\d{6}\b`), "$$delta"},
	{regexp.MustCompile(`/fleet-\d+\b`), "/fleet-$$uid"},
	{regexp.MustCompile(`\.fleet-target-\d+\b`), ".fleet-target-$$pid"},
	{regexp.MustCompile(`\.fleet-\d+-`), ".fleet-$$n-"},
	{regexp.MustCompile(`sh: (?:line )?\d+: `), "sh: "},
	{regexp.MustCompile(`"seconds":[0-9.]+`), `"seconds":0`},
	{regexp.MustCompile(`(?m)^time: .*`), "time: $$delta"},
}

// steady replaces what differs from run to run.
func steady(text string) string {
	var names []string
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		_, kind, found := strings.Cut(name, "_")
		if name == "WORK" || found && value != "" && slices.Contains([]string{"port", "home", "key", "keyprint", "fingerprint"}, kind) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return len(os.Getenv(b)) - len(os.Getenv(a)) }) // the longest first
	for _, name := range names {
		text = strings.ReplaceAll(text, os.Getenv(name), "$"+name)
	}
	for _, t := range times {
		text = t.shape.ReplaceAllString(text, t.name)
	}
	return inHostOrder(text)
}

// hostLine is the first line of what is said of one host.
var hostLine = regexp.MustCompile(`^(?:[a-z]+(?: \([a-z ]+\))?: \[(\w+)\]|(\w+) +\| )`)

// inHostOrder sorts neighbouring lines of different hosts, which come in the
// order in which the hosts finish.
func inHostOrder(text string) string {
	type part struct{ host, text string }
	var out strings.Builder
	var parts []part
	flush := func() {
		slices.SortStableFunc(parts, func(a, b part) int { return strings.Compare(a.host, b.host) })
		for _, p := range parts {
			out.WriteString(p.text)
		}
		parts = nil
	}
	for line := range strings.Lines(text) {
		m := hostLine.FindStringSubmatch(line)
		switch {
		case m != nil:
			parts = append(parts, part{m[1] + m[2], line})
		case len(parts) > 0 && strings.HasPrefix(line, " "):
			parts[len(parts)-1].text += line
		default:
			flush()
			out.WriteString(line)
		}
	}
	flush()
	return out.String()
}
