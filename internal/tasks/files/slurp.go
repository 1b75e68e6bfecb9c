package files

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// maxSlurp bounds the files that are returned whole, in bytes: what they become
// as base64 has to fit into one message and into the controller's memory.
const maxSlurp = 8 << 20

// Slurp returns a file's bytes as base64. It refuses more than 8 MiB: for large
// files there is fetch.
//
// Example:
//
//	tasks:
//	  - name: Read the machine's identity
//	    slurp:
//	      src: /etc/machine-id
//	    register: identity
//
//	  - debug:
//	      msg: "{{ identity.content | b64decode }}"
var Slurp = sys.Define(spec.Module{
	Name:  "slurp",
	Names: []string{"ansible.builtin.slurp", "ansible.legacy.slurp"},
}, slurp)

type slurpArgs struct {
	// The file on the target.
	Src string `arg:"src,required" type:"path" alias:"path"`
}

type slurpResult struct {
	// The file's bytes as base64.
	Content string `json:"content"`
	// Always base64.
	Encoding string `json:"encoding"`
	// The path of the file.
	Source string `json:"source"`
}

func slurp(_ context.Context, m *sys.Machine, a *slurpArgs) (any, error) {
	f, path, err := openFile(m, a.Src)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSlurp+1))
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", a.Src, sys.Inner(err))
	}
	if len(data) > maxSlurp {
		return nil, fmt.Errorf("%q has more than %d MiB; use fetch for large files", a.Src, maxSlurp>>20)
	}
	return slurpResult{base64.StdEncoding.EncodeToString(data), "base64", path}, nil
}

// openFile opens a regular file of the machine and returns its full path.
func openFile(m *sys.Machine, src string) (*os.File, string, error) {
	path, err := m.Expand(src)
	if err != nil {
		return nil, "", err
	}
	info, err := os.Stat(m.Path(path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", fmt.Errorf("file not found: %s: %w", src, sys.Inner(err))
	case errors.Is(err, fs.ErrPermission):
		return nil, "", fmt.Errorf("file is not readable: %s: %w", src, sys.Inner(err))
	case err != nil:
		return nil, "", fmt.Errorf("unable to slurp file: %s: %w", src, sys.Inner(err))
	case info.IsDir():
		return nil, "", fmt.Errorf("source is a directory and must be a file: %s", src)
	case !info.Mode().IsRegular():
		return nil, "", fmt.Errorf("%q is no regular file (%s); only files can be read", src, info.Mode().Type())
	}
	f, err := m.Open(path)
	if err != nil {
		return nil, "", fmt.Errorf("file is not readable: %s: %w", src, sys.Inner(err))
	}
	return f, path, nil
}
