package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/spec"
)

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
