package files

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
	"fleet/internal/wire"
)

// The controller is asked once for all that is really needed, and not at all for
// what is there, or in check mode for what nobody wants to see.
func TestTreeIsAskedForOnce(t *testing.T) {
	large := strings.Repeat("x", sys.MaxDiff+1)
	for name, test := range map[string]struct {
		there       string // the text of each file that is there
		check, diff bool
		force       bool
		want        string // how often it is asked, and what is opened
	}{
		"all":              {"", false, false, true, "1 [a d/b d/c]"},
		"all, shown":       {"", false, true, true, "1 [a d/b d/c]"},
		"checked":          {"", true, false, true, "0 []"},
		"checked, shown":   {"", true, true, true, "1 [a d/b]"},
		"others are there": {"other", false, false, true, "1 [a d/b d/c]"},
		"left alone":       {"other", false, false, false, "0 []"},
		"same":             {"same", false, false, true, "0 []"},
		"same, checked":    {"same", true, true, true, "0 []"},
	} {
		t.Run(name, func(t *testing.T) {
			data := map[string][]byte{"a": []byte("one\n"), "d/b": []byte("two\n"), "d/c": []byte(large)}
			m := &sys.Machine{Root: t.TempDir(), Check: test.check, Diff: test.diff}
			c := systest.Offer(m, []wire.File{{Name: "a"}, {Name: "d/"}, {Name: "d/b"}, {Name: "d/c"}}, data)
			for name, text := range data {
				if test.there != "same" {
					text = []byte(test.there)
				}
				path := filepath.Join(m.Root, "to", name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if test.there == "" {
					continue
				}
				if err := os.WriteFile(path, text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			result := systest.Call(t, &Copy, m, fmt.Sprintf(`{"src":"from/","dest":"/to","force":%v}`, test.force))
			if got := fmt.Sprint(c.Asked, " ", c.Opened); got != test.want {
				t.Errorf("got %s, want %s: %v", got, test.want, result)
			}
		})
	}
}

// TestCopyTakesNoDevice: a pipe or a device of the target is no source, and reading
// one might never end.
func TestCopyTakesNoDevice(t *testing.T) {
	root := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := systest.Call(t, &Copy, &sys.Machine{Root: root}, `{"src":"/pipe","dest":"/x","remote_src":true}`)
	if got["failed"] != true || got["msg"] != "Cannot copy invalid source '/pipe': not a file" {
		t.Errorf("got %v", got)
	}
}
