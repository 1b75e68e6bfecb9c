package config

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
)

// TestIniEdits edits the file "base" with the arguments that are each other
// file's name. What must come of it is the message and the text.
func TestIniEdits(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/ini_edits.txtar")
	if err != nil {
		t.Fatal(err)
	}
	base := archive.Files[0].Data
	for _, f := range archive.Files[1:] {
		t.Run(f.Name, func(t *testing.T) {
			m := &sys.Machine{Root: t.TempDir()}
			if err := os.WriteFile(m.Path("/a.ini"), base, 0o644); err != nil {
				t.Fatal(err)
			}
			var given map[string]any
			if err := json.Unmarshal([]byte(f.Name), &given); err != nil {
				t.Fatal(err)
			}
			given["path"] = "/a.ini"
			args, _ := json.Marshal(given)
			res := systest.Call(t, &IniFile, m, string(args))
			text, _ := os.ReadFile(m.Path("/a.ini"))
			if got := res["msg"].(string) + "\n" + string(text); got != string(f.Data) {
				t.Errorf("got\n%s\nwant\n%s", got, f.Data)
			}
			if changed := !strings.HasPrefix(string(f.Data), "OK\n"); res["changed"] != changed {
				t.Errorf("changed is %v", res["changed"])
			}
		})
	}
}
