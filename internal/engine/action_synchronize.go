package engine

import (
	"context"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// runSynchronize offers a folder to the target's module synchronize. Where the
// folder lies is the controller's alone to say: a task that is delegated would
// mean one on another machine.
func runSynchronize(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
	if n := a.keyword(func(k *playbook.Keywords) source.Node { return k.DelegateTo }); n.Exists() {
		return nil, source.Errorf(n.Pos(), "synchronize copies from the controller and cannot be delegated").
			WithHint("copy with remote_src: true copies within a machine")
	}
	src := args.GetString("src")
	if src == "" {
		return nil, source.Errorf(a.task.ModulePos, "synchronize: the argument src is needed")
	}
	if args.GetString("mode") == "pull" {
		return a.module(ctx, "synchronize", args, nil)
	}
	found, err := a.searchFor(a.task).Find("files", src)
	if err != nil {
		return nil, a.at("src", err)
	}
	with, err := a.engine.offer(found, strings.HasSuffix(src, "/"), isTrue(args, "copy_links"), a.stock(args))
	if err != nil {
		return nil, a.at("src", err)
	}
	return a.module(ctx, "synchronize", args, with)
}
