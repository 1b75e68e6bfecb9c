package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"fleet/internal/tasks/sys"
)

// link makes the path a symbolic link.
func (t *fileTask) link(ctx context.Context) error {
	if t.Src == "" {
		if t.was != "link" {
			return sys.Messagef("src is required for creating new symlinks")
		}
		t.Src, _ = os.Readlink(t.m.Path(t.path))
		return t.dressLink(ctx)
	}
	if !t.Force && !t.m.Check && !t.m.Exists(t.target()) {
		return sys.Messagef("src file does not exist: %s\nhint: force: yes links to it all the same", t.target())
	}
	if err := t.replaceable("symbolic link"); err != nil {
		return err
	}
	if err := putLink(ctx, t.m, t.path, t.Src, t.Force, sys.Perms{}); err != nil {
		return err
	}
	return t.dressLink(ctx)
}

// dressLink gives permissions to what the link points to, or with follow: no to
// the link.
func (t *fileTask) dressLink(ctx context.Context) error {
	if t.m.Check && t.m.Changed() {
		return nil // what is there now is not what would be there
	}
	if t.Follow && !t.m.Exists(t.path) {
		if t.Perms != (sys.Perms{}) {
			t.msg = "the permissions were not set, because what the link points to does not exist"
		}
		return nil
	}
	return t.dress(ctx, "preserve")
}

// replaceable reports what must not make place for a link.
func (t *fileTask) replaceable(kind string) error {
	switch {
	case t.was == "absent" || t.was == "link":
		return nil
	case !t.Force:
		return fmt.Errorf("%q is a %s; force: yes puts a %s in its place", t.Path, t.was, kind)
	case t.was != "directory":
		return nil
	}
	list, err := os.ReadDir(t.m.Path(t.path))
	if err != nil {
		return fmt.Errorf("read folder %q: %w", t.Path, sys.Inner(err))
	}
	if len(list) > 0 {
		return fmt.Errorf("the folder %q is not empty and is not replaced by a %s", t.Path, kind)
	}
	return nil
}

// hard makes the path another name of src.
func (t *fileTask) hard(ctx context.Context) error {
	if t.Src == "" {
		return sys.Messagef("src is required for creating new hardlinks")
	}
	src := t.target()
	want, err := os.Lstat(t.m.Path(src))
	if errors.Is(err, fs.ErrNotExist) && !t.m.Check {
		return sys.Messagef("src does not exist")
	}
	if err != nil && !t.m.Check {
		return fmt.Errorf("src %q: %w", t.Src, sys.Inner(err))
	}
	have, lerr := os.Lstat(t.m.Path(t.path))
	if err == nil && lerr == nil && os.SameFile(want, have) {
		return t.dress(ctx, "preserve")
	}
	if err := t.replaceable("hard link"); err != nil {
		return err
	}
	err = t.m.Change(ctx, sys.Change{What: "link " + t.path + " to " + src, BeforeName: t.path, AfterName: t.path,
		Attrs: []sys.Attr{{Name: "state", From: t.was, To: "hard"}, {Name: "src", To: t.Src}},
		Do: func(context.Context) error {
			return renameOver(t.m.Path(t.path), t.path, func(temp string) error { return os.Link(t.m.Path(src), temp) })
		}})
	if err != nil || t.m.Check {
		return err
	}
	return t.dress(ctx, "preserve")
}
