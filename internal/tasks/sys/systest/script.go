// Package systest tests modules against a machine that is not there: its files
// lie in a throw-away root, and its commands are scripted. It is for tests only.
package systest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"fleet/internal/tasks/sys"
)

// Step is one command that the test expects, and what it leaves.
type Step struct {
	// Line is the command as Line writes it.
	Line string
	// Stdin has to be what the command gets, where it is not empty.
	Stdin string
	sys.Output
}

// Script is a sys.Runner that plays steps in their order. A command that does
// not come next fails the test.
type Script struct {
	t     testing.TB
	steps []Step
	next  int
	last  func() // called with the last step, where it is not nil
}

// NewScript returns a Script of these steps. Done says whether all were played.
func NewScript(t testing.TB, steps ...Step) *Script { return &Script{t: t, steps: steps} }

// Run plays the next step, which has to be c's.
func (s *Script) Run(_ context.Context, _ *sys.Machine, c sys.Command) (sys.Output, error) {
	s.t.Helper()
	line := Line(c.Argv)
	if s.next == len(s.steps) {
		s.t.Errorf("unexpected command, behind the last one:\n$ %s", line)
		return sys.Output{}, fmt.Errorf("unexpected command %s", line)
	}
	step := s.steps[s.next]
	if line != step.Line {
		s.t.Errorf("unexpected command:\ngot  $ %s\nwant $ %s", line, step.Line)
		return sys.Output{}, fmt.Errorf("unexpected command %s", line)
	}
	s.next++
	if s.next == len(s.steps) && s.last != nil {
		s.last()
	}
	if got := string(c.Stdin); step.Stdin != "" && got != step.Stdin {
		s.t.Errorf("$ %s: stdin is %q, want %q", line, got, step.Stdin)
	}
	return step.Output, nil
}

// Done fails the test where commands were expected and did not come.
func (s *Script) Done() {
	s.t.Helper()
	for _, step := range s.steps[s.next:] {
		s.t.Errorf("expected command did not come:\n$ %s", step.Line)
	}
}

// Line writes a command as a line of a transcript: words with anything but
// plain characters stand in Go's double quotes.
func Line(argv []string) string {
	words := make([]string, len(argv))
	for i, arg := range argv {
		words[i] = arg
		if arg == "" || strings.ContainsAny(arg, " \t\n\"'") {
			words[i] = strconv.Quote(arg)
		}
	}
	return strings.Join(words, " ")
}

// ParseTranscript reads the steps of a transcript, in which
//
//	$ is a command, as Line writes it
//	< is a line of its standard input
//	! is a line of its standard error
//	? is its exit code
//
// and any other line is of its standard output. A line that starts with one of
// these signs is written behind a backslash.
func ParseTranscript(text string) ([]Step, error) {
	var steps []Step
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		sign, rest, _ := strings.Cut(line, " ")
		if sign == "$" {
			steps = append(steps, Step{Line: rest})
			continue
		}
		if len(steps) == 0 {
			if strings.TrimSpace(line) == "" {
				continue
			}
			return nil, fmt.Errorf("line %d: output before the first command", i+1)
		}
		if err := steps[len(steps)-1].add(sign, rest, line); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return steps, nil
}

func (s *Step) add(sign, rest, line string) (err error) {
	switch sign {
	case "<":
		s.Stdin += rest + "\n"
	case "!":
		s.Stderr += rest + "\n"
	case "?":
		s.Code, err = strconv.Atoi(rest)
	default:
		s.Stdout += strings.TrimPrefix(line, `\`) + "\n"
	}
	return err
}
