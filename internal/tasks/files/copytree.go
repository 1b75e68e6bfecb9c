package files

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"fleet/internal/tasks/sys"
)

// copyTree copies a folder's entries below dest.
func copyTree(ctx context.Context, m *sys.Machine, a *copyArgs, dest string, entries []entry) (any, error) {
	dest = strings.TrimSuffix(dest, "/")
	res := copyResult{Dest: dest + "/", Src: a.Src}
	if a.Validate != "" {
		return nil, fmt.Errorf("argument %q is for files: src is a folder", "validate")
	}
	folders := sys.Perms{Mode: a.DirectoryMode, Owner: a.Owner, Group: a.Group, Extras: a.Extras}
	if _, err := m.MakeDir(ctx, dest, folders); err != nil {
		return res, err
	}
	writes, err := treeWrites(ctx, m, a, dest, entries)
	if err != nil {
		return res, err
	}
	for i, e := range entries {
		if err := copyEntry(ctx, m, a, filepath.Join(dest, e.name), e, writes[i]); err != nil {
			return res, err
		}
	}
	res.FileInfo = m.FileInfo(dest)
	return res, nil
}

// treeWrites returns what is to be written for each entry, nil where that is
// nothing, and has the bytes that differ come in one go.
func treeWrites(ctx context.Context, m *sys.Machine, a *copyArgs, dest string, entries []entry) ([]*sys.Write, error) {
	writes := make([]*sys.Write, len(entries))
	var files []*sys.Write
	for i, e := range entries {
		path := filepath.Join(dest, e.name)
		if e.dir || e.link != "" || !a.Force && m.Exists(path) {
			continue
		}
		w := a.write(path, e)
		if a.RemoteSrc {
			w.NewMode = e.mode
		}
		writes[i] = &w
		files = append(files, &w)
	}
	return writes, m.Prepare(ctx, files)
}

func copyEntry(ctx context.Context, m *sys.Machine, a *copyArgs, path string, e entry, w *sys.Write) error {
	folder := sys.Perms{Mode: a.DirectoryMode, Owner: a.Owner, Group: a.Group, Extras: a.Extras}
	if e.dir {
		if folder.Mode == nil && (a.RemoteSrc || a.Mode == "preserve") && e.mode != 0 {
			folder.Mode = int(e.mode)
		}
		created, err := m.MakeDir(ctx, path, folder)
		if err != nil || created {
			return err
		}
		return m.SetPerms(ctx, path, sys.Perms{Owner: a.Owner, Group: a.Group, Extras: a.Extras}, true)
	}
	if _, err := m.MakeDir(ctx, filepath.Dir(path), folder); err != nil {
		return err
	}
	switch {
	case e.link != "":
		return putLink(ctx, m, path, e.link, a.Force, sys.Perms{Owner: a.Owner, Group: a.Group, Extras: a.Extras})
	case w == nil:
		return nil // it is there, and force: no leaves it alone
	}
	_, err := m.Write(ctx, *w)
	return err
}

// putLink makes path a symbolic link to target. A link that points elsewhere is
// replaced; with force a file is, too.
func putLink(ctx context.Context, m *sys.Machine, path, target string, force bool, p sys.Perms) error {
	old, err := os.Readlink(m.Path(path))
	if err == nil && old == target {
		return m.SetPerms(ctx, path, p, false)
	}
	info, lerr := os.Lstat(m.Path(path))
	change := sys.Change{What: "link " + path + " to " + target, BeforeName: path, AfterName: path,
		Attrs: []sys.Attr{{Name: "state", From: "absent", To: "link"}, {Name: "src", To: target}}}
	if lerr == nil {
		change.Attrs[0].From = sys.StateOf(info)
		if err == nil {
			change.Attrs[1].From = old
		} else if !force {
			return fmt.Errorf("%q is there and is no symbolic link; force: yes replaces it", path)
		}
	}
	change.Do = func(context.Context) error { return symlink(m.Path(path), target, path) }
	if err := m.Change(ctx, change); err != nil {
		return err
	}
	return m.SetPerms(ctx, path, p, false)
}

// symlink puts a link to target at the place of a file, a link or an empty folder.
func symlink(real, target, path string) error {
	return renameOver(real, path, func(temp string) error { return os.Symlink(target, temp) })
}

// renameOver makes something under a temporary name and renames it to real.
func renameOver(real, path string, create func(temp string) error) error {
	dir, err := os.MkdirTemp(filepath.Dir(real), ".fleet-*")
	if err != nil {
		return fmt.Errorf("create %q: %w", path, sys.Inner(err))
	}
	defer os.RemoveAll(dir)
	temp := filepath.Join(dir, "new")
	if err := create(temp); err != nil {
		return fmt.Errorf("create %q: %w", path, sys.Inner(err))
	}
	if info, err := os.Lstat(real); err == nil && info.IsDir() {
		// Fails on a folder with anything in it, as it shall.
		if err := os.Remove(real); err != nil {
			return fmt.Errorf("replace folder %q: %w", path, sys.Inner(err))
		}
	}
	if err := os.Rename(temp, real); err != nil {
		return fmt.Errorf("replace %q: %w", path, sys.Inner(err))
	}
	return nil
}

// remoteSource returns the entries of a source that lies on the target.
func remoteSource(m *sys.Machine, a *copyArgs) ([]entry, bool, error) {
	src, err := m.Expand(a.Src)
	if err != nil {
		return nil, false, err
	}
	info, err := os.Stat(m.Path(src))
	if err != nil {
		return nil, false, fmt.Errorf("src %q on the target: %w", a.Src, sys.Inner(err))
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil, false, sys.Messagef("Cannot copy invalid source '%s': not a file", a.Src)
	}
	if !info.IsDir() {
		content, err := m.Local(src)
		return []entry{{name: filepath.Base(src), mode: uint32(info.Mode().Perm()), content: content}}, false, err
	}
	base, contents := strings.CutSuffix(src, "/")
	prefix := filepath.Base(base)
	if contents {
		prefix = ""
	}
	follow := a.LocalFollow != nil && *a.LocalFollow
	entries, err := walkSource(m, base, prefix, follow, 0)
	if prefix != "" {
		entries = append([]entry{{name: prefix, dir: true, mode: uint32(info.Mode().Perm())}}, entries...)
	}
	return entries, true, err
}

// maxDepth ends a walk through links that lead into a circle.
const maxDepth = 200

func walkSource(m *sys.Machine, dir, prefix string, follow bool, depth int) ([]entry, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("folders below %q are more than %d levels deep", dir, maxDepth)
	}
	list, err := os.ReadDir(m.Path(dir))
	if err != nil {
		return nil, fmt.Errorf("read folder %q: %w", dir, sys.Inner(err))
	}
	var entries []entry
	for _, d := range list {
		path, name := filepath.Join(dir, d.Name()), filepath.Join(prefix, d.Name())
		stat := os.Lstat
		if follow {
			stat = os.Stat
		}
		info, err := stat(m.Path(path))
		if err != nil {
			return nil, fmt.Errorf("read %q: %w", path, sys.Inner(err))
		}
		e := entry{name: name, mode: uint32(info.Mode().Perm())}
		switch {
		case info.IsDir():
			e.dir = true
			below, err := walkSource(m, path, name, follow, depth+1)
			if err != nil {
				return nil, err
			}
			entries = append(append(entries, e), below...)
			continue
		case info.Mode()&fs.ModeSymlink != 0:
			e.link, err = os.Readlink(m.Path(path))
		case info.Mode().IsRegular():
			e.content, err = m.Local(path)
		default:
			continue // sockets, pipes and devices are no files to copy
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}
