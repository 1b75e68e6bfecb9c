package sys

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

func TestAloneIsASessionOfItsOwn(t *testing.T) {
	script := "read word; echo $word; echo $$; cut -d' ' -f6 /proc/$$/stat"
	out, err := (&Machine{}).Run(context.Background(), Command{Argv: []string{"sh", "-c", script}, Stdin: []byte("said\n"), Alone: true})
	f := strings.Fields(out.Stdout)
	if err != nil || len(f) != 3 || f[0] != "said" || f[1] != f[2] {
		t.Errorf("got %+v, %v", out, err)
	}
}

func TestMissingFolderIsNamed(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "gone")
	for _, program := range []string{"true", "/nowhere/program"} {
		_, err := (&Machine{}).Run(context.Background(), Command{Argv: []string{program}, Dir: folder})
		if p, ok := errors.AsType[*fs.PathError](err); !ok || p.Op != "chdir" || p.Path != folder || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got %v", program, err)
		}
	}
}
