package playbook

import (
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"fleet/internal/source"
)

// document is a file that was read, or why it could not be.
type document struct {
	node source.Node
	err  error
}

// document reads a file that holds one YAML document; an empty file gives the
// zero Node. from is what names the file, for the error where it cannot be read.
func (r *reader) document(file string, from source.Pos) (source.Node, bool) {
	if file == "" {
		return source.Node{}, false
	}
	d := r.load(file)
	if d.err != nil {
		r.fail(d.err)
		return source.Node{}, false
	}
	return d.node, true
}

func (l *Loader) load(file string) document {
	l.mu.Lock()
	d, ok := l.files[file]
	l.mu.Unlock()
	if ok {
		return d
	}
	d.node, d.err = single(l.Files.YAML(file))
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.files == nil {
		l.files = map[string]document{}
	}
	l.files[file] = d
	return d
}

// single returns the only document of a file.
func single(docs []source.Node, err error) (source.Node, error) {
	if err != nil || len(docs) == 0 {
		return source.Node{}, err
	}
	if len(docs) > 1 {
		return source.Node{}, docs[1].Errorf("the file has a second YAML document").
			WithHint(`take the line "---" out, or make two files`)
	}
	return docs[0], nil
}

// findTasks returns the file of an import or include: where it stands, in the
// role's tasks or handlers, beside the files that brought this one in, beside
// the playbook.
func (r *reader) findTasks(name string, pos source.Pos, s scope) (string, error) {
	if filepath.IsAbs(name) {
		if path := filepath.Clean(name); isFile(path) {
			return path, nil
		}
		return "", r.notFound("file", name, pos, []string{filepath.Clean(name)})
	}
	part := "tasks"
	if s.handler {
		part = "handlers"
	}
	dirs := []string{s.dir}
	if role := s.roleDir(); role != "" {
		dirs = append(dirs, filepath.Join(role, part), filepath.Join(role, "tasks"), role)
	}
	for i := len(s.chain) - 1; i >= 0; i-- {
		dirs = append(dirs, filepath.Dir(s.chain[i]))
	}
	dirs = append(dirs, s.playDir(), filepath.Join(s.playDir(), part))
	var tried []string
	for _, dir := range dirs {
		path := filepath.Join(dir, name)
		if isFile(path) {
			return path, nil
		}
		if len(tried) == 0 || !has(tried, path) {
			tried = append(tried, path)
		}
	}
	return "", r.notFound("file", name, pos, tried)
}

// notFound is the mistake that a file is not there.
func (r *reader) notFound(what, name string, pos source.Pos, tried []string) *source.Error {
	e := source.Errorf(pos, "cannot find the %s %q", what, name)
	e.Hint, e.Err = lookedFor(tried), fs.ErrNotExist
	for _, path := range tried {
		if near := source.DidYouMean(filepath.Base(path), list(filepath.Dir(path))); near != "" {
			e.Hint = near + " " + e.Hint
			break
		}
	}
	return e
}

func lookedFor(tried []string) string { return "looked for " + strings.Join(tried, ", ") }

// varsFolder returns the files of a folder of variables in the order of their
// names, folders in it included.
func varsFolder(dir string) []string {
	var files []string
	for _, name := range list(dir) {
		path, end := filepath.Join(dir, name), filepath.Ext(name)
		switch {
		case strings.HasPrefix(name, "."), strings.HasSuffix(name, "~"):
		case isDir(path):
			if end == "" {
				files = append(files, varsFolder(path)...)
			}
		case has(yamlNames, end):
			files = append(files, path)
		}
	}
	return files
}

// cycle returns "a → b → a" where path is in the chain, and "" where it is not.
func cycle(chain []string, path string) string {
	for i, c := range chain {
		if c == path {
			return strings.Join(append(chain[i:len(chain):len(chain)], path), " → ")
		}
	}
	return ""
}

// list returns the sorted names in a folder; none where it cannot be read.
func list(dir string) []string {
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

func has(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
