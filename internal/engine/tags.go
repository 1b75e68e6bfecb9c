package engine

import (
	"slices"

	"fleet/internal/playbook"
)

// Tags returns all tags of an entry of a play: its own, and those of the blocks
// around it and of the play.
func Tags(p *playbook.Play, e playbook.Entry) []string {
	tags := slices.Clone(p.Tags)
	for e != nil {
		tags = append(tags, e.Common().Tags...)
		up := e.Up()
		if up == nil {
			break
		}
		e = up
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// Selected reports whether a task with these tags runs, by Ansible's rules for
// --tags and --skip-tags and the tags always and never.
func Selected(tags, only, skip []string) bool {
	has := func(list []string, tag string) bool { return slices.Contains(list, tag) }
	common := func(a, b []string) bool {
		return slices.ContainsFunc(a, func(t string) bool { return has(b, t) })
	}
	if len(only) == 0 {
		only = []string{"all"}
	}
	tagged, never := len(tags) > 0, has(tags, "never")
	var run bool
	switch {
	case has(tags, "always"), common(tags, only):
		run = true
	case has(only, "all"), has(only, "tagged") && tagged:
		run = !never
	case has(only, "untagged"):
		run = !tagged
	}
	if !run {
		return false
	}
	switch {
	case has(skip, "all") && (!has(tags, "always") || has(skip, "always")):
		return false
	case common(tags, skip):
		return false
	case has(skip, "tagged") && tagged, has(skip, "untagged") && !tagged:
		return false
	}
	return true
}
