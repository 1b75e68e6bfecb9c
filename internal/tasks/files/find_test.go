package files

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
)

func TestFind(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"d/a.log": "one\ntwo words\n", "d/b.txt": strings.Repeat("x", 3000), "d/.hidden": "", "d/sub/c.log": "", "d/sub/deep/e.log": "", "other/f": "",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Now().Add(-48 * time.Hour)
	for _, err := range []error{
		os.Chtimes(filepath.Join(root, "d/a.log"), old, old),
		os.Chmod(filepath.Join(root, "d/b.txt"), 0o600),
		os.Symlink("../other", filepath.Join(root, "d/link")),
		os.Symlink("..", filepath.Join(root, "d/sub/up")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for args, want := range map[string]string{
		`"paths":"/d"`:                                                   "/d/a.log /d/b.txt",
		`"paths":"/d/","hidden":true`:                                    "/d/.hidden /d/a.log /d/b.txt",
		`"paths":"/d","recurse":true`:                                    "/d/a.log /d/b.txt /d/sub/c.log /d/sub/deep/e.log",
		`"paths":"/d","recurse":true,"depth":2`:                          "/d/a.log /d/b.txt /d/sub/c.log",
		`"paths":"/d","recurse":true,"follow":true,"patterns":"f"`:       "/d/link/f",
		`"paths":["/d","/other"],"patterns":"*.log,f"`:                   "/d/a.log /other/f",
		`"path":"/d","pattern":"[!a]*","excludes":"*.log"`:               "/d/b.txt",
		`"paths":"/d","patterns":"^[a-z]\\.(log|txt)$","use_regex":true`: "/d/a.log /d/b.txt",
		`"paths":"/d","patterns":"log","use_regex":true`:                 "",
		`"paths":"/d","file_type":"directory"`:                           "/d/sub",
		`"paths":"/d","file_type":"link"`:                                "/d/link",
		`"paths":"/d","file_type":"any","hidden":true`:                   "/d/.hidden /d/a.log /d/b.txt /d/link /d/sub",
		`"paths":"/d","age":"1d"`:                                        "/d/a.log",
		`"paths":"/d","age":"-1d"`:                                       "/d/b.txt",
		`"paths":"/d","size":"2k"`:                                       "/d/b.txt",
		`"paths":"/d","size":"-2k"`:                                      "/d/a.log",
		`"paths":"/d","contains":"two"`:                                  "/d/a.log",
		`"paths":"/d","contains":"words"`:                                "",
		`"paths":"/d","contains":"words","read_whole_file":true`:         "/d/a.log",
		`"paths":"/d","mode":"0600"`:                                     "/d/b.txt",
		`"paths":"/d","mode":"o=r","exact_mode":false`:                   "/d/a.log",
		`"paths":"/d","limit":1`:                                         "/d/a.log",
	} {
		got := systest.Call(t, &Find, &sys.Machine{Root: root, Check: true}, "{"+args+"}")
		var paths []string
		list, _ := got["files"].([]any)
		for _, f := range list {
			paths = append(paths, f.(map[string]any)["path"].(string))
		}
		if found := strings.Join(paths, " "); found != want || got["matched"] != float64(len(paths)) {
			t.Errorf("%s: got %q, want %q (%v)", args, found, want, got["msg"])
		}
	}
	for args, want := range map[string]float64{
		`"paths":"/d"`:                            5,
		`"paths":"/d","recurse":true`:             9,
		`"paths":"/d","recurse":true,"depth":1`:   8,
		`"paths":"/other","recurse":true`:         1,
		`"paths":"/d/sub","recurse":false`:        3,
		`"paths":"/d/sub","depth":1`:              3,
		`"paths":"/d/sub","recurse":1,"depth":1`:  4,
		`"paths":"/d","recurse":true,"depth":100`: 9,
	} {
		if got := systest.Call(t, &Find, &sys.Machine{Root: root}, "{"+args+"}"); got["examined"] != want {
			t.Errorf("%s: examined %v, want %v", args, got["examined"], want)
		}
	}
	got := systest.Call(t, &Find, &sys.Machine{Root: root}, `{"paths":"/gone"}`)
	if fmt.Sprint(got["skipped_paths"]) != `map[/gone:'/gone' is not a directory]` || got["matched"] != 0.0 {
		t.Errorf("missing folder: %v", got)
	}
	for _, args := range []string{`"age":"soon"`, `"size":"1x"`, `"patterns":"[a"`, `"contains":"(?=a"`, `"mode":"q"`} {
		if got := systest.Call(t, &Find, &sys.Machine{Root: root}, `{"paths":"/d",`+args+`}`); got["failed"] != true {
			t.Errorf("%s was taken", args)
		}
	}
}

func TestTempfile(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "tmp"), 0o755); err != nil {
		t.Fatal(err)
	}
	for state, mode := range map[string]string{"file": "0600", "directory": "0700"} {
		args := fmt.Sprintf(`{"state":%q,"path":"/tmp","prefix":"p.","suffix":".s"}`, state)
		got := systest.Call(t, &Tempfile, &sys.Machine{Root: root, Check: true}, args)
		if got["changed"] != true || got["path"] != nil {
			t.Errorf("check: %v", got)
		}
		got = systest.Call(t, &Tempfile, &sys.Machine{Root: root}, args)
		path, _ := got["path"].(string)
		if !strings.HasPrefix(path, "/tmp/p.") || !strings.HasSuffix(path, ".s") || got["mode"] != mode || got["state"] != state {
			t.Errorf("got %v", got)
		}
	}
	if list, _ := os.ReadDir(filepath.Join(root, "tmp")); len(list) != 2 {
		t.Errorf("%d files", len(list))
	}
	if got := systest.Call(t, &Tempfile, &sys.Machine{Root: root}, `{"path":"/gone"}`); got["failed"] != true {
		t.Errorf("missing folder: %v", got)
	}
}
