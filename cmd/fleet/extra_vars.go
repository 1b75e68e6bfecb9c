package main

import (
	"errors"
	"strings"
	"syscall"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/vars"
)

// extraVars reads the values of -e, the later ones over the earlier.
func (s *setup) extraVars(given []string) (*jinja.Map, error) {
	all := jinja.NewMap()
	store := &vars.Store{Merge: s.mergesMappings()}
	for _, text := range given {
		m, err := s.extraVar(text)
		if err != nil {
			return nil, err
		}
		store.Put(all, m)
	}
	return all, nil
}

func (s *setup) extraVar(text string) (*jinja.Map, error) {
	pos := source.Pos{File: "-e", Line: 1, Col: 1}
	trimmed := strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(trimmed, "@"):
		docs, err := s.files.YAML(source.ExpandPath(trimmed[1:]))
		if cause, unreadable := errors.AsType[syscall.Errno](err); unreadable {
			err = source.Errorf(source.Pos{}, "-e %s: %w", trimmed, cause)
		}
		return extraMap(docs, err)
	case strings.HasPrefix(trimmed, "{"), strings.HasPrefix(trimmed, "["), strings.Contains(trimmed, ": ") && !strings.Contains(trimmed, "="):
		docs, err := s.files.Parse("-e", []byte(text))
		return extraMap(docs, err)
	}
	pairs, rest, err := playbook.FreeForm(text, pos, false)
	if err != nil {
		return nil, err
	}
	if rest != "" || len(pairs) == 0 {
		return nil, source.Errorf(source.Pos{}, "-e %q: want key=value, a mapping, or @file", text)
	}
	m := jinja.NewMap()
	for _, p := range pairs {
		m.Set(p.Key, textValue(p.Value, p.Pos))
	}
	return m, nil
}

func textValue(s string, pos source.Pos) any {
	if jinja.IsTemplate(s) {
		return jinja.NewText(s, pos)
	}
	return s
}

func extraMap(docs []source.Node, err error) (*jinja.Map, error) {
	if err != nil {
		return nil, err
	}
	if len(docs) == 0 || docs[0].IsNull() {
		return jinja.NewMap(), nil
	}
	m, ok := jinja.FromYAML(docs[0]).(*jinja.Map)
	if !ok {
		return nil, source.Errorf(docs[0].Pos(), "extra variables have to be a mapping, not a %s", docs[0].KindName())
	}
	return m, nil
}
