package engine

import (
	"context"
	"strings"

	"fleet/internal/playbook"
	"fleet/internal/spec"
)

// Meta steers the run itself.
//
// Example:
//
//	tasks:
//	  - meta: flush_handlers
var meta = define(spec.Module{Name: "meta", Names: []string{"ansible.builtin.meta"}, FreeForm: "free_form"}, runMeta)

type metaArgs struct {
	// What to do: run the notified handlers now, forget the facts, bring failed
	// hosts back, read the inventory anew, connect anew, or end the role, or the
	// host's or all hosts' part in the play.
	FreeForm string `arg:"free_form,required" choices:"flush_handlers,noop,clear_facts,clear_host_errors,refresh_inventory,reset_connection,end_role,end_host,end_play,end_batch"`
}

func runMeta(_ context.Context, a *attempt, args *metaArgs) (*taskResult, error) {
	res := ok("msg", a.metaWords(args.FreeForm).done)
	switch args.FreeForm {
	case "flush_handlers":
		res.flush = true
	case "clear_facts":
		for _, host := range a.hosts {
			if host == a.hostRun.host || !a.playRun.free {
				a.engine.forget(host)
			}
		}
	case "clear_host_errors":
		a.engine.stats.forgive()
		res.forgives = true
	case "refresh_inventory":
		if err := a.engine.Inventory.Refresh(); err != nil {
			return nil, err
		}
		a.engine.Vars.InventoryChanged()
		res.refreshed = true
	case "reset_connection":
		a.engine.drop(a.target)
	case "end_role":
		if playbook.RoleOf(a.task) == nil || a.task.Handler {
			return nil, a.task.Action.Errorf("Cannot execute 'end_role' from outside of a role")
		}
		res.then = errEndRole
	case "end_host":
		res.then = errEndHost
	case "end_play", "end_batch":
		a.crowd.end(a.order, args.FreeForm == "end_play")
		res.then = errEndPlay
	}
	return res, nil
}

// metaWords are what a result says of a meta task that was done, and of one that
// its condition kept from it, as Ansible says it.
type metaWords struct{ done, skipped string }

func (a *attempt) metaWords(step string) metaWords {
	host, role := a.hostRun.host, ""
	if r := playbook.RoleOf(a.task); r != nil {
		role = r.Name
	}
	words, ok := map[string]metaWords{
		"flush_handlers":    {"triggered running handlers for " + host, "not running handlers for " + host},
		"clear_facts":       {"facts cleared", "not clearing facts and fact cache for " + host},
		"clear_host_errors": {"cleared host errors", "not clearing host error state for " + host},
		"refresh_inventory": {"inventory successfully refreshed", "not refreshing the inventory"},
		"reset_connection":  {"reset connection", "keeping the connection of " + host},
		"end_role":          {"ending role " + role + " for " + host, "continuing role " + role + " for " + host},
		"end_host":          {"ending play for " + host, "continuing execution for " + host},
		"end_play":          {"ending play", "continuing play"},
		"end_batch":         {"ending batch", "continuing current batch"},
	}[step]
	if !ok {
		words = metaWords{step, "doing nothing"}
	}
	words.skipped = step + " conditional evaluated to False, " + words.skipped
	return words
}

// passedOver returns the result of a task whose condition does not hold.
func (a *attempt) passedOver(condition any) *taskResult {
	res := skipped(condition)
	if step := strings.TrimSpace(a.task.Action.Text()); shortName(a.task.Module) == "meta" {
		res.value.Set("skip_reason", a.metaWords(step).skipped)
	}
	return res
}
