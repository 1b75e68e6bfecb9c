package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"fleet/internal/tasks/sys"
)

// editArgs are the arguments of all modules that edit a text file.
type editArgs struct {
	// The file. A symbolic link is followed.
	Path string `arg:"path,required" type:"path" alias:"dest,destfile,name"`
	sys.Perms
	// Keeps the old file under a name with the time in it.
	Backup bool `arg:"backup"`
	// A command that has to accept the new file before it is put in place, with %s
	// for its name.
	Validate string `arg:"validate"`
}

// unknownYet is the result in check mode where the file is not there: an earlier
// task may be the one that would have made it.
const unknownYet = "the file does not exist, so in check mode nothing is known of it"

// readText returns the path and the text of the file. Where it does not exist,
// there is false.
func (a *editArgs) readText(m *sys.Machine) (path, text string, there bool, err error) {
	if path, err = m.Expand(a.Path); err != nil {
		return "", "", false, err
	}
	info, err := os.Stat(m.Path(path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return path, "", false, nil
	case err != nil:
		return path, "", false, fmt.Errorf("read %q: %w", a.Path, sys.Inner(err))
	case info.IsDir():
		return path, "", false, sys.Messagef("Path %s is a directory !", a.Path)
	}
	data, err := m.ReadFile(path)
	if err != nil {
		return path, "", false, fmt.Errorf("read %q: %w", a.Path, sys.Inner(err))
	}
	return path, string(data), true, nil
}

// missing is the error for a file that has to be there, with the next step. The
// word in front of its name is the one that Ansible has in this module.
func (a *editArgs) missing(word, hint string) error {
	return sys.Messagef("%s %s does not exist !\nhint: %s", word, a.Path, hint)
}

const createMakes = "create: true makes it"

// writeText brings the file to the text and to its permissions.
func (a *editArgs) writeText(ctx context.Context, m *sys.Machine, path, text string) (sys.Written, error) {
	if _, err := m.MakeDir(ctx, filepath.Dir(path), sys.Perms{}); err != nil {
		return sys.Written{}, err
	}
	return m.Write(ctx, sys.Write{Path: path, Content: sys.Bytes([]byte(text)), Perms: a.Perms, Follow: true,
		Backup: a.Backup, Validate: a.Validate})
}

// splitLines splits behind each newline, which stays with its line.
func splitLines(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	if last := len(lines) - 1; lines[last] == "" {
		lines = lines[:last]
	}
	return lines
}

// bare returns a line without its end.
func bare(line string) string { return strings.TrimRight(line, "\r\n") }

// ended returns a line with a newline at its end.
func ended(line string) string {
	if strings.HasSuffix(line, "\n") {
		return line
	}
	return line + "\n"
}
