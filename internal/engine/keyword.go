package engine

import (
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// given returns the keyword's node from the entry, or from the nearest block
// around it that has it, or from the play. No entry is the play. The node may turn
// out to be omitted: that is inForce's matter.
func given(p *playbook.Play, e playbook.Entry, get func(*playbook.Keywords) source.Node) source.Node {
	n, _ := nearest(p, e, get)
	return n
}

// nearest is given, with the entry that has the keyword; nil: the play.
func nearest(p *playbook.Play, e playbook.Entry, get func(*playbook.Keywords) source.Node) (source.Node, playbook.Entry) {
	for e != nil {
		if n := get(e.Common()); n.Exists() {
			return n, e
		}
		e = above(e)
	}
	return get(&p.Keywords), nil
}

// above returns the block around an entry, or nil where that is the play.
func above(e playbook.Entry) playbook.Entry {
	if b := e.Up(); b != nil {
		return b
	}
	return nil
}

// inForce is given without the levels on which the keyword is omitted: these say
// nothing, so what is around them counts.
func (e *Engine) inForce(c *jinja.Context, p *playbook.Play, entry playbook.Entry, get func(*playbook.Keywords) source.Node) source.Node {
	for {
		n, at := nearest(p, entry, get)
		if at == nil || !n.IsString() || !jinja.IsTemplate(n.Text()) {
			return n
		}
		outer := above(at)
		if !given(p, outer, get).Exists() || !e.omitted(c, n) {
			return n
		}
		entry = outer
	}
}

// omitted reports whether a node's value is omit. A mistake in it is for whoever
// wants the value.
func (e *Engine) omitted(c *jinja.Context, n source.Node) bool {
	v, err := jinja.Deep(c, e.Vars.Value(n))
	return err == nil && jinja.IsOmit(v)
}
