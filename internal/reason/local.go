package reason

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"syscall"
)

// program is about a program that was not found.
func program(e *exec.Error) words {
	if errors.Is(e.Err, exec.ErrNotFound) || errors.Is(e.Err, fs.ErrNotExist) {
		return words{fmt.Sprintf("no program %q on this machine", e.Name), "install it, or set PATH by environment"}
	}
	if errors.Is(e.Err, fs.ErrPermission) {
		return words{said: fmt.Sprintf("the program %q cannot be run: permission denied", e.Name)}
	}
	return words{said: fmt.Sprintf("the program %q cannot be run: %s", e.Name, e.Err)}
}

// path is about a file.
func path(e *fs.PathError) words {
	switch {
	case e.Op == "fork/exec" && errors.Is(e.Err, syscall.ENOEXEC):
		return words{fmt.Sprintf("the program %q cannot be run on this machine", e.Path),
			"is it built for this system and processor, and does a script begin with #!?"}
	case e.Op == "fork/exec":
		return words{said: fmt.Sprintf("the program %q cannot be run: %s", e.Path, e.Err)}
	case e.Op == "chdir" && errors.Is(e.Err, fs.ErrNotExist):
		return words{said: fmt.Sprintf("there is no folder %q to run it in", e.Path)}
	}
	return words{said: fmt.Sprintf("%s %q: %s", verb(e.Op), e.Path, e.Err)}
}

// file returns the path that an error is about, and what is said of it where the
// path stands before it already.
func file(err error) (path, bare string) {
	if e, ok := err.(*fs.PathError); ok && e.Op != "fork/exec" && e.Op != "chdir" {
		return e.Path, e.Err.Error()
	}
	return "", ""
}

// verb returns what a system call does.
func verb(call string) string {
	switch call {
	case "lstat", "stat", "fstat", "fstatat", "statat":
		return "look at"
	case "openat", "openfdat", "openfile":
		return "open"
	case "unlinkat", "unlink", "rmdir":
		return "remove"
	case "fchmodat", "chmodat":
		return "chmod"
	case "fchownat", "chownat", "lchown":
		return "chown"
	case "mkdirat":
		return "mkdir"
	case "readlinkat":
		return "readlink"
	case "renameat":
		return "rename"
	case "readdirent", "getdents64", "fdopendir":
		return "read folder"
	}
	return call
}
