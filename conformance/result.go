package main

import (
	"fmt"
	"regexp"
	"strings"
)

type status string

const (
	passed   status = "passed"
	failed   status = "failed"
	timedOut status = "timeout"
)

// A result is what became of one target.
type result struct {
	target  string
	status  status
	seconds float64
	reason  string // why it did not pass, as far as a line of its log can say it
}

func (r result) String() string {
	return strings.TrimRight(fmt.Sprintf("%s\t%s\t%.0f s\t%s", r.target, r.status, r.seconds, r.reason), "\t")
}

var (
	colours  = regexp.MustCompile("\x1b\\[[0-9;]*m")
	complain = regexp.MustCompile(`(?i)^(failed|fatal|unreachable)( \([a-z]+\))?: |^fleet: |ERROR!|^error: `)
	command  = regexp.MustCompile(`^\++ `)
)

// reason picks the line of a log that says most about why its target failed: the
// first mistake of a playbook that did not start, the last complaint of one that
// did, or else the last command of its script.
func reason(log string) string {
	lines := strings.Split(colours.ReplaceAllString(log, ""), "\n")
	last, found, more := "", "", 0
	for i, line := range lines {
		line = strings.TrimRight(line, " \r")
		if strings.HasSuffix(line, "=> {") {
			line += saying(lines[i+1:])
		}
		switch {
		case command.MatchString(line):
			last = line
		case !complain.MatchString(line) || strings.Contains(line, "(ignored)"):
		case refusal(found) && refusal(line):
			more++
		default:
			found, more = line, 0
		}
	}
	if more > 0 {
		found = fmt.Sprintf("%s (and %d more)", cut(found), more)
	}
	if found == "" {
		found = last
	}
	return cut(found)
}

// saying is what matters of an object that stands on lines of its own.
func saying(lines []string) string {
	for _, line := range lines {
		if line == "}" {
			break
		}
		if trimmed := strings.TrimSpace(line); strings.HasPrefix(trimmed, `"msg": `) || strings.HasPrefix(trimmed, `"assertion": `) {
			return trimmed
		}
	}
	return ""
}

// refusal says whether a line is one of those with which fleet refuses a playbook.
func refusal(line string) bool { return strings.HasPrefix(line, "fleet: ") }

// cut keeps a line short enough for a table.
func cut(line string) string {
	const most = 240
	if r := []rune(line); len(r) > most {
		return string(r[:most]) + "…"
	}
	return line
}
