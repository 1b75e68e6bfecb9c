package playbook

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"fleet/internal/source"
)

// static returns the text of a scalar that must be known before the run.
func (r *reader) static(what string, n source.Node) (string, bool) {
	names, ok := r.statics(what, n)
	if ok && len(names) != 1 {
		r.errorf(n.Pos(), "%s is one name, not %d", what, len(names))
		return "", false
	}
	return strings.Join(names, ""), ok
}

// statics is static where several names may be meant.
func (r *reader) statics(what string, n source.Node) ([]string, bool) {
	if !isTemplate(n) {
		return []string{n.Text()}, true
	}
	if r.Static == nil {
		r.fail(n.Errorf("%s must be known before the run, so it cannot be a template", what).WithHint("write it out"))
		return nil, false
	}
	names, err := r.render(n)
	if err != nil {
		e := source.Errorf(n.Pos(), "%s must be known before the run: %w", what, bare(err))
		e.Hint = source.HintOf(err)
		r.fail(e)
		return nil, false
	}
	return names, true
}

// knownNames is statics where what is not known before the run is left for it.
func (r *reader) knownNames(n source.Node) (names []string, known bool) {
	if !isTemplate(n) {
		return []string{n.Text()}, true
	}
	if r.Static == nil {
		return nil, false
	}
	names, err := r.render(n)
	return names, err == nil
}

// render is the Loader's Static with the variables around.
func (r *reader) render(n source.Node) ([]string, error) {
	r.mu.Lock()
	r.rendered = append(r.rendered, n)
	r.mu.Unlock()
	return r.Static(n, r.known)
}

// knowing makes the variables of what is read known to static, until the function
// that it returns is called.
func (r *reader) knowing(vars source.Node) func() {
	before := r.known
	if vars.IsMap() {
		r.known = append(before[:len(before):len(before)], vars)
	}
	return func() { r.known = before }
}

// whereabouts makes the run's own variables known to static that say where the
// files lie, as knowing does. They are no templates, whatever stands in them.
func (r *reader) whereabouts(dirs map[string]string) func() {
	m := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, name := range slices.Sorted(maps.Keys(dirs)) {
		dir, err := filepath.Abs(dirs[name])
		if err != nil {
			continue // what needs it says so
		}
		m.Content = append(m.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name},
			&yaml.Node{Kind: yaml.ScalarNode, Tag: "!unsafe", Style: yaml.TaggedStyle, Value: dir})
	}
	return r.knowing(source.Node{Node: m})
}
