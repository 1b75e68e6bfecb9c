package system

import (
	"cmp"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"fleet/internal/tasks/sys"
)

// makeHome makes the home folder of a user who was there without one, as
// useradd would have.
func (r *userRun) makeHome(ctx context.Context, u sys.User) error {
	if u.Home == "" || u.Home == "/nonexistent" || r.m.Exists(u.Home) {
		return nil
	}
	skeleton := r.a.Skeleton
	if skeleton == "" {
		skeleton = "/etc/skel"
	}
	mode := r.homeMode()
	return r.m.Change(ctx, sys.Change{What: "create folder " + u.Home, Do: func(context.Context) error {
		home := r.m.Path(u.Home)
		if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil {
			return err
		}
		if err := os.Mkdir(home, mode); err != nil {
			return err
		}
		if err := copyTree(r.m.Path(skeleton), home, u); err != nil {
			return err
		}
		return os.Chmod(home, mode)
	}})
}

// homeMode is the mode of a new home folder: by the argument umask, or by what
// login.defs(5) says, as with useradd.
func (r *userRun) homeMode() fs.FileMode {
	data, _ := r.m.ReadFile("/etc/login.defs")
	said := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) >= 2 {
			said[f[0]] = f[1]
		}
	}
	if mode, err := strconv.ParseUint(said["HOME_MODE"], 8, 12); err == nil && r.a.Umask == "" {
		return fs.FileMode(mode)
	}
	mask, err := strconv.ParseUint(cmp.Or(r.a.Umask, said["UMASK"]), 8, 12)
	if err != nil {
		mask = 0o022
	}
	return 0o777 &^ fs.FileMode(mask)
}

// copyTree copies what is in a folder into another one and gives all of it to
// the user. A folder that is missing is an empty one.
func copyTree(from, to string, u sys.User) error {
	if _, err := os.Stat(from); err == nil {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			return err
		}
	}
	return filepath.WalkDir(to, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, u.UID, u.GID)
	})
}
