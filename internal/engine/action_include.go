package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
	"fleet/internal/spec"
)

// include is a block that runs behind the task that included it, with the
// variables of the loop's item, if any.
type include struct {
	block  *playbook.Block
	order  []int
	locals map[string]any
}

// maxNested bounds the includes within one another, which may include themselves.
const maxNested = 500

// includeKey identifies what an include brings in, so that all hosts share it.
type includeKey struct {
	task *playbook.Task
	name string
}

// included is a file or role that an include brought in, read once.
type included struct {
	once     sync.Once
	number   int // among those of the play
	block    *playbook.Block
	handlers []*playbook.Task
	err      error
}

// load reads what an include names, once for all hosts; where names in it depend on
// variables, once for each item of the loops around.
func (a *attempt) load(name string, read func(locals map[string]any) (*playbook.Block, []*playbook.Task, error)) *included {
	locals := a.within()
	get := func() (*playbook.Block, []*playbook.Task, error) { return read(locals) }
	inc := a.loadOnce(includeKey{a.task, name}, get)
	if len(locals) == 0 || inc.block == nil || !inc.block.Varies {
		return inc
	}
	return a.loadOnce(includeKey{a.task, name + "\n" + reprOf(locals)}, get)
}

// within returns the variables that what an include brings in has from loops.
func (a *attempt) within() map[string]any {
	locals := with(a.hostRun.locals)
	for k, v := range a.locals {
		locals[k] = v
	}
	return locals
}

// reprOf is the same for the same variables.
func reprOf(locals map[string]any) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(locals)) {
		fmt.Fprintf(&b, "%s=%s\n", name, jinja.Repr(locals[name]))
	}
	return b.String()
}

func (r *playRun) loadOnce(key includeKey, read func() (*playbook.Block, []*playbook.Task, error)) *included {
	r.mu.Lock()
	inc := r.included[key]
	if inc == nil {
		inc = &included{number: len(r.included)}
		r.included[key] = inc
	}
	r.mu.Unlock()
	inc.once.Do(func() { inc.block, inc.handlers, inc.err = read() })
	return inc
}

// IncludeTasks runs the tasks of another file in its place.
//
// Example:
//
//	tasks:
//	  - include_tasks: "{{ ansible_os_family | lower }}.yml"
var includeTasks = define(spec.Module{
	Name: "include_tasks", Names: []string{"ansible.builtin.include_tasks"}, FreeForm: "file",
}, runIncludeTasks)

type includeTasksArgs struct {
	// The file, relative to the file of the task.
	File string `arg:"file,required"`
	// Keywords for the tasks of the file.
	Apply map[string]any `arg:"apply"`
}

func runIncludeTasks(_ context.Context, a *attempt, args *includeTasksArgs) (*taskResult, error) {
	path, err := a.searchFor(a.task).Find("tasks", args.File)
	if err != nil {
		return nil, err
	}
	inc := a.load(path, func(locals map[string]any) (*playbook.Block, []*playbook.Task, error) {
		b, err := a.engine.Loader.Tasks(path, a.task, locals)
		if err != nil {
			return b, nil, err
		}
		return b, b.Handlers, nil
	})
	return a.behind(inc, path)
}

// behind returns the result of an include: its block, to be run behind the task.
func (a *attempt) behind(inc *included, what string) (*taskResult, error) {
	if inc.err != nil && !playbook.IsAbsence(inc.err) {
		return nil, &abort{inc.err}
	}
	if inc.err != nil {
		return nil, inc.err
	}
	if a.nested >= maxNested {
		return nil, source.Errorf(a.task.ModulePos, "more than %d includes within one another, the last one of %s", maxNested, what).
			WithHint("what includes itself needs a when that ends it")
	}
	a.addHandlers(inc.handlers, a.order)
	order := append(slices.Clone(a.order), a.includes, inc.number)
	a.includes++
	res := ok("include", what)
	res.include = []include{{inc.block, order, a.within()}}
	return res, nil
}

// IncludeRole runs a role in its place.
//
// Example:
//
//	tasks:
//	  - include_role:
//	      name: docker
//	      tasks_from: login
var includeRole = define(spec.Module{Name: "include_role", Names: []string{"ansible.builtin.include_role"}}, runIncludeRole)

type includeRoleArgs struct {
	// The role.
	Name string `arg:"name,required" alias:"role"`
	// The file in the role's tasks, in place of main.
	TasksFrom string `arg:"tasks_from" default:"main"`
	// The file in the role's vars, in place of main.
	VarsFrom string `arg:"vars_from" default:"main"`
	// The file in the role's defaults, in place of main.
	DefaultsFrom string `arg:"defaults_from" default:"main"`
	// The file in the role's handlers, in place of main.
	HandlersFrom string `arg:"handlers_from" default:"main"`
	// Keywords for the tasks of the role.
	Apply map[string]any `arg:"apply"`
	// Runs the role even where it has run in this play with the same parameters.
	AllowDuplicates bool `arg:"allow_duplicates" default:"yes"`
	// Lets the tasks behind see the role's defaults and variables, or not. Not, unless
	// the setting private_role_vars says no.
	Public *bool `arg:"public"`
	// Holds the variables against the role's argument specification first.
	RolespecValidate bool `arg:"rolespec_validate" default:"yes"`
}

// key is the same for the same arguments.
func (args includeRoleArgs) key() string {
	public := "by default"
	if args.Public != nil {
		public = fmt.Sprint(*args.Public)
	}
	args.Public = nil
	return fmt.Sprintf("role %+v public %s", args, public)
}

func runIncludeRole(_ context.Context, a *attempt, args *includeRoleArgs) (*taskResult, error) {
	inc := a.load(args.key(), func(locals map[string]any) (*playbook.Block, []*playbook.Task, error) {
		return a.engine.Loader.Role(args.Name, playbook.RoleOptions{TasksFrom: args.TasksFrom, VarsFrom: args.VarsFrom,
			DefaultsFrom: args.DefaultsFrom, HandlersFrom: args.HandlersFrom, Once: !args.AllowDuplicates, NoValidation: !args.RolespecValidate, Public: args.Public, Play: a.Play, Locals: locals}, a.task)
	})
	if inc.err == nil && !ownRole(inc.block).Private {
		a.vars.Roles = append(slices.Clone(a.vars.Roles), rolesIn([]playbook.Entry{inc.block})...)
	}
	return a.behind(inc, args.Name)
}

// ownRole returns the role that an include brought in: the last one in the block,
// behind those that it depends on.
func ownRole(b *playbook.Block) *playbook.Role {
	for {
		if b.Role != nil {
			return b.Role
		}
		b = b.Body[len(b.Body)-1].(*playbook.Block)
	}
}

// factsTask is the task that gathers facts at the start of a play.
var factsTask = &playbook.Task{Module: "setup"}

// gatherFacts runs the module setup as a task of its own.
func (h *hostRun) gatherFacts(ctx context.Context, c *jinja.Context) error {
	order := []int{sectionFacts, 0}
	if h.profileOf(factsTask).early {
		return h.goAhead(ctx, factsTask, order)
	}
	h.order = order
	h.crowd.advance(h.host, order)
	if wanted, err := h.wanted(ctx, factsTask, order); err != nil || !wanted {
		return err
	}
	res, err := h.alone(ctx, factsTask, order)
	return h.settle(ctx, factsTask, res, err)
}

// runSetup runs the module setup with what the play says about gathering.
func runSetup(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
	if a.task == factsTask {
		for name, n := range map[string]source.Node{"gather_subset": a.GatherSubset, "gather_timeout": a.GatherTimeout, "fact_path": a.FactPath} {
			v, err := a.engine.value(a.c, n)
			if err != nil {
				return nil, err
			}
			if v != nil {
				args.Set(name, v)
			}
		}
		a.gatherLess(args)
	}
	res, err := a.module(ctx, "setup", args, nil)
	if err != nil {
		return nil, err
	}
	res.whenThere(func(res *taskResult) {
		if found, ok := res.value.Get("ansible_facts"); ok {
			if m, isMap := found.(*jinja.Map); isMap {
				res.facts = []facts{{host: a.factsHost(), values: m}}
			}
		}
	})
	return res, nil
}
