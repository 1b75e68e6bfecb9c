package inventory

import (
	"errors"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"

	"fleet/internal/source"
)

// varEnds are the ends that files of variables may have, the first that is
// there wins; without an end it may be a folder.
var varEnds = []string{"", ".yml", ".yaml", ".json"}

// varFolders are the group_vars and host_vars folders that were looked into.
type varFolders struct {
	files source.Files
	mu    sync.Mutex
	open  map[string]*varFolder
}

// varFolder is one such folder.
type varFolder struct {
	files source.Files
	path  string
	there map[string]bool // the names in it
	read  map[string][]varFile
}

// varFile is a file of variables that was read, or why it could not be.
type varFile struct {
	path string
	vars source.Node
	err  error
}

// layers returns the variables that the files under dir (a folder group_vars or
// host_vars) have for a name.
func (f *varFolders) layers(dir, name string, kind Kind) ([]Layer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Layer
	for _, file := range f.folder(dir).varFiles(name) {
		if file.err != nil {
			return nil, file.err
		}
		if file.vars.Exists() {
			out = append(out, Layer{Kind: kind, Origin: file.path, Vars: file.vars})
		}
	}
	return out, nil
}

// forget makes it look into the folders anew.
func (f *varFolders) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open = nil
}

// folder returns what is known about a folder; one that is not there is empty.
func (f *varFolders) folder(dir string) *varFolder {
	if d := f.open[dir]; d != nil {
		return d
	}
	d := &varFolder{files: f.files, path: dir, there: map[string]bool{}, read: map[string][]varFile{}}
	for _, name := range folderNames(dir) {
		d.there[name] = true
	}
	if f.open == nil {
		f.open = map[string]*varFolder{}
	}
	f.open[dir] = d
	return d
}

func folderNames(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	sort.Strings(names)
	return names
}

// files reads the files that belong to a name.
func (d *varFolder) varFiles(name string) []varFile {
	if files, ok := d.read[name]; ok {
		return files
	}
	var files []varFile
	for _, path := range d.paths(name) {
		vars, err := d.readVars(path)
		files = append(files, varFile{path, vars, err})
	}
	d.read[name] = files
	return files
}

// paths returns the files that belong to a name.
func (d *varFolder) paths(name string) []string {
	for _, end := range varEnds {
		if !d.there[name+end] {
			continue
		}
		path := filepath.Join(d.path, name+end)
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return filesBelow(path)
		}
		return []string{path}
	}
	return nil
}

// filesBelow returns the files of variables in a folder, in the order of their
// names, folders in it included.
func filesBelow(dir string) []string {
	var files []string
	for _, name := range folderNames(dir) {
		path, end := filepath.Join(dir, name), filepath.Ext(name)
		info, err := os.Stat(path)
		switch {
		case err != nil, strings.HasPrefix(name, "."), strings.HasSuffix(name, "~"):
		case info.IsDir():
			if end == "" {
				files = append(files, filesBelow(path)...)
			}
		case isVarEnd(end):
			files = append(files, path)
		}
	}
	return files
}

func isVarEnd(end string) bool {
	for _, e := range varEnds {
		if e == end {
			return true
		}
	}
	return false
}

// readVars reads a file of variables; an empty one has none.
func (d *varFolder) readVars(path string) (source.Node, error) {
	docs, err := d.files.YAML(path)
	doc, err := single(docs, err)
	switch {
	case err != nil:
		return source.Node{}, err
	case !doc.Exists(), doc.IsNull():
		return source.Node{}, nil
	case !doc.IsMap():
		return source.Node{}, doc.Errorf("a file of variables is a mapping, not %s", kind(doc)).WithHint(`write "name: value" a line`)
	}
	return doc, nil
}

// ErrNoOwner is the cause of a warning about variables of a group or host that the
// inventory does not have. A playbook may make it.
var ErrNoOwner = errors.New("no group or host has these variables")

// checkFolders reads all group_vars and host_vars beside the sources, so that
// mistakes in them are seen at once, and warns about files that nothing uses. An
// encrypted file that cannot be opened is the matter of those whose variables are
// asked for: who may not have the password of some machines can still run others.
func (r *reader) checkFolders() {
	groups, hosts := []string{}, names(r.inv.hostList)
	for _, g := range r.inv.groupList {
		groups = append(groups, g.Name)
	}
	for _, dir := range r.inv.dirs {
		r.checkFolder(filepath.Join(dir, "group_vars"), "group", groups)
		r.checkFolder(filepath.Join(dir, "host_vars"), "host", hosts)
	}
}

func (r *reader) checkFolder(dir, what string, known []string) {
	d := r.inv.folders.folder(dir)
	for _, name := range known {
		for _, f := range d.varFiles(name) {
			if f.err != nil && !closed(f.err) {
				r.fail(f.err)
			}
		}
	}
	for _, entry := range folderNames(dir) {
		r.checkEntry(d, entry, what, known)
	}
}

func closed(err error) bool {
	return errors.Is(err, source.ErrClosed) || errors.Is(err, source.ErrNoVaultPassword)
}

// checkEntry warns about a file or folder in a folder of variables that no name
// reads.
func (r *reader) checkEntry(d *varFolder, entry, what string, known []string) {
	name := entry
	for _, end := range varEnds[1:] {
		name = strings.TrimSuffix(name, end)
	}
	if strings.HasPrefix(entry, ".") || strings.HasSuffix(entry, "~") || what == "host" && isLocal(name) {
		return
	}
	pos := source.Pos{File: filepath.Join(d.path, entry)}
	for _, k := range known {
		if k != name && k != entry {
			continue
		}
		if paths := d.paths(k); len(paths) > 0 && entry != k && paths[0] != pos.File {
			r.warn(source.Errorf(pos, "the file is not read").WithHint("%s comes first", paths[0]))
		}
		return
	}
	e := source.Errorf(pos, "no inventory has the %s %q", what, name)
	e.Hint, e.Err = source.DidYouMean(name, known), ErrNoOwner
	r.warn(e)
}
