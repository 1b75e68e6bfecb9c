package engine

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/jinja/lookup"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// search is where relative names of the controller's files are looked for: it
// depends on the task's file, its role, and the playbook.
type search struct {
	role, task, play string // folders; role and task may be empty
}

// searchFor returns the search of an entry, or of the play where it is nil.
func (r *playRun) searchFor(e playbook.Entry) search {
	s := search{play: r.dir}
	if e == nil {
		return s
	}
	if role := playbook.RoleOf(e); role != nil {
		s.role = role.Dir
	}
	if t, ok := e.(*playbook.Task); ok {
		s.task = t.Dir
	}
	return s
}

// dirs returns the folders to look in for a kind of file ("files", "templates",
// "vars", "tasks" or ""), in Ansible's order.
func (s search) dirs(kind string) []string {
	var out []string
	for _, base := range []string{s.role, s.task, s.play} {
		if base == "" {
			continue
		}
		if kind != "" {
			out = append(out, filepath.Join(base, kind))
		}
		out = append(out, base)
	}
	var once []string
	for _, d := range out {
		if !slices.Contains(once, d) {
			once = append(once, d)
		}
	}
	return once
}

// find returns the path of the controller's file that a name stands for.
func (s search) find(kind, name string) (string, error) {
	if home, err := os.UserHomeDir(); err == nil && strings.HasPrefix(name, "~/") {
		name = filepath.Join(home, name[2:])
	}
	if filepath.IsAbs(name) {
		if _, err := os.Stat(name); err != nil {
			return "", fmt.Errorf("cannot find %q on the controller", name)
		}
		return name, nil
	}
	dirs := s.dirs(kind)
	for _, d := range dirs {
		p := filepath.Join(d, name)
		if _, err := os.Stat(p); err == nil {
			return p, nil
		}
	}
	return "", source.Errorf(source.Pos{}, "cannot find the file %q on the controller", name).
		WithHint("looked in %s", strings.Join(dirs, ", "))
}

// env returns what templates at a place can reach: lookups by its search path.
func (e *Engine) env(s search) *jinja.Env {
	if env, ok := e.envs.Load(s); ok {
		return env.(*jinja.Env)
	}
	home, _ := os.UserHomeDir()
	env := &jinja.Env{
		Lookups: lookup.New(lookup.Options{SearchPath: s.dirs}),
		Load: func(name string) (string, string, error) {
			path, err := s.find("templates", name)
			if err != nil {
				return "", "", err
			}
			data, err := os.ReadFile(path)
			return string(data), path, err
		},
		Stat: func(path string, follow bool) (fs.FileInfo, error) {
			if follow {
				return os.Stat(path)
			}
			return os.Lstat(path)
		},
		RealPath: filepath.EvalSymlinks,
		Home:     home,
	}
	got, _ := e.envs.LoadOrStore(s, env)
	return got.(*jinja.Env)
}
