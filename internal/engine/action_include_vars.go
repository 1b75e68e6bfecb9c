package engine

import (
	"context"
	"path/filepath"
	"slices"

	"fleet/internal/jinja"
	"fleet/internal/source"
	"fleet/internal/spec"
	"fleet/internal/vars"
)

// IncludeVars reads variables from files of the controller.
//
// What a file that is encrypted as a whole gives is in no report.
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
	// A folder, all of whose YAML and JSON files are read in the order of their
	// folders and names. The role's own vars/main.yml is not among them.
	Dir string `arg:"dir"`
	// The variable that gets the mapping, in place of one variable for each key.
	Name string `arg:"name"`
	// The endings of the names of the files in dir; an empty one is a name without.
	Extensions []string `arg:"extensions" default:"yaml,yml,json"`
	// Passes over the files in dir with other endings, which are mistakes otherwise.
	IgnoreUnknownExtensions bool `arg:"ignore_unknown_extensions"`
	// The files in dir to leave out: regular expressions for the ends of their names.
	IgnoreFiles []string `arg:"ignore_files"`
	// Only files of dir whose names match this regular expression.
	FilesMatching string `arg:"files_matching"`
	// How many levels of folders to go down; 0 is all.
	Depth int `arg:"depth"`
	// With merge, mappings are put into those that the variables have so far, and do
	// not replace them.
	HashBehaviour string `arg:"hash_behaviour" choices:"replace,merge"`
}

func runIncludeVars(_ context.Context, a *attempt, args *includeVarsArgs) (*taskResult, error) {
	files, err := a.varFiles(args)
	if err != nil {
		return notIncluded(nil, err), nil
	}
	values, hidden := jinja.NewMap(), false
	for i, f := range files {
		m, encrypted, err := a.engine.varFile(f, false)
		if err != nil {
			return notIncluded(files[:i], err), nil
		}
		hidden = hidden || encrypted
		merge(values, m)
	}
	if args.Name != "" {
		values = jinja.NewMap(args.Name, values)
	}
	if args.HashBehaviour == "merge" {
		values = a.intoKnown(values)
	}
	res := ok("ansible_facts", values, "ansible_included_var_files", list(files))
	res.noLog = hidden
	res.facts = []facts{{host: a.factsHost(), kind: factIncluded, values: values}}
	return res, nil
}

// notIncluded is the result of a file that cannot be read.
func notIncluded(before []string, err error) *taskResult {
	res := ok("failed", true, "msg", sentence(err), "message", sentence(err), "ansible_included_var_files", list(before))
	res.err = err
	return res
}

// intoKnown returns the values with mappings put into those that the task sees
// under the same names.
func (a *attempt) intoKnown(values *jinja.Map) *jinja.Map {
	known := jinja.NewMap()
	for k := range values.All() {
		if v, ok := a.c.Scope.Lookup(jinja.Str(k)); ok {
			known.Set(k, v)
		}
	}
	return vars.Merge(known, values)
}

// varFiles returns the files that a task names, in the order in which they count.
func (a *attempt) varFiles(args *includeVarsArgs) ([]string, error) {
	where := a.searchFor(a.task)
	if args.Dir == "" && args.File == "" {
		return nil, source.Errorf(source.Pos{}, "Could not find file on the controller: its name is empty")
	}
	if args.Dir == "" {
		f, err := where.Find("vars", args.File)
		return []string{f}, err
	}
	dir, err := where.Find("vars", args.Dir)
	if err != nil {
		return nil, err
	}
	folder, err := newVarFolder(dir, args)
	if err != nil {
		return nil, err
	}
	files, err := folder.files()
	if err != nil {
		return nil, err
	}
	if where.Role != "" { // it has been read with the role
		main := filepath.Join(where.Role, "vars", "main.yml")
		files = slices.DeleteFunc(files, func(f string) bool { return f == main })
	}
	for _, f := range files {
		if end := ending(f); !slices.Contains(args.Extensions, end) {
			return nil, source.Errorf(source.Pos{}, "%s does not have a valid extension: %q is none of %q", f, end, args.Extensions).
				WithHint("ignore_unknown_extensions: true passes over such files")
		}
	}
	return files, nil
}
