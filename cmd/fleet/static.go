package main

import (
	"context"
	"maps"
	"os"
	"path/filepath"

	"fleet/internal/jinja"
	"fleet/internal/jinja/lookup"
	"fleet/internal/source"
)

// static renders a template that has to be known before the run: it sees the
// variables of the command line, and those around it in the playbook, and the
// environment.
func (s *setup) static(n source.Node, around []source.Node) ([]string, error) {
	scope := jinja.Vars{}
	layers := []*jinja.Map{}
	for _, vars := range around {
		layers = append(layers, s.store.Map(vars))
	}
	for _, m := range append(layers, s.extra) { // which is the strongest
		for k, v := range m.All() {
			scope[jinja.Str(k)] = v
		}
	}
	c := jinja.NewContext(context.Background(), staticEnv(), scope)
	v, err := jinja.Deep(c, jinja.FromYAML(n))
	if err != nil {
		return nil, err
	}
	list, isList := v.([]any)
	if !isList {
		return []string{jinja.Str(v)}, nil
	}
	var names []string
	for _, name := range list {
		names = append(names, jinja.Str(name))
	}
	return names, nil
}

// staticEnv is what a template reaches that is rendered before the run: nothing
// that has an effect, and no files, which are looked for by where a task stands.
func staticEnv() *jinja.Env {
	home, _ := os.UserHomeDir()
	lookups := lookup.New(lookup.Options{})
	maps.DeleteFunc(lookups, func(name string, _ jinja.LookupFunc) bool { return name != "env" })
	return &jinja.Env{Lookups: lookups, RealPath: filepath.EvalSymlinks, Getenv: os.LookupEnv, Home: home}
}
