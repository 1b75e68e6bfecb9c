package engine

import (
	"strings"

	"fleet/internal/playbook"
	"fleet/internal/source"
)

// eachForItself reports that no task of the play is done on another host than its
// own, as far as that can be seen before it runs: a host that is through with the
// play can be left. What is included may delegate.
func eachForItself(p *playbook.Play) bool {
	delegates := func(t *playbook.Task) bool {
		return strings.HasPrefix(t.Module, "include_") ||
			given(p, t, func(k *playbook.Keywords) source.Node { return k.DelegateTo }).Exists()
	}
	for _, t := range Tasks(p) {
		if delegates(t.Task) {
			return false
		}
	}
	for _, h := range p.Handlers {
		if delegates(h) {
			return false
		}
	}
	return true
}
