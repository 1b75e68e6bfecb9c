package main

import (
	"context"

	"fleet/internal/inventory"
	"fleet/internal/jinja"
	"fleet/internal/source"
	"fleet/internal/vars"
)

// evaluator evaluates the expressions of constructed inventories: with the host's
// variables, and those of the command line over them.
type evaluator struct {
	extra *jinja.Map
	store *vars.Store // reads each layer once
}

// Eval implements inventory.Evaluator.
func (e evaluator) Eval(expr string, pos source.Pos, layers []inventory.Layer) (source.Node, error) {
	const open, end = "{{ ", " }}" // so that values have the types that templates give
	pos.Col = max(pos.Col-len(open), 0)
	return e.Render(open+expr+end, pos, layers)
}

// Render implements inventory.Evaluator.
func (e evaluator) Render(template string, pos source.Pos, layers []inventory.Layer) (source.Node, error) {
	text := jinja.NewText(template, pos)
	if err := text.Check(); err != nil {
		return source.Node{}, err
	}
	scope := jinja.Vars{}
	for _, l := range layers {
		e.fill(scope, e.store.Map(l.Vars))
	}
	e.fill(scope, e.extra)
	c := jinja.NewContext(context.Background(), nil, scope)
	v, err := jinja.Deep(c, text)
	if err != nil {
		return source.Node{}, err
	}
	data, err := jinja.ToJSON(v)
	if err != nil {
		return source.Node{}, err
	}
	docs, err := source.ParseYAML(pos.File, data)
	if err != nil || len(docs) != 1 {
		return source.Node{}, err
	}
	return docs[0].Unsafe(), nil // what an expression gives is no template
}

// fill puts variables over those of a scope.
func (e evaluator) fill(scope jinja.Vars, m *jinja.Map) {
	for k, v := range m.All() {
		name := jinja.Str(k)
		scope[name] = e.store.Over(scope[name], v)
	}
}
