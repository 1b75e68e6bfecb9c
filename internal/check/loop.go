package check

import (
	"maps"
	"slices"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// turnsOf returns the site inside of a task's loop with what is known of its items,
// and notes what no such loop can go over. s is the site around.
func (p *play) turnsOf(t *playbook.Task, certain bool, s site) site {
	l := t.Loop
	values := []any{jinja.FromYAML(l.Items)}
	if x := p.template(l.Items); l.Items.IsString() && x != nil {
		values = nil
		if len(x.refs) == 1 && x.refs[0].Whole && !x.refs[0].Guarded {
			around := s
			around.certain = certain
			values = p.loopOver(l, x.refs[0], around)
		}
	}
	p.bareName(l, s)
	s.turns = l.Lookup
	s.items = maps.Clone(s.items)
	if s.items == nil {
		s.items = map[string][]any{}
	}
	s.items[l.VarName()] = itemsOf(l.Lookup, values)
	return s
}

// bareName warns about a loop over a text that is the name of a variable.
func (p *play) bareName(l *playbook.Loop, s site) {
	name, literal := p.literal(l.Items)
	if !literal || !slices.Contains([]string{"items", "list", "dict", "flattened"}, l.Lookup) {
		return
	}
	for _, scope := range p.scopesAt(s.entry) {
		v, _ := scope.Lookup(name)
		if kind := kindOf([]any{v}); kind == "a list" || kind == "a mapping" {
			p.doubt(l.Items.Errorf("with_%s goes over the text %q", l.Lookup, name).WithHint("for the variable write \"{{ %s }}\"", name), false)
			return
		}
	}
}

// itemsOf returns the items of the loops over some values, where all are known.
func itemsOf(lookup string, values []any) []any {
	var items []any
	for _, v := range values {
		list, isList := v.([]any)
		switch {
		case !slices.Contains([]string{"", "items", "list"}, lookup):
			return nil
		case isList:
			items = append(items, list...)
		case lookup == "items":
			items = append(items, v)
		default:
			return nil
		}
	}
	return items
}

// loopOver returns the values of the variable that a loop goes over, and notes those
// that are no list.
func (p *play) loopOver(l *playbook.Loop, r jinja.Ref, s site) []any {
	if s.locals[r.Name] || s.tested[r.Name] || p.learnt.open || len(p.hosts) == 0 {
		return nil
	}
	if rec := p.recorded(r.Name, s); rec != nil {
		p.loopOverResult(l, r, rec, s)
		return nil
	}
	var values []any
	for _, v := range p.valuesOf(r.Name, s) {
		for i, step := range r.Path {
			m, isMap := v.(*jinja.Map)
			if !isMap {
				return nil
			}
			member, has := m.Get(step)
			if v = member; !has {
				if i == len(r.Path)-1 && slices.Contains([]string{"items", "keys", "values"}, step) && l.Lookup == "" {
					p.noList(l, s, written(r)+" is a function", "over a mapping goes {{ NAME | dict2items }}")
				}
				return nil
			}
		}
		values = append(values, v)
	}
	if len(values) == 0 {
		return nil
	}
	switch kind := kindOf(values); {
	case l.Lookup == "" && kind == "a mapping":
		p.noList(l, s, written(r)+" is a mapping", "write {{ "+written(r)+" | dict2items }}")
	case l.Lookup == "" && kind == "a text":
		p.noList(l, s, written(r)+" is a text", "write a list, or take the text apart: {{ "+written(r)+" | split(',') }}")
	case l.Lookup == "dict" && (kind == "a list" || kind == "a text"):
		p.doubt(l.Items.Errorf("with_dict wants a mapping, and %s is %s", written(r), kind).WithHint("over a list goes loop"), s.certain && p.Refused == nil)
	}
	return values
}

// loopOverResult notes a loop over what is a result, or a text in it.
func (p *play) loopOverResult(l *playbook.Loop, r jinja.Ref, rec *record, s site) {
	switch {
	case l.Lookup != "":
	case len(r.Path) == 0 && rec.looped && !rec.single:
		p.noList(l, s, r.Name+" is the result of a task", "write {{ "+r.Name+".results }}")
	case len(r.Path) == 0 && isCommand(rec.module()):
		p.noList(l, s, r.Name+" is the result of a task", "write {{ "+r.Name+".stdout_lines }}")
	case len(r.Path) == 0:
		p.noList(l, s, r.Name+" is the result of a task", "name the list in it that is meant")
	case p.printed(r, s):
		p.noList(l, s, written(r)+" is a text", "write {{ "+written(r)+"_lines }}")
	}
}

// noList notes a loop that needs a list and gets something else.
func (p *play) noList(l *playbook.Loop, s site, what, hint string) {
	p.doubt(source.Errorf(l.Items.Pos(), `"loop" wants a list, and %s`, what).WithHint("%s", hint), s.certain && p.Refused == nil)
}

// kindOf names what all values are, or returns "" where they differ or are not known.
func kindOf(values []any) string {
	kind := ""
	for i, v := range values {
		one := ""
		switch v.(type) {
		case *jinja.Map:
			one = "a mapping"
		case []any:
			one = "a list"
		case string:
			one = "a text"
		}
		if i > 0 && one != kind {
			return ""
		}
		kind = one
	}
	return kind
}
