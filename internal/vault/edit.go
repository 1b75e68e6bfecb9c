package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"fleet/internal/source"
)

// Edit lets the operator change a text in an editor, a command line, and returns
// what became of it. Meanwhile the text lies in a folder that nobody else can read,
// and that is gone when Edit returns. name gives the file its end.
func Edit(ctx context.Context, editor, name string, text []byte) (edited []byte, err error) {
	dir, err := os.MkdirTemp("", "fleet-vault-") // 0700
	if err != nil {
		return nil, err
	}
	defer func() {
		if rerr := wipe(dir); err == nil {
			err = rerr
		}
	}()
	file := filepath.Join(dir, "text"+filepath.Ext(name))
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	words := strings.Fields(editor)
	if len(words) == 0 {
		words = []string{"vi"}
	}
	cmd := exec.CommandContext(ctx, words[0], append(words[1:], file)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, &source.Error{Msg: fmt.Sprintf("the editor %q failed, and nothing was changed: %s", editor, cause(err)), Err: err,
			Hint: "name another one with EDITOR"}
	}
	edited, err = os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &source.Error{Msg: fmt.Sprintf("the editor %q has removed the text, and nothing was changed", editor), Err: err}
	}
	return edited, err
}

// wipe writes over the files in a folder, what an editor left there included, and
// removes it.
func wipe(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			// A file that cannot be written over is removed all the same.
			_ = os.WriteFile(filepath.Join(dir, e.Name()), make([]byte, info.Size()), 0o600)
		}
	}
	return os.RemoveAll(dir)
}
