package config

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"fleet/internal/tasks/sys"
)

// editArgs are the arguments of all modules that edit a file.
type editArgs struct {
	sys.Perms
	// Keeps the old file under a name with the time in it.
	Backup bool `arg:"backup"`
}

// edited are the values that all modules return which edit a file.
type edited struct {
	// The file.
	Path string `json:"path"`
	// What was done, or OK.
	Msg string `json:"msg"`
	// The name of the backup, where one was made.
	BackupFile string `json:"backup_file,omitempty"`
	sys.FileInfo
}

// readText returns the path of a file that is to be edited and its text. Where
// it does not exist, there is false.
func readText(m *sys.Machine, given string) (path, text string, there bool, err error) {
	if path, err = m.Expand(given); err != nil {
		return "", "", false, err
	}
	if info, err := os.Stat(m.Path(path)); err == nil && info.IsDir() {
		return path, "", false, fmt.Errorf("%q is a folder, not a file", given)
	}
	text, there, err = m.ReadText(path)
	return path, text, there, err
}

// writeText brings the file to the text and to its permissions, and makes its
// folder where that is missing.
func (a *editArgs) writeText(ctx context.Context, m *sys.Machine, w sys.Write) (sys.Written, error) {
	if _, err := m.MakeDir(ctx, filepath.Dir(w.Path), sys.Perms{}); err != nil {
		return sys.Written{}, err
	}
	w.Perms, w.Backup = a.Perms, a.Backup
	return m.Write(ctx, w)
}
