// Package lookup holds the lookups that reach beyond variables: files, templates,
// the environment, and the output of commands. It runs on the controller, reads
// and writes files there only as the playbook asks, and starts commands only for
// pipe and lines; only url asks the network.
package lookup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"

	"fleet/internal/jinja"
	"fleet/internal/source"
)

// maxFile bounds the files and outputs that a lookup returns.
const maxFile = 64 << 20

// Options say where lookups look.
type Options struct {
	// SearchPath returns the folders for relative names, in order; kind is
	// "files", "templates", "vars" or "". Nil is the working folder.
	SearchPath func(kind string) []string
	// FirstFound is the kind that first_found looks for; where empty, "files".
	FirstFound string
	// Dir is where commands run and password files lie: the playbook's folder.
	// Where empty, it is the last of SearchPath("").
	Dir string
	// Files reads the files: with its keys, those that are encrypted too.
	Files source.Files
	// Hosts returns the hosts that patterns name; nil where there is no inventory.
	Hosts func(patterns []string) ([]string, error)
	// Setting returns one of Ansible's settings, and where it comes from. It may be
	// nil.
	Setting func(name string) (v any, origin string, known bool)
	// Plugin returns a setting of one of Ansible's plugins; known is false where there
	// is no such plugin, and ok where it has no such setting. It may be nil.
	Plugin func(kind, plugin, name string) (s PluginSetting, known, ok bool)
}

// lookups are the lookups with their options.
type lookups struct {
	o Options
	// templates are those that were parsed, by their templateKey.
	templates *sync.Map
}

// New returns the lookups, by name. They are safe for concurrent use.
func New(o Options) map[string]jinja.LookupFunc {
	if o.SearchPath == nil {
		o.SearchPath = func(string) []string { return []string{"."} }
	}
	if dirs := o.SearchPath(""); o.Dir == "" && len(dirs) > 0 {
		o.Dir = dirs[len(dirs)-1]
	}
	if o.FirstFound == "" {
		o.FirstFound = "files"
	}
	l := lookups{o, &sync.Map{}}
	return map[string]jinja.LookupFunc{
		"config":              l.config,
		"csvfile":             l.csvfile,
		"env":                 l.env,
		"file":                l.file,
		"fileglob":            l.fileglob,
		"filetree":            l.filetree,
		"first_found":         l.firstFound,
		"ini":                 l.ini,
		"inventory_hostnames": l.inventoryHostnames,
		"lines":               l.lines,
		"password":            l.password,
		"pipe":                l.pipe,
		"template":            l.template,
		"unvault":             l.unvault,
		"url":                 l.url,
	}
}

func failed(format string, args ...any) *source.Error {
	return source.Errorf(source.Pos{}, format, args...)
}

// text returns a term that must be a text.
func text(name string, v any) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	return "", failed("the lookup %q needs a text, not %s", name, jinja.Repr(v))
}

// only refuses arguments that a lookup does not have.
func only(name string, kw *jinja.Map, known ...string) error {
	for k := range kw.All() {
		found := false
		for _, n := range known {
			found = found || n == k
		}
		if !found {
			e := failed("%q is not a valid option of the lookup %q", jinja.Str(k), name)
			e.Hint = source.DidYouMean(jinja.Str(k), known)
			return e
		}
	}
	return nil
}

// flag returns an argument that is true or false.
func flag(kw *jinja.Map, name string, otherwise bool) (bool, error) {
	v, ok := kw.Get(name)
	if !ok {
		return otherwise, nil
	}
	if s, isText := v.(string); isText {
		v = source.Resolve(s)
	}
	return jinja.Truth(v)
}

// option returns an argument as text.
func option(kw *jinja.Map, name, otherwise string) string {
	if v, ok := kw.Get(name); ok {
		return jinja.Str(v)
	}
	return otherwise
}

func expand(name string) string {
	if name == "~" || strings.HasPrefix(name, "~/") {
		if home, err := os.UserHomeDir(); err == nil {
			return home + name[1:]
		}
	}
	return name
}

// find returns the absolute path of a file or folder, or "" where there is none.
func (l lookups) find(kind, name string) string {
	name = expand(name)
	if filepath.IsAbs(name) {
		if _, err := os.Stat(name); err == nil {
			return name
		}
		return ""
	}
	for _, d := range l.o.SearchPath(kind) {
		path, err := filepath.Abs(filepath.Join(d, name))
		if err != nil {
			continue // the working folder is gone: nothing is found from it
		}
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// full returns a path that means the same from every folder: what a lookup finds is
// often given to another.
func full(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

func (l lookups) mustFind(lookup, kind, name string) (string, error) {
	if path := l.find(kind, name); path != "" {
		return path, nil
	}
	e := failed("the lookup %q cannot find the file %q: No such file or directory", lookup, name)
	if !filepath.IsAbs(expand(name)) {
		e.Hint = "looked in " + strings.Join(l.o.SearchPath(kind), ", ")
	}
	return "", e
}

// read returns a file's text.
func read(files source.Files, path string) (string, error) {
	f, err := files.Open(path)
	if err != nil {
		return "", cannotRead(path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return "", cannotRead(path, err)
	}
	if len(data) > maxFile {
		return "", failed("the file %s is larger than %d MiB", path, maxFile>>20)
	}
	return string(data), nil
}

func cannotRead(path string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return fmt.Errorf("cannot read %s: %w", path, err)
}

// file returns the text of files, without white space at the end.
func (l lookups) file(_ *jinja.Context, terms []any, kw *jinja.Map) ([]any, error) {
	if err := only("file", kw, "lstrip", "rstrip"); err != nil {
		return nil, err
	}
	left, err := flag(kw, "lstrip", false)
	if err != nil {
		return nil, err
	}
	right, err := flag(kw, "rstrip", true)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, t := range terms {
		name, err := text("file", t)
		if err != nil {
			return nil, err
		}
		path, err := l.mustFind("file", "files", name)
		if err != nil {
			return nil, err
		}
		s, err := l.read(path)
		if err != nil {
			return nil, err
		}
		if left {
			s = strings.TrimLeft(s, " \t\r\n\v\f")
		}
		if right {
			s = strings.TrimRight(s, " \t\r\n\v\f")
		}
		out = append(out, s)
	}
	return out, nil
}

// fileglob returns the files, not folders, that match patterns in one folder.
func (l lookups) fileglob(_ *jinja.Context, terms []any, kw *jinja.Map) ([]any, error) {
	if err := only("fileglob", kw); err != nil {
		return nil, err
	}
	out := []any{}
	for _, t := range terms {
		pattern, err := text("fileglob", t)
		if err != nil {
			return nil, err
		}
		dir, base := filepath.Split(expand(pattern))
		dirs := l.o.SearchPath("files")
		switch {
		case filepath.IsAbs(dir):
			dirs = []string{dir}
		case dir != "":
			dirs = []string{l.find("files", dir)}
		}
		for _, d := range dirs {
			if d == "" {
				continue
			}
			found, err := globFiles(d, base)
			if err != nil {
				return nil, failed("the pattern %q is not valid", pattern)
			}
			if len(found) > 0 {
				out = append(out, found...)
				break
			}
		}
	}
	return out, nil
}

// globFiles returns the absolute paths of the files in dir that match.
func globFiles(dir, pattern string) ([]any, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, nil // the working folder is gone
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil // a folder that is not there has no files
	}
	var names []string
	for _, e := range entries {
		ok, err := filepath.Match(pattern, e.Name())
		if err != nil {
			return nil, err
		}
		hidden := strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(pattern, ".")
		path := full(filepath.Join(dir, e.Name()))
		if info, err := os.Stat(path); ok && !hidden && err == nil && info.Mode().IsRegular() {
			names = append(names, path)
		}
	}
	sort.Strings(names)
	out := make([]any, len(names))
	for i, n := range names {
		out[i] = n
	}
	return out, nil
}
