package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"fleet/internal/argument"
	"fleet/internal/jinja"
	"fleet/internal/source"
	"fleet/internal/spec"
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

type setFactArgs struct {
	// Makes them facts too, which the cache of facts keeps for later runs.
	Cacheable bool `arg:"cacheable"`
}

// SetFact sets variables of the host for the rest of the run.
//
// Every argument but cacheable is a variable. A value that is the text true,
// false, yes or no becomes the boolean, unless ansible.cfg has jinja2_native.
//
// Example:
//
//	tasks:
//	  - set_fact:
//	      release: "{{ version | default('stable') }}"
var setFact = &action{
	spec: &spec.Module{Name: "set_fact", Names: []string{"ansible.builtin.set_fact"}, Declares: spec.Lazily[setFactArgs]()},
	open: true,
	run: func(_ context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
		values, err := a.namedByTemplates(args)
		if err != nil {
			return nil, err
		}
		cacheable := isTrue(values, "cacheable")
		values.Delete("cacheable")
		values = lists(values).(*jinja.Map)
		if !a.engine.Options.ReadLiterals {
			values = truths(values)
		}
		if values.Len() == 0 {
			return nil, a.task.Action.Errorf("set_fact needs at least one variable")
		}
		for _, k := range values.Keys() {
			if !variableName.MatchString(jinja.Str(k)) {
				return nil, a.task.Action.Errorf("set_fact: %q is no name for a variable", jinja.Str(k)).
					WithHint("names have letters, digits and _, and do not start with a digit")
			}
		}
		res := ok("ansible_facts", values)
		res.facts = []facts{{host: a.factsHost(), kind: factSet, values: values}}
		if cacheable {
			res.facts = append(res.facts, facts{host: a.factsHost(), kind: factGathered, values: values})
		}
		return res, nil
	},
}

// lists returns a fact's value with lists in the place of the tuples within it, as
// a fact of a target has them.
func lists(v any) any {
	switch v := v.(type) {
	case *jinja.Map:
		out := jinja.NewMap()
		for k, e := range v.All() {
			out.Set(k, lists(e))
		}
		return out
	case jinja.Tuple:
		return lists([]any(v))
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = lists(e)
		}
		return out
	}
	return v
}

// truths returns values with booleans in the place of the texts that say one, as
// Ansible's set_fact has them. Those within lists and mappings stay.
func truths(values *jinja.Map) *jinja.Map {
	out := jinja.NewMap()
	for k, v := range values.All() {
		if s, isText := v.(string); isText {
			switch strings.ToLower(s) {
			case "true", "yes":
				v = true
			case "false", "no":
				v = false
			}
		}
		out.Set(k, v)
	}
	return out
}

// namedByTemplates returns a copy of the arguments in which the names that are
// templates are evaluated. Only names that are written in the task itself are:
// others may come from a target.
func (a *attempt) namedByTemplates(args *jinja.Map) (*jinja.Map, error) {
	written := map[string]source.Pos{}
	for _, p := range append(a.task.Action.Pairs(), a.task.Args.Pairs()...) {
		written[p.Key.Text()] = p.Key.TextPos()
	}
	if a.task.Action.IsString() {
		pairs, _, err := argument.FreeForm(a.task, a.spec)
		if err != nil {
			return nil, err
		}
		for _, p := range pairs {
			written[p.Key] = p.Pos
		}
	}
	out := jinja.NewMap()
	for k, v := range args.All() {
		pos, ours := written[jinja.Str(k)]
		if !ours || !jinja.IsTemplate(jinja.Str(k)) {
			out.Set(k, v)
			continue
		}
		name, err := jinja.Deep(a.c, jinja.NewText(jinja.Str(k), pos))
		if err != nil {
			return nil, err
		}
		out.Set(jinja.Str(name), v)
	}
	return out, nil
}

// IncludeVars reads variables from files of the controller.
//
// Example:
//
//	tasks:
//	  - include_vars: "{{ ansible_os_family }}.yml"
var includeVars = define(spec.Module{
	Name: "include_vars", Names: []string{"ansible.builtin.include_vars"}, FreeForm: "file",
	Exclusive: [][]string{{"file", "dir"}}, OneOf: [][]string{{"file", "dir"}},
}, runIncludeVars)

type includeVarsArgs struct {
	// The file with a mapping.
	File string `arg:"file"`
	// A folder, all of whose YAML and JSON files are read in the order of their names.
	Dir string `arg:"dir"`
	// The variable that gets the mapping, in place of one variable for each key.
	Name string `arg:"name"`
	// The endings of the names of the files in dir.
	Extensions []string `arg:"extensions" default:"yaml,yml,json"`
	// The names of files in dir to leave out.
	IgnoreFiles []string `arg:"ignore_files"`
	// Only files of dir whose names match this regular expression.
	FilesMatching string `arg:"files_matching"`
	// How many levels of folders to go down; 0 is all.
	Depth int `arg:"depth"`
}

func runIncludeVars(_ context.Context, a *attempt, args *includeVarsArgs) (*taskResult, error) {
	files, err := a.varFiles(args)
	if err != nil {
		return nil, err
	}
	values := jinja.NewMap()
	for _, f := range files {
		m, err := a.engine.varFile(f)
		if err != nil {
			return nil, err
		}
		merge(values, m)
	}
	if args.Name != "" {
		values = jinja.NewMap(args.Name, values)
	}
	// The result shows where the variables came from, and not their values, which
	// may hold templates that are to be evaluated where they are used.
	res := ok("ansible_included_var_files", list(files))
	res.facts = []facts{{host: a.factsHost(), kind: factIncluded, values: values}}
	return res, nil
}

func (a *attempt) varFiles(args *includeVarsArgs) ([]string, error) {
	where := a.searchFor(a.task)
	if args.File != "" {
		f, err := where.Find("vars", args.File)
		return []string{f}, err
	}
	dir, err := where.Find("vars", args.Dir)
	if err != nil {
		return nil, err
	}
	match, err := regexp.Compile(args.FilesMatching)
	if err != nil {
		return nil, fmt.Errorf("files_matching: %w", err)
	}
	var files []string
	err = filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		if d.IsDir() {
			if args.Depth > 0 && rel != "." && strings.Count(rel, "/")+2 > args.Depth {
				return filepath.SkipDir
			}
			return nil
		}
		ext := strings.TrimPrefix(filepath.Ext(p), ".")
		if slices.Contains(args.Extensions, ext) && !slices.Contains(args.IgnoreFiles, d.Name()) && match.MatchString(d.Name()) {
			files = append(files, p)
		}
		return nil
	})
	return files, err
}

// varFile reads a file of variables: a mapping, or nothing.
func (e *Engine) varFile(path string) (*jinja.Map, error) {
	docs, err := e.files().YAML(path)
	if err != nil {
		return nil, err
	}
	if len(docs) == 0 || docs[0].IsNull() {
		return jinja.NewMap(), nil
	}
	if !docs[0].IsMap() {
		return nil, docs[0].Errorf("a file of variables has to be a mapping, not a %s", docs[0].KindName())
	}
	return e.Vars.Map(docs[0]), nil
}

// varsFiles reads the play's vars_files. In the first round a file whose name
// needs variables that are not there yet is left for the second.
func (h *hostRun) varsFiles(ctx context.Context, first bool) error {
	values := jinja.NewMap()
	c, err := h.newContext(ctx, nil, nil)
	if err != nil {
		return err
	}
	for _, n := range h.VarsFiles {
		v, err := h.engine.value(c, n)
		if first && jinja.IsUndefined(err) {
			continue
		}
		if err != nil {
			return err
		}
		names, isList := textList(v)
		if !isList || len(names) == 0 {
			return n.Errorf("vars_files wants names of files, not %s", jinja.Repr(v))
		}
		m, err := h.firstVarFile(names)
		if err != nil {
			if first && len(names) > 1 {
				continue
			}
			return source.Errorf(n.Pos(), "%w", err).WithHint("%s", source.HintOf(err))
		}
		h.engine.Vars.Put(values, m)
	}
	h.vars.Files = values
	return nil
}

func (h *hostRun) firstVarFile(names []string) (*jinja.Map, error) {
	var missing error
	for _, name := range names {
		path, err := h.searchFor(nil).Find("vars", name)
		if err != nil {
			missing = cmpError(missing, err)
			continue
		}
		return h.engine.varFile(path)
	}
	return nil, missing
}

type addHostArgs struct {
	// The new host. Every further argument is a variable of it.
	Name string `arg:"name,required" alias:"host,hostname"`
	// The groups that it belongs to; those that do not exist are made.
	Groups []string `arg:"groups" alias:"group,groupname"`
}

// AddHost adds a host to the inventory of this run, for the plays that follow.
//
// All other arguments are variables of the host.
//
// Example:
//
//	tasks:
//	  - add_host:
//	      name: "{{ new_address }}"
//	      groups: fresh
var addHost = &action{
	spec: &spec.Module{Name: "add_host", Names: []string{"ansible.builtin.add_host"}, Declares: spec.Lazily[addHostArgs]()},
	open: true,
	run: func(_ context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
		name, groups, values := "", []string(nil), jinja.NewMap()
		for k, v := range args.All() {
			switch jinja.Str(k) {
			case "name", "host", "hostname":
				name = jinja.Str(v)
			case "groups", "group", "groupname":
				names, isList := textList(v)
				if !isList {
					return nil, a.task.Action.Errorf("add_host: groups have to be names, not %s", jinja.Repr(v))
				}
				for _, n := range names {
					for _, g := range strings.Split(n, ",") {
						groups = append(groups, strings.TrimSpace(g))
					}
				}
			default:
				values.Set(k, v)
			}
		}
		if name == "" {
			return nil, source.Errorf(a.task.ModulePos, "add_host: argument \"name\" is missing")
		}
		changed, err := a.engine.Inventory.AddHost(name, groups...)
		if err != nil {
			return nil, err
		}
		a.engine.Vars.InventoryChanged()
		res := ok("changed", changed, "add_host", jinja.NewMap("host_name", name, "groups", list(groups), "host_vars", values))
		res.facts = []facts{{host: name, kind: factAdded, values: values}}
		return res, nil
	},
}

// GroupBy puts the host into a group that an expression names.
//
// Example:
//
//	tasks:
//	  - group_by:
//	      key: "os_{{ ansible_distribution | lower }}"
var groupBy = define(spec.Module{Name: "group_by", Names: []string{"ansible.builtin.group_by"}}, runGroupBy)

type groupByArgs struct {
	// The name of the group.
	Key string `arg:"key,required"`
	// The groups above it.
	Parents []string `arg:"parents" default:"all"`
}

func runGroupBy(_ context.Context, a *attempt, args *groupByArgs) (*taskResult, error) {
	name := strings.ReplaceAll(args.Key, " ", "-")
	changed, err := a.engine.Inventory.AddGroup(name, args.Parents, a.hostRun.host)
	if err != nil {
		return nil, err
	}
	a.engine.Vars.InventoryChanged()
	return ok("changed", changed, "add_group", name, "parent_groups", list(args.Parents)), nil
}
