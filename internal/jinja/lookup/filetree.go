package lookup

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"fleet/internal/jinja"
)

// maxTree bounds the entries that one filetree returns.
const maxTree = 200_000

// filetree returns what lies in folders, at any depth: what a file, folder or link
// needs to be made elsewhere. Of two entries at the same path below different
// folders the first counts. A folder that is not there has none.
func (l lookups) filetree(c *jinja.Context, terms []any, kw *jinja.Map) ([]any, error) {
	if err := only("filetree", kw, "exclude"); err != nil {
		return nil, err
	}
	w := treeWalk{c: c, seen: map[string]bool{}, names: map[string]any{}, out: []any{}}
	if exclude := option(kw, "exclude", ""); exclude != "" {
		w.exclude = `\A(?:` + exclude + `)`
	}
	for _, t := range terms {
		name, err := text("filetree", t)
		if err != nil {
			return nil, err
		}
		root := l.find("files", name)
		if root == "" {
			continue
		}
		if strings.HasSuffix(name, "/") {
			root = strings.TrimSuffix(root, "/") + "/"
		}
		if err := w.folder(root, ""); err != nil {
			return nil, err
		}
	}
	return w.out, nil
}

// treeWalk goes through folders.
type treeWalk struct {
	c       *jinja.Context
	exclude string // a regular expression of names that do not count
	seen    map[string]bool
	names   map[string]any // of users and groups, by "u" or "g" and the number
	out     []any
}

// folder adds the entries of a folder: folders first, and what lies in them behind
// all of them. A link to a folder is not followed.
func (w *treeWalk) folder(root, path string) error {
	if w.c.Ctx != nil && w.c.Ctx.Err() != nil {
		return w.c.Ctx.Err()
	}
	entries, err := os.ReadDir(filepath.Join(root, path))
	if err != nil {
		return nil // not a folder, or one that cannot be read
	}
	var folders, files []os.DirEntry
	for _, e := range entries {
		if out, err := w.excluded(e.Name()); err != nil {
			return err
		} else if out {
			continue
		}
		if info, err := os.Stat(filepath.Join(root, path, e.Name())); err == nil && info.IsDir() {
			folders = append(folders, e)
		} else {
			files = append(files, e)
		}
	}
	for _, e := range append(folders, files...) {
		if err := w.entry(root, filepath.Join(path, e.Name())); err != nil {
			return err
		}
	}
	for _, e := range folders {
		if e.IsDir() {
			if err := w.folder(root, filepath.Join(path, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *treeWalk) excluded(name string) (bool, error) {
	if w.exclude == "" {
		return false, nil
	}
	m, err := w.c.Filter("regex_search", name, w.exclude)
	return m != nil, err
}

func (w *treeWalk) entry(root, path string) error {
	if w.seen[path] {
		return nil
	}
	full := filepath.Join(root, path)
	info, err := os.Lstat(full)
	if err != nil {
		return nil // it went away
	}
	m := jinja.NewMap("root", root, "path", path)
	switch info.Mode().Type() {
	case os.ModeSymlink:
		to, err := os.Readlink(full)
		if err != nil {
			return nil
		}
		m.Set("state", "link")
		m.Set("src", to)
	case os.ModeDir:
		m.Set("state", "directory")
	case 0:
		m.Set("state", "file")
		m.Set("src", full)
	default:
		return nil // a socket, a device
	}
	w.properties(m, info)
	w.seen[path] = true
	if w.out = append(w.out, m); len(w.out) > maxTree {
		return failed("the lookup \"filetree\" found more than %d files", maxTree)
	}
	return nil
}

// properties sets whose it is, its mode, size and times.
func (w *treeWalk) properties(m *jinja.Map, info os.FileInfo) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return
	}
	m.Set("uid", int(st.Uid))
	m.Set("gid", int(st.Gid))
	m.Set("owner", w.name("u", int(st.Uid)))
	m.Set("group", w.name("g", int(st.Gid)))
	m.Set("mode", fmt.Sprintf("0%03o", st.Mode&0o7777))
	m.Set("size", int(st.Size))
	m.Set("mtime", float64(st.Mtim.Sec)+1e-9*float64(st.Mtim.Nsec))
	m.Set("ctime", float64(st.Ctim.Sec)+1e-9*float64(st.Ctim.Nsec))
}

// name returns the name of a user ("u") or group ("g"), or the number where there is
// none.
func (w *treeWalk) name(kind string, id int) any {
	key := kind + strconv.Itoa(id)
	if v, ok := w.names[key]; ok {
		return v
	}
	var v any = id
	if kind == "u" {
		if u, err := user.LookupId(strconv.Itoa(id)); err == nil {
			v = u.Username
		}
	} else if g, err := user.LookupGroupId(strconv.Itoa(id)); err == nil {
		v = g.Name
	}
	w.names[key] = v
	return v
}
