package inventory

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"sync"

	"fleet/internal/source"
)

// Load reads the sources in order into one inventory. A source is a file, a
// folder, or a list of hosts that holds a comma. Every mistake that is found is
// part of the error (errors.Join of *source.Error).
func Load(sources ...string) (*Inventory, error) { return Loader{}.Load(sources...) }

// Loader says how sources are read. The zero value reads what is not encrypted.
type Loader struct {
	Files     source.Files
	Evaluator Evaluator // for constructed inventories; nil refuses them
	// In a folder, files whose names end so, or match one of the expressions, are no
	// inventory. IgnoreEnds nil is Ansible's list.
	IgnoreEnds, IgnorePatterns []string
	// GroupNames says what becomes of groups whose names cannot be a variable's.
	GroupNames GroupNames
	// Absent says what becomes of sources that are not there.
	Absent Absent
}

// Load is as the function Load.
func (l Loader) Load(sources ...string) (*Inventory, error) {
	inv, err := l.read(sources)
	if err != nil {
		return nil, err
	}
	inv.read = func() (*Inventory, error) { return l.read(sources) }
	return inv, nil
}

func (l Loader) read(sources []string) (*Inventory, error) {
	r := &reader{Loader: l, inv: newInventory()}
	r.inv.folders.files, r.inv.names = l.Files, l.GroupNames
	for _, s := range sources {
		r.source(s)
	}
	r.judgeAbsent(len(sources))
	r.inv.settle()
	r.sameNames()
	r.unsafeNames()
	if len(r.errs) == 0 {
		r.checkFolders()
	}
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	return r.inv, nil
}

// reader reads sources into an inventory and collects what is wrong.
type reader struct {
	Loader
	inv  *Inventory
	errs []error
	gone []*source.Error // sources that are not there
	file string          // the file that is being read
	dir  string
}

func (r *reader) fail(err error) { r.errs = append(r.errs, err) }

func (r *reader) warn(err error) { r.inv.warnings = append(r.inv.warnings, err) }

// source reads one source.
func (r *reader) source(name string) {
	info, err := os.Stat(name)
	switch {
	case err != nil && strings.Contains(name, ","):
		r.hostList(name)
	case err != nil:
		r.absent(name)
	case info.IsDir():
		r.beside(name)
		r.folder(name)
	default:
		r.beside(filepath.Dir(name))
		r.read(name)
	}
}

// beside notes a folder that group_vars and host_vars are looked for in. The
// last source that has it decides its rank.
func (r *reader) beside(dir string) {
	dir = filepath.Clean(dir)
	for i, d := range r.inv.dirs {
		if d == dir {
			r.inv.dirs = append(r.inv.dirs[:i:i], r.inv.dirs[i+1:]...)
			break
		}
	}
	r.inv.dirs = append(r.inv.dirs, dir)
}

// ignoredEnds are the ends of names that are no inventory in a folder.
var ignoredEnds = []string{
	".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry",
}

// folder reads all files of a folder in the order of their names.
func (r *reader) folder(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		r.fail(source.Errorf(source.Pos{File: dir}, "cannot read the folder: %w", errors.Unwrap(err)))
		return
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name() < entries[j].Name() })
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if r.ignored(e.Name(), path) {
			continue
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			r.folder(path)
			continue
		}
		r.read(path)
	}
}

// ignoredEnds are the ends of names that are no inventory in a folder.
func (r *reader) ignoredEnds() []string {
	if r.IgnoreEnds != nil {
		return r.IgnoreEnds
	}
	return ignoredEnds
}

func (r *reader) ignored(name, path string) bool {
	if strings.HasPrefix(name, ".") || name == "group_vars" || name == "host_vars" || name == "vars_plugins" {
		return true
	}
	for _, end := range r.ignoredEnds() {
		if strings.HasSuffix(name, end) {
			if r.IgnoreEnds == nil && end == ".cfg" {
				r.warn(source.Errorf(source.Pos{File: path}, "files ending in %q are ignored in an inventory folder", end).
					WithHint("rename it to %q", strings.TrimSuffix(name, end)))
			}
			return true
		}
	}
	for _, p := range r.IgnorePatterns {
		re, err := regexp.Compile(p)
		if err != nil {
			r.fail(source.Errorf(source.Pos{}, "inventory_ignore_patterns: %q is not a regular expression: %s", p, regexpError(err)))
			return true
		}
		if re.MatchString(name) {
			return true
		}
	}
	return false
}

// read reads one file, in the format that its name or its first line has.
func (r *reader) read(file string) {
	data, err := r.Files.Read(file)
	if err != nil {
		r.fail(err)
		return
	}
	r.file, r.dir = file, filepath.Dir(file)
	switch {
	case isScript(file, data):
		r.script(file)
	case filepath.Ext(file) == ".toml":
		r.toml(string(data))
	case isYAML(file, data):
		r.yaml(data)
	default:
		r.ini(string(data))
	}
}

var yamlKey = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[^\s=\[\]#:]+:(\s|$)`)
})

// isYAML tells YAML (and JSON) from INI.
func isYAML(file string, data []byte) bool {
	switch filepath.Ext(file) {
	case ".yml", ".yaml", ".json":
		return true
	case ".ini":
		return false
	}
	for _, line := range strings.Split(string(data), "\n") {
		text := strings.TrimSpace(line)
		if text == "" || text[0] == '#' || text[0] == ';' {
			continue
		}
		return text == "---" || text[0] == '{' || yamlKey().MatchString(text)
	}
	return false
}

// sameNames warns about a name that is a host's and a group's.
func (r *reader) sameNames() {
	for _, h := range r.inv.hostList {
		if g := r.inv.groups[h.Name]; g != nil {
			r.warn(source.Errorf(h.Pos, "%q is the name of a host and of a group", h.Name).
				WithHint("a pattern with this name means the host"))
		}
	}
}
