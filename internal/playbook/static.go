package playbook

import (
	"strings"

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
	if err != nil && r.open {
		r.opened = true
		return nil, false
	}
	if err != nil {
		e := source.Errorf(n.Pos(), "%s must be known before the run: %s", what, bare(err))
		e.Hint, e.Err = source.HintOf(err), errUnknown
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
	r.asked = true
	return r.Static(n, r.known)
}
