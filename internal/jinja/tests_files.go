package jinja

import (
	"io/fs"
	"os"
	"path"
	"syscall"
)

// fileTest is a test on a file of the controller.
func fileTest(follow bool, f func(fs.FileInfo) bool) func(*Context, any, []any) (any, error) {
	return func(c *Context, v any, _ []any) (any, error) {
		info, err := c.stat(v, follow)
		return info != nil && f(info), err
	}
}

// stat looks at a file of the controller; it returns nil where there is none.
func (c *Context) stat(v any, follow bool) (fs.FileInfo, error) {
	s, err := textArg("path", v)
	if err != nil {
		return nil, err
	}
	if c.Env.Stat == nil {
		return nil, newError("files cannot be looked at here")
	}
	info, err := c.Env.Stat(s, follow)
	if err != nil {
		return nil, nil
	}
	return info, nil
}

func testSameFile(c *Context, v any, a []any) (any, error) {
	var infos [2]fs.FileInfo
	for i, p := range []any{v, a[0]} {
		info, err := c.stat(p, true)
		if err != nil {
			return nil, err
		}
		if info == nil {
			return nil, newError("there is no file %s", Repr(p))
		}
		infos[i] = info
	}
	return os.SameFile(infos[0], infos[1]), nil
}

// testMount says whether a folder is on another file system than the one above it,
// or is the root.
func testMount(c *Context, v any, _ []any) (any, error) {
	here, err := c.stat(v, false)
	if err != nil || here == nil || here.Mode()&fs.ModeSymlink != 0 {
		return false, err
	}
	folder := v.(string)
	if c.Env.RealPath != nil {
		if real, err := c.Env.RealPath(folder); err == nil {
			folder = real
		}
	}
	above, err := c.stat(path.Join(folder, ".."), false)
	if err != nil || above == nil {
		return false, err
	}
	a, ok := here.Sys().(*syscall.Stat_t)
	b, ok2 := above.Sys().(*syscall.Stat_t)
	return ok && ok2 && (a.Dev != b.Dev || a.Ino == b.Ino), nil
}
