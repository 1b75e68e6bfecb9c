package engine

import (
	"cmp"
	"context"

	"fleet/internal/jinja"
)

// runUser runs the target's module user. Before it removes a user, it ends the
// helper that has run as this user there: nobody can be removed while a process of
// theirs lives.
func runUser(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
	if args.GetString("state") != "absent" || a.check {
		return a.module(ctx, "user", args, nil)
	}
	if a.ahead {
		if err := a.flight.clear(ctx); err != nil {
			return nil, err
		}
	}
	name := cmp.Or(args.GetString("name"), args.GetString("user"))
	a.engine.helpers.Drop(func(to Endpoint) bool { return to.Host == a.target && to.Become && to.BecomeUser == name })
	return a.module(ctx, "user", args, nil)
}
