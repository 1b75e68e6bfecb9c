package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Stat tells about a file. It changes nothing and runs in check mode, too.
//
// Example:
//
//	tasks:
//	  - name: Look for the marker
//	    stat:
//	      path: /etc/app/installed
//	    register: marker
//
//	  - name: Install
//	    command: ./install.sh
//	    when: not marker.stat.exists
var Stat = sys.Define(spec.Module{
	Name:  "stat",
	Names: []string{"ansible.builtin.stat", "ansible.legacy.stat"},
}, stat)

type statArgs struct {
	// The file.
	Path string `arg:"path,required" type:"path" alias:"dest,name"`
	// Tells about the file that a symbolic link points to, in place of the link.
	Follow bool `arg:"follow"`
	// Computes a digest of a regular file.
	GetChecksum bool `arg:"get_checksum" default:"yes" gives:"stat.checksum"`
	// The kind of digest.
	ChecksumAlgorithm string `arg:"checksum_algorithm" alias:"checksum,checksum_algo" choices:"md5,sha1,sha224,sha256,sha384,sha512" default:"sha1"`
	// Asks the program "file", where it is installed, for the kind of content.
	GetMime bool `arg:"get_mime" alias:"mime,mime_type,mime-type" default:"yes" gives:"stat.mimetype,stat.charset"`
	// Reads the flags that lsattr shows.
	GetAttributes bool `arg:"get_attributes" alias:"attr,attributes" default:"yes" gives:"stat.attributes,stat.attr_flags,stat.version"`
}

type statResult struct {
	// What is known of the file. Where it does not exist, only "exists" is there.
	Stat map[string]any `json:"stat"`
}

func stat(ctx context.Context, m *sys.Machine, a *statArgs) (any, error) {
	path, err := m.Expand(a.Path)
	if err != nil {
		return nil, err
	}
	look := os.Lstat
	if a.Follow {
		look = os.Stat
	}
	info, err := look(m.Path(path))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return statResult{map[string]any{"exists": false}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at %q: %w", a.Path, sys.Inner(err))
	}
	values := statValues(m, path, info)
	values["exists"] = true
	for name, mask := range map[string]uint32{"readable": 4, "writeable": 2, "executable": 1} {
		values[name] = syscall.Access(m.Path(path), mask) == nil
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		values["lnk_target"], _ = os.Readlink(m.Path(path))
		values["lnk_source"], _ = realPath(m, path)
	}
	if a.GetChecksum && info.Mode().IsRegular() && values["readable"] == true {
		if values["checksum"], err = m.Digest(path, a.ChecksumAlgorithm); err != nil {
			return nil, err
		}
	}
	if a.GetMime {
		values["mimetype"], values["charset"] = mime(ctx, m, path)
	}
	if a.GetAttributes {
		attributes(m.Path(path), info, values)
	}
	return statResult{values}, nil
}

// statValues returns what one look at a file tells.
func statValues(m *sys.Machine, path string, info fs.FileInfo) map[string]any {
	st := info.Sys().(*syscall.Stat_t)
	v := fileValues(info)
	v["path"], v["blocks"], v["block_size"], v["device_type"] = path, st.Blocks, st.Blksize, st.Rdev
	v["pw_name"], v["gr_name"] = m.UserName(int(st.Uid)), m.GroupName(int(st.Gid))
	return v
}

// fileValues returns the values that stat and find have in common.
func fileValues(info fs.FileInfo) map[string]any {
	st := info.Sys().(*syscall.Stat_t)
	kind := st.Mode & syscall.S_IFMT
	v := map[string]any{
		"mode":  fmt.Sprintf("%04o", st.Mode&0o7777),
		"isdir": kind == syscall.S_IFDIR, "ischr": kind == syscall.S_IFCHR, "isblk": kind == syscall.S_IFBLK,
		"isreg": kind == syscall.S_IFREG, "isfifo": kind == syscall.S_IFIFO, "islnk": kind == syscall.S_IFLNK,
		"issock": kind == syscall.S_IFSOCK,
		"uid":    st.Uid, "gid": st.Gid, "size": st.Size, "inode": st.Ino, "dev": st.Dev, "nlink": st.Nlink,
		"atime": seconds(st.Atim), "mtime": seconds(st.Mtim), "ctime": seconds(st.Ctim),
		"isuid": st.Mode&syscall.S_ISUID != 0, "isgid": st.Mode&syscall.S_ISGID != 0,
	}
	for i, name := range []string{"xoth", "woth", "roth", "xgrp", "wgrp", "rgrp", "xusr", "wusr", "rusr"} {
		v[name] = st.Mode>>i&1 == 1
	}
	return v
}

func seconds(t syscall.Timespec) float64 { return float64(t.Nano()) / 1e9 }

// realPath resolves every symbolic link, as the machine itself would.
func realPath(m *sys.Machine, path string) (string, error) {
	real, err := filepath.EvalSymlinks(m.Path(path))
	if err != nil || m.Root == "" {
		return real, err
	}
	rel, err := filepath.Rel(m.Root, real)
	return "/" + rel, err
}
