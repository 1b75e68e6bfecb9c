package engine

import (
	"fleet/internal/jinja"
	"fleet/internal/vars"
)

// delegatedVars is the variable ansible_delegated_vars of a task that runs on
// another host: that host's name, and its variables as the task would see them there,
// but for inventory_hostname, which stays the task's own.
type delegatedVars struct {
	attempt *attempt
	host    string
}

// seeDelegate gives the attempt's templates the variable ansible_delegated_vars.
func (a *attempt) seeDelegate(host string) {
	if scope, ok := a.c.Scope.(*vars.Scope); ok {
		a.c = a.c.With(scope.With(map[string]any{"ansible_delegated_vars": delegatedVars{a, host}}))
	}
}

func (v delegatedVars) Keys() []any { return []any{v.host} }

func (v delegatedVars) Lookup(c *jinja.Context, key any) (any, bool, error) {
	a := v.attempt
	if key != v.host {
		return nil, false, nil
	}
	there, err := a.contextFor(c.Ctx, v.host, a.task, a.locals)
	if err != nil {
		return nil, false, err
	}
	scope, ok := there.Scope.(*vars.Scope)
	if !ok {
		return nil, false, nil
	}
	return scopeMapping{scope.With(map[string]any{"inventory_hostname": a.host}), false}, true, nil
}
