package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/tasks/sys"
)

func (r *ufwRun) ruleArgs(ctx context.Context) ([]string, error) {
	var args []string
	add := func(words ...string) {
		if words[len(words)-1] != "" {
			args = append(args, words...)
		}
	}
	if r.Route {
		add("route")
	}
	if r.Delete {
		add("delete")
	}
	if r.Insert != nil && !r.Delete {
		number, err := r.number(ctx, *r.Insert)
		if err != nil {
			return nil, err
		}
		if number > 0 {
			add("insert", strconv.Itoa(number))
		}
	}
	add(r.Rule)
	direction := strings.TrimSuffix(strings.TrimSuffix(r.Direction, "going"), "coming")
	switch {
	case direction == "routed":
		return nil, errors.New("direction routed is for policies; route: true makes a rule for what is passed on")
	case r.Interface != "" && direction == "":
		return nil, errors.New(`argument "direction" is missing, which interface needs`)
	case r.InterfaceIn != "" && r.InterfaceOut != "" && !r.Route:
		return nil, errors.New("interface_in and interface_out go together only with route: true")
	}
	if r.InterfaceIn == "" && r.InterfaceOut == "" {
		add(direction)
	}
	add("on", r.Interface)
	add("in", "on", r.InterfaceIn)
	add("out", "on", r.InterfaceOut)
	if r.Log {
		add("log")
	}
	add("from", r.FromIP)
	add("port", r.FromPort)
	add("to", r.ToIP)
	add("port", r.ToPort)
	add("proto", r.Proto)
	add("app", r.Name)
	add("comment", r.Comment)
	return args, nil
}

// number returns the place that insert means, and 0 for the end.
func (r *ufwRun) number(ctx context.Context, insert int) (int, error) {
	if r.InsertRelativeTo == "zero" {
		return insert, nil
	}
	out, err := r.m.Must(ctx, "ufw", "status", "numbered")
	if err != nil {
		return 0, err
	}
	if !strings.Contains(out.Stdout, "Status: active") {
		return 0, fmt.Errorf("insert_relative_to %s needs the rules' numbers, which ufw tells only while it is on", r.InsertRelativeTo)
	}
	v4, v6 := 0, 0
	for line := range strings.Lines(out.Stdout) {
		switch {
		case !strings.HasPrefix(line, "["):
		case strings.Contains(line, "(v6)"):
			v6++
		default:
			v4++
		}
	}
	at := map[string]int{"first-ipv4": 1, "last-ipv4": max(v4, 1), "first-ipv6": v4 + 1, "last-ipv6": max(v4+v6, v4+1)}[r.InsertRelativeTo] + insert
	switch {
	case at > v4+v6:
		return 0, nil
	case at < 1:
		return 1, nil
	}
	return at, nil
}

// sameRules compares the rules that a dry run of ufw shows with those in its
// files. It shows all of a file that would be written, and else nothing.
func sameRules(m *sys.Machine, shown string) (bool, error) {
	for _, part := range strings.Split(shown, "*filter\n")[1:] {
		name := "user.rules"
		if strings.HasPrefix(part, ":ufw6-") {
			name = "user6.rules"
		}
		text, there, err := m.ReadText("/etc/ufw/" + name)
		if err == nil && !there { // as up to ufw 0.34
			text, _, err = m.ReadText("/lib/ufw/" + name)
		}
		if err != nil || !slices.Equal(tuples(text), tuples(part)) {
			return false, err
		}
	}
	return true, nil
}

// tuples returns the comments in which ufw keeps its rules.
func tuples(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "### tuple ###") {
			found = append(found, line)
		}
	}
	return found
}
