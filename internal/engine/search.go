package engine

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"fleet/internal/jinja"
	"fleet/internal/jinja/lookup"
	"fleet/internal/playbook"
	"fleet/internal/search"
	"fleet/internal/source"
	"fleet/internal/vars"
)

// searchFor returns where an entry's files are looked for, or the play's where it
// is nil.
func (r *playRun) searchFor(e playbook.Entry) search.Path {
	p := search.Path{Play: r.dir}
	if e == nil {
		return p
	}
	if role := playbook.RoleOf(e); role != nil {
		p.Role, p.Around = role.Dir, role.Around()
	}
	if t, ok := e.(*playbook.Task); ok {
		p.Task = t.Dir
	}
	return p
}

// env returns what templates at a place can reach: lookups by its search path.
func (e *Engine) env(s search.Path) *jinja.Env {
	if env, ok := e.envs.Load(s); ok {
		return env.(*jinja.Env)
	}
	home, _ := os.UserHomeDir()
	env := &jinja.Env{
		Lookups: e.lookups(s, "files"),
		Load: func(name string) (string, string, error) {
			path, err := s.Find("templates", name)
			if err != nil {
				return "", "", err
			}
			data, err := e.files().Read(path)
			return string(data), path, err
		},
		Stat: func(path string, follow bool) (fs.FileInfo, error) {
			if follow {
				return os.Stat(path)
			}
			return os.Lstat(path)
		},
		Head:     headOf,
		RealPath: filepath.EvalSymlinks,
		Getenv:   os.LookupEnv,
		Home:     home,

		ReadLiterals: e.Options.ReadLiterals,
	}
	got, _ := e.envs.LoadOrStore(s, env)
	return got.(*jinja.Env)
}

// lookups returns the lookups that read the controller; first is the kind of files
// that first_found looks for. What the lookup password gives is a secret.
func (e *Engine) lookups(s search.Path, first string) map[string]jinja.LookupFunc {
	all := lookup.New(lookup.Options{SearchPath: s.Dirs, FirstFound: first, Files: e.files(), Setting: e.Setting, Plugin: e.Plugin,
		Hosts: func(patterns []string) ([]string, error) {
			sel, err := e.Inventory.Select(patterns...)
			return sel.Hosts, err
		}})
	password := all["password"]
	all["password"] = func(c *jinja.Context, terms []any, kwargs *jinja.Map) ([]any, error) {
		words, err := password(c, terms, kwargs)
		for _, w := range words {
			if e.Secrets != nil {
				e.Secrets.Add(jinja.Str(w))
			}
		}
		return words, err
	}
	for name, run := range all {
		if !timeless(name) {
			all[name] = func(c *jinja.Context, terms []any, kwargs *jinja.Map) ([]any, error) {
				if scope, ok := c.Scope.(*vars.Scope); ok {
					if err := scope.Settle(); err != nil {
						return nil, err
					}
				}
				return run(c, terms, kwargs)
			}
		}
	}
	return all
}

// timeless reports whether a lookup gives the same whatever the tasks in front have
// done.
func timeless(lookup string) bool {
	switch lookup {
	case "cartesian", "config", "dict", "env", "flattened", "indexed_items", "items", "list", "nested", "random_choice", "sequence", "subelements", "together":
		return true
	}
	return false
}

// files returns what reads the operator's files.
func (e *Engine) files() source.Files {
	if e.Loader == nil {
		return source.Files{}
	}
	return e.Loader.Files
}

// headOf returns the first bytes of a file.
func headOf(path string, size int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, size)
	n, err := io.ReadFull(f, head)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return head[:n], err
}
