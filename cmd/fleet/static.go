package main

import (
	"fleet/internal/engine"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// static renders a template that has to be known before the run.
func (s *setup) static(n source.Node, known playbook.Known) ([]string, error) {
	return s.engine(engine.Options{}, nil).Static(n, known, s.extra)
}
