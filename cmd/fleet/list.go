package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"fleet/internal/engine"
	"fleet/internal/playbook"
)

// lister prints what a run would do, in the layout that Ansible's users know.
type lister struct {
	*setup
	*runFlags
	out io.Writer
}

// list prints the hosts, tasks and tags of each play.
func (a *app) list(s *setup, f *runFlags, pb *playbook.Playbook) error {
	l := lister{s, f, a.out}
	from, number := "", 0
	for _, p := range pb.Plays {
		if from != p.Playbook {
			from, number = p.Playbook, 0
			fmt.Fprintf(l.out, "\nplaybook: %s\n", from)
		}
		number++
		pattern := hostsPatterns(p)
		name := p.Name.Text()
		if name == "" {
			name = strings.Join(pattern, ",")
		}
		fmt.Fprintf(l.out, "\n  play #%d (%s): %s\tTAGS: [%s]\n", number, strings.Join(pattern, ","), name, strings.Join(p.Tags, ","))
		if f.listHosts {
			if err := l.hosts(pattern); err != nil {
				return err
			}
		}
		if f.listTasks || f.listTags {
			l.tasks(p)
		}
	}
	return nil
}

func (l lister) hosts(pattern []string) error {
	hosts, err := l.selected(strings.Join(pattern, ","))
	if err != nil {
		return err
	}
	fmt.Fprintf(l.out, "    pattern: ['%s']\n    hosts (%d):\n", strings.Join(pattern, "', '"), len(hosts))
	for _, h := range hosts {
		fmt.Fprintf(l.out, "      %s\n", h)
	}
	return nil
}

// tasks prints the tasks that the tags choose, or the tags that these have.
func (l lister) tasks(p *playbook.Play) {
	if l.listTasks {
		fmt.Fprintln(l.out, "    tasks:")
	}
	all := slices.Clone(p.Tags)
	for _, t := range engine.Tasks(p) {
		if !engine.Selected(t.Tags, l.tags, l.skipTags) {
			continue
		}
		all = append(all, t.Tags...)
		if l.listTasks {
			fmt.Fprintf(l.out, "      %s\tTAGS: [%s]\n", t.Name, strings.Join(t.Tags, ", "))
		}
	}
	if l.listTags {
		slices.Sort(all)
		fmt.Fprintf(l.out, "      TASK TAGS: [%s]\n", strings.Join(slices.Compact(all), ", "))
	}
}

// hostsPattern returns a play's patterns as they are written.
func hostsPattern(p *playbook.Play) string { return join(hostsPatterns(p)) }

func hostsPatterns(p *playbook.Play) []string {
	if !p.Hosts.IsList() {
		return []string{p.Hosts.Text()}
	}
	var parts []string
	for _, n := range p.Hosts.Items() {
		parts = append(parts, n.Text())
	}
	return parts
}

func join(list []string) string { return strings.Join(list, ", ") }
