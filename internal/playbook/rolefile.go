package playbook

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"fleet/internal/source"
)

// roleParts are the folders that make a folder a role.
var roleParts = []string{"tasks", "handlers", "defaults", "vars", "meta", "files", "templates"}

// findRole returns the folder of a role.
func (r *reader) findRole(use roleUse, s scope) (string, error) {
	name := use.name
	if isCollectionName(name) {
		return r.findCollectionRole(use, s)
	}
	var tried []string
	try := func(dir string) bool {
		for _, t := range tried {
			if t == dir {
				return false
			}
		}
		tried = append(tried, dir)
		return isRole(dir)
	}
	for _, base := range r.roleBases(use, s) {
		dir := filepath.Join(base, name)
		if filepath.IsAbs(name) {
			dir = filepath.Clean(name)
		}
		if try(dir) {
			return dir, nil
		}
	}
	e := source.Errorf(use.pos, "cannot find the role %q", name)
	e.Hint, e.Err = lookedFor(tried), fs.ErrNotExist
	if near := source.DidYouMean(name, roleNames(r.roleBases(use, s))); near != "" {
		e.Hint = near + " " + e.Hint
	}
	return "", e
}

// isCollectionName reports whether a role's name has the form NAMESPACE.COLLECTION.ROLE.
func isCollectionName(name string) bool {
	parts := strings.Split(name, ".")
	return len(parts) > 2 && !strings.Contains(name, "/") && !slices.ContainsFunc(parts, func(p string) bool { return !isName(p) })
}

// findCollectionRole returns the folder of a role of a collection, which is a plain
// role where a folder of that whole name is one.
func (r *reader) findCollectionRole(use roleUse, s scope) (string, error) {
	parts := strings.Split(use.name, ".")
	var tried []string
	for _, base := range r.roleBases(use, s) {
		if dir := filepath.Join(base, use.name); isRole(dir) {
			return dir, nil
		}
	}
	roots := []string{filepath.Join(s.playDir(), "collections")}
	if s.play != nil {
		roots = append(roots, filepath.Join(filepath.Dir(s.play.Playbook), "collections"))
	}
	for _, root := range append(roots, r.CollectionsPath...) {
		dir := filepath.Join(append([]string{root, "ansible_collections", parts[0], parts[1], "roles"}, parts[2:]...)...)
		if isDir(dir) {
			return dir, nil
		}
		if !has(tried, dir) {
			tried = append(tried, dir)
		}
	}
	e := source.Errorf(use.pos, "cannot find the role %q", use.name)
	e.Hint, e.Err = lookedFor(tried), fs.ErrNotExist
	return "", e
}

// roleBases returns the folders that roles are looked for in, in order.
func (r *reader) roleBases(use roleUse, s scope) []string {
	bases := []string{filepath.Join(s.playDir(), "roles"), filepath.Join(s.dir, "roles")}
	if s.play != nil {
		bases = append(bases, filepath.Join(filepath.Dir(s.play.Playbook), "roles"))
	}
	bases = append(bases, r.RolesPath...)
	if use.by != nil {
		bases = append(bases, filepath.Dir(use.by.Dir))
	}
	bases = append(bases, s.playDir())
	if strings.Contains(use.name, "/") {
		bases = append(bases, s.dir, ".")
	}
	return bases
}

func isRole(dir string) bool {
	for _, part := range roleParts {
		if isDir(filepath.Join(dir, part)) {
			return true
		}
	}
	return false
}

// roleNames returns the roles that there are in the folders.
func roleNames(bases []string) []string {
	var names []string
	for _, base := range bases {
		for _, name := range list(base) {
			if isRole(filepath.Join(base, name)) {
				names = append(names, name)
			}
		}
	}
	return names
}

// yamlNames are the endings of a role's YAML files, in the order of preference.
var yamlNames = []string{".yml", ".yaml", ".json", ""}

// roleFile returns the file of a part of the role ("tasks"), or "" where there
// is none. from is what tasks_from and its like say.
func (r *reader) roleFile(use roleUse, role *Role, part, from string) string {
	if from == "" || from == "main" {
		for _, end := range yamlNames {
			if path := filepath.Join(role.Dir, part, "main"+end); isFile(path) {
				return path
			}
		}
		return ""
	}
	folder := filepath.Join(role.Dir, part)
	if path := filepath.Join(folder, from); filepath.IsAbs(from) || !strings.HasPrefix(path, folder+string(filepath.Separator)) {
		r.fail(source.Errorf(use.pos, "%q is no file for the role %q, as it is not inside the expected role path %s", from, role.Name, folder).
			WithHint("include_tasks takes files from elsewhere"))
		return ""
	}
	var tried []string
	for _, end := range append([]string{""}, yamlNames[:3]...) {
		path := filepath.Join(folder, from+end)
		if isFile(path) {
			return path
		}
		tried = append(tried, path)
	}
	e := source.Errorf(use.pos, "the role %q has no %s file %q", role.Name, part, from).WithHint("%s", lookedFor(tried))
	if near := source.DidYouMean(from, stems(list(folder))); near != "" {
		e.Hint = near
	}
	r.fail(e)
	return ""
}

// stems returns the names of files without what they end in.
func stems(files []string) []string {
	out := make([]string, 0, len(files))
	for _, f := range files {
		out = append(out, strings.TrimSuffix(f, filepath.Ext(f)))
	}
	return out
}

// roleTasks reads the tasks of a role.
func (r *reader) roleTasks(use roleUse, role *Role, s scope) []Entry {
	file := r.roleFile(use, role, "tasks", use.options.TasksFrom)
	if file == "" {
		return nil
	}
	return r.taskFile(file, s, use.pos)
}

// roleHandlers reads the handlers of a role.
func (r *reader) roleHandlers(use roleUse, role *Role, s scope) []*Task {
	file := r.roleFile(use, role, "handlers", use.options.HandlersFrom)
	if file == "" {
		return nil
	}
	s.handler = true
	return tasksOf(r.taskFile(file, s, use.pos))
}

// roleVars reads a role's defaults or vars: a file, or all files of a folder
// "main" in the order of their names.
func (r *reader) roleVars(use roleUse, role *Role, part, from string) source.Node {
	if main := filepath.Join(role.Dir, part, "main"); (from == "" || from == "main") && isDir(main) && r.mainFile(main) == "" {
		var all source.Node
		for _, file := range varsFolder(main) {
			all = mergeMaps(all, r.varsFile(file, use.pos))
		}
		return all
	}
	file := r.roleFile(use, role, part, from)
	if file == "" {
		return source.Node{}
	}
	return r.varsFile(file, use.pos)
}

// mainFile returns the file that stands for the folder main, or "".
func (r *reader) mainFile(main string) string {
	for _, end := range yamlNames[:3] {
		if isFile(main + end) {
			return main + end
		}
	}
	return ""
}

// varsFile reads a file that must hold a mapping of variables.
func (r *reader) varsFile(file string, from source.Pos) source.Node {
	doc, ok := r.document(file, from)
	if !ok || !doc.Exists() || doc.IsNull() {
		return source.Node{}
	}
	if !doc.IsMap() {
		r.errorf(doc.Pos(), "a file of variables is a mapping, not %s", kind(doc))
		return source.Node{}
	}
	r.varNames(doc)
	return doc
}

var metaKeys = []string{"allow_duplicates", "argument_specs", "collections", "dependencies", "galaxy_info"}

// meta reads meta/main.yml and returns the dependencies. Of galaxy_info and
// collections nothing is used.
func (r *reader) meta(role *Role) []roleUse {
	file := ""
	for _, end := range yamlNames {
		if path := filepath.Join(role.Dir, "meta", "main"+end); file == "" && isFile(path) {
			file = path
		}
	}
	doc, ok := r.document(file, source.Pos{})
	if file == "" || !ok || !doc.Exists() || doc.IsNull() {
		return nil
	}
	if !doc.IsMap() {
		r.errorf(doc.Pos(), "meta/main of a role is a mapping, not %s", kind(doc))
		return nil
	}
	var deps []roleUse
	for _, p := range doc.Pairs() {
		switch p.Key.Text() {
		case "dependencies":
			deps = r.dependencies(p.Value)
		case "allow_duplicates":
			if again := r.flag("allow_duplicates", p.Value); !role.Included { // an include says it itself
				role.AllowDuplicates = again
			}
		case "galaxy_info", "argument_specs", "collections":
		default:
			e := source.Errorf(p.Key.Pos(), "unknown key %q in the meta data of a role", p.Key.Text())
			e.Hint = source.DidYouMean(p.Key.Text(), metaKeys)
			r.fail(e)
		}
	}
	return deps
}

func (r *reader) dependencies(n source.Node) []roleUse {
	if !n.IsList() && !n.IsNull() {
		r.errorf(n.Pos(), `"dependencies" must be a list of roles, not %s`, kind(n))
	}
	var deps []roleUse
	for _, item := range n.Items() {
		if use, ok := r.roleEntry(item); ok {
			deps = append(deps, use)
		}
	}
	return deps
}
