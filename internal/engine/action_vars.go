package engine

import (
	"context"
	"regexp"
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
		res.facts = []facts{{host: a.factsHost(), kind: factSet, values: a.stillEncrypted(values)}}
		if cacheable {
			res.facts = append(res.facts, facts{host: a.factsHost(), kind: factGathered, values: values})
		}
		return res, nil
	},
}

// stillEncrypted returns the values with those as they are written that the task
// itself gives encrypted: such a variable is decrypted where it is used.
func (a *attempt) stillEncrypted(values *jinja.Map) *jinja.Map {
	out := values
	for _, p := range append(a.task.Action.Pairs(), a.task.Args.Pairs()...) {
		if !p.Value.Vaulted() || !values.Has(p.Key.Text()) {
			continue
		}
		if out == values {
			out = values.Clone()
		}
		out.Set(p.Key.Text(), a.engine.Vars.Value(p.Value))
	}
	return out
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

// varFile reads a file of variables: a mapping, or nothing; with lists also a list
// of mappings, as vars_files take. It reports whether the whole file is encrypted.
func (e *Engine) varFile(path string, lists bool) (values *jinja.Map, encrypted bool, err error) {
	docs, err := e.files().YAML(path)
	if err != nil {
		return nil, false, err
	}
	if len(docs) == 0 || docs[0].IsNull() {
		return jinja.NewMap(), false, nil
	}
	doc := docs[0]
	if all, isList := doc.Merged(); isList && lists {
		doc = all
	}
	if !doc.IsMap() {
		return nil, false, doc.Errorf("a file of variables has to be a mapping, not a %s", doc.KindName())
	}
	return e.Vars.Map(doc), doc.Encrypted(), nil
}

// varsFiles reads the play's vars_files. In the first round a file whose name
// needs variables that are not there yet is left for the second.
func (h *hostRun) varsFiles(ctx context.Context, first bool) error {
	values := jinja.NewMap()
	h.vars.Files, h.vars.Reading = values, true
	defer func() { h.vars.Reading = false }()
	for _, n := range h.VarsFiles {
		c, err := h.newContext(ctx, nil, nil) // anew: a name may use what is in a file before it
		if err != nil {
			return err
		}
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
		m, _, err := h.engine.varFile(path, true)
		return m, err
	}
	return nil, missing
}
