package sys

import (
	"io/fs"
	"os"
	"syscall"
)

// FileInfo are the values that the modules of files return about what they left.
type FileInfo struct {
	// The permissions as octal digits behind a zero, as "0644" or "01777".
	Mode string `json:"mode,omitempty"`
	// The name of the user that owns the file.
	Owner string `json:"owner,omitempty"`
	// The name of its group.
	Group string `json:"group,omitempty"`
	// The number of the user that owns the file.
	UID *int `json:"uid,omitempty"`
	// The number of its group.
	GID *int `json:"gid,omitempty"`
	// The size in bytes.
	Size *int64 `json:"size,omitempty"`
	// What it is: file, directory, link, hard or absent.
	State string `json:"state,omitempty"`
}

// FileInfo looks at path, without following a symbolic link. What is missing has
// the state absent and nothing else.
func (m *Machine) FileInfo(path string) FileInfo {
	info, err := os.Lstat(m.Path(path))
	if err != nil {
		return FileInfo{State: "absent"}
	}
	p, size := permsOf(info), info.Size()
	return FileInfo{octal(p.mode), m.UserName(p.uid), m.GroupName(p.gid), &p.uid, &p.gid, &size, StateOf(info)}
}

// StateOf returns the word that Ansible has for the kind of a file.
func StateOf(info fs.FileInfo) string {
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return "link"
	case info.IsDir():
		return "directory"
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Nlink > 1 {
		return "hard"
	}
	return "file"
}
