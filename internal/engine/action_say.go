package engine

import (
	"context"
	"regexp"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/source"
	"fleet/internal/spec"
)

// Debug prints a message, or the value of an expression.
//
// Example:
//
//	tasks:
//	  - debug:
//	      msg: "{{ inventory_hostname }} runs {{ ansible_distribution }}"
//	  - debug:
//	      var: result.stdout_lines
var debug = define(spec.Module{
	Name:      "debug",
	Names:     []string{"ansible.builtin.debug"},
	Exclusive: [][]string{{"msg", "var"}},
}, runDebug)

type debugArgs struct {
	// What to print: text, or any value.
	Msg any `arg:"msg"`
	// The expression whose value is printed.
	Var any `arg:"var"`
	// Prints only where the run is at least this verbose.
	Verbosity int `arg:"verbosity"`
}

func runDebug(_ context.Context, a *attempt, args *debugArgs) (*taskResult, error) {
	if args.Verbosity > a.engine.Options.Verbosity {
		return &taskResult{value: jinja.NewMap("skipped", true, "skip_reason", "Verbosity threshold not met.")}, nil
	}
	if args.Var == nil {
		msg := args.Msg
		if msg == nil {
			msg = "Hello world!"
		}
		return ok("msg", a.ordered("msg", msg)), nil
	}
	text, isText := args.Var.(string)
	if !isText {
		return ok("var", a.ordered("var", args.Var)), nil
	}
	expr, err := a.shown(text)
	if err != nil {
		return nil, err
	}
	if expr == nil {
		return ok(text, text), nil
	}
	v, err := expr.Value(a.c)
	if err == nil {
		v, err = jinja.Deep(a.c, v)
	}
	if jinja.IsUndefined(err) {
		why := ""
		if a.engine.Options.Verbosity > 0 {
			why = ": " + err.Error()
		}
		v, err = "VARIABLE IS NOT DEFINED!"+why, nil
	}
	if err != nil {
		return nil, err
	}
	return ok(text, v), nil
}

// shown reads the expression that debug shows: once for all hosts where it stands
// in the playbook as it is. A text that was computed is one only where it does no
// more than name something: it is nil for others, which a host may have said.
func (a *attempt) shown(text string) (*jinja.Expr, error) {
	action := a.task.Action
	n := action.Get("var")
	if !n.Exists() {
		n = a.task.Args.Get("var")
	}
	written := action.IsString() && !jinja.IsTemplate(action.Text())
	switch {
	case n.Exists() && n.Text() == text && !n.IsUnsafe():
		return a.engine.exprs.get(n)
	case !written && !entryName.MatchString(text):
		return nil, nil
	case n.Exists():
		return jinja.ParseExpr(text, n.TextPos())
	}
	return jinja.ParseExpr(text, a.task.ModulePos)
}

// entryName is the name of a variable, or of something in it.
var entryName = regexp.MustCompile(`^[A-Za-z_]\w*(\.\w+|\[(\d+|\w+|'[^'\\]*'|"[^"\\]*")\])*$`)

// ordered returns an argument as it was evaluated, with the order of its
// mappings, which the trip through the argument struct loses.
func (a *attempt) ordered(key string, fallback any) any {
	if a.evaluated != nil {
		if v, ok := a.evaluated.Get(key); ok {
			return v
		}
	}
	return fallback
}

// Assert fails where a condition does not hold.
//
// Example:
//
//	tasks:
//	  - assert:
//	      that:
//	        - copies | int > 0
//	      fail_msg: copies has to be a positive number
var assert = define(spec.Module{Name: "assert", Names: []string{"ansible.builtin.assert"}}, runAssert)

type assertArgs struct {
	// The conditions, as in `when`. All have to hold.
	That []any `arg:"that,required"`
	// What to say where one does not hold.
	FailMsg any `arg:"fail_msg" alias:"msg"`
	// What to say where all hold.
	SuccessMsg any `arg:"success_msg"`
	// Says nothing where all hold.
	Quiet bool `arg:"quiet"`
}

func runAssert(_ context.Context, a *attempt, args *assertArgs) (*taskResult, error) {
	res, err := a.asserted(args)
	if res != nil {
		res.quiet = args.Quiet
	}
	return res, err
}

func (a *attempt) asserted(args *assertArgs) (*taskResult, error) {
	that := a.task.Action.Get("that")
	nodes := that.Items()
	if that.IsString() {
		nodes = []source.Node{that}
	}
	if len(nodes) == 0 {
		return a.assertValues(args)
	}
	for _, n := range nodes {
		if n.IsNull() {
			continue // no condition, as with an empty when
		}
		holds, err := a.engine.holds(a.c, n)
		if err != nil {
			return nil, err
		}
		if !holds {
			res := ok("failed", true, "assertion", strings.TrimSpace(n.Text()), "evaluated_to", false, "msg", or2(args.FailMsg, "the assertion does not hold: "+strings.TrimSpace(n.Text())))
			res.err = n.Errorf("the assertion does not hold")
			return res, nil
		}
	}
	return ok("msg", or2(args.SuccessMsg, "All assertions passed")), nil
}

// assertValues judges conditions that are not written in the task itself, where
// they are values and not expressions.
func (a *attempt) assertValues(args *assertArgs) (*taskResult, error) {
	for _, v := range args.That {
		b, isBool := asBool(v)
		if !isBool {
			return nil, a.task.Action.Errorf("assert: %s is neither true nor false", jinja.Repr(v)).
				WithHint("write the conditions under `that` of the task itself: text from elsewhere is not evaluated")
		}
		if !b {
			return ok("failed", true, "evaluated_to", false, "msg", or2(args.FailMsg, "an assertion does not hold")), nil
		}
	}
	return ok("msg", or2(args.SuccessMsg, "All assertions passed")), nil
}

func or2(v any, def string) any {
	if l, ok := v.([]any); ok && len(l) == 1 {
		v = l[0]
	}
	if v == nil || v == "" {
		return def
	}
	return v
}

// Fail fails, with a message.
//
// Example:
//
//	tasks:
//	  - fail:
//	      msg: only Debian is supported
//	    when: ansible_os_family != "Debian"
var fail = define(spec.Module{Name: "fail", Names: []string{"ansible.builtin.fail"}}, runFail)

type failArgs struct {
	// What to say.
	Msg any `arg:"msg" default:"Failed as requested from task"`
}

func runFail(_ context.Context, a *attempt, args *failArgs) (*taskResult, error) {
	return ok("changed", false, "failed", true, "msg", a.ordered("msg", args.Msg)), nil
}
