package engine

import (
	"context"
	"iter"
	"slices"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// Tags returns the tags of an entry of a play that are known before the run: its
// own, and those of the blocks around it and of the play.
func Tags(p *playbook.Play, e playbook.Entry) []string {
	tags := slices.Clone(p.Tags)
	for k := range around(e) {
		tags = append(tags, k.Tags...)
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// OpenTags returns the templates of the tags that are not.
func OpenTags(p *playbook.Play, e playbook.Entry) []source.Node {
	tags := slices.Clone(p.OpenTags)
	for k := range around(e) {
		tags = append(tags, k.OpenTags...)
	}
	return tags
}

// around yields the keywords of an entry, and of the blocks around it.
func around(e playbook.Entry) iter.Seq[*playbook.Keywords] {
	return func(yield func(*playbook.Keywords) bool) {
		for e != nil && yield(e.Common()) {
			up := e.Up()
			if up == nil {
				return
			}
			e = up
		}
	}
}

// openTags returns the tags of a task that are known only now, on this host.
func (h *hostRun) openTags(ctx context.Context, t *playbook.Task) ([]string, error) {
	open := OpenTags(h.Play, t)
	if len(open) == 0 {
		return nil, nil
	}
	c, err := h.newContext(ctx, t, nil)
	if err != nil {
		return nil, err
	}
	var tags []string
	for _, n := range open {
		v, err := h.engine.value(c, n)
		if err != nil {
			return nil, err
		}
		list, isList := v.([]any)
		if !isList && v != nil {
			list = []any{v}
		}
		for _, tag := range list {
			tags = append(tags, playbook.SplitTags(jinja.Str(tag))...)
		}
	}
	return tags, nil
}

// selected reports whether the tags that were asked for let a task run. One whose
// tags cannot be found out runs, and fails of that.
func (h *hostRun) selected(ctx context.Context, t *playbook.Task) bool {
	open, err := h.openTags(ctx, t)
	return err != nil || Selected(append(Tags(h.Play, t), open...), h.engine.Options.Tags, h.engine.Options.SkipTags)
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
