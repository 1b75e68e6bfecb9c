package files

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
)

func TestStatValues(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, "file")
	if err := os.WriteFile(path, []byte("hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("file", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640|os.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	when := time.Unix(1700000000, 500000000)
	if err := os.Chtimes(path, when, when); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]map[string]any{
		`{"path":"/file"}`: {"exists": true, "path": "/file", "mode": "2640", "isreg": true, "isdir": false, "islnk": false,
			"size": 6.0, "nlink": 1.0, "mtime": 1700000000.5, "rusr": true, "wusr": true, "xusr": false, "rgrp": true,
			"wgrp": false, "roth": false, "isgid": true, "isuid": false, "uid": float64(os.Getuid()), "readable": true,
			"executable": false, "checksum": "f572d396fae9206628714fb2ce00f72e94f2258f", "mimetype": "unknown"},
		`{"path":"/file","get_checksum":false}`:       {"checksum": nil},
		`{"name":"/file","checksum_algorithm":"md5"}`: {"checksum": "b1946ac92492d2347c6235b4d2611184"},
		`{"path":"/link"}`:                            {"islnk": true, "lnk_target": "file", "lnk_source": "/file", "isreg": false, "checksum": nil},
		`{"path":"/link","follow":true}`:              {"islnk": false, "isreg": true, "path": "/link", "lnk_target": nil},
		`{"path":"/"}`:                                {"isdir": true, "isreg": false},
	} {
		got := systest.Call(t, &Stat, &sys.Machine{Root: root}, args)
		st, _ := got["stat"].(map[string]any)
		for key, value := range want {
			if !reflect.DeepEqual(st[key], value) {
				t.Errorf("%s: %s is %v, want %v", args, key, st[key], value)
			}
		}
	}
}

func TestFetchSendsWhatDiffers(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "file"), []byte("hello\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const sum = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
	for name, c := range map[string]struct {
		args  string
		check bool
		sent  string
		want  map[string]any
	}{
		"new":     {`{"src":"/file","dest":"x"}`, false, "hello\n", map[string]any{"changed": true, "sha256": sum, "size": 6.0, "file": "/file"}},
		"other":   {`{"src":"/file","have_sha256":"00"}`, false, "hello\n", map[string]any{"changed": true}},
		"same":    {`{"src":"/file","have_sha256":"` + sum + `"}`, false, "", map[string]any{"changed": false, "sha256": sum}},
		"check":   {`{"src":"/file"}`, true, "", map[string]any{"changed": true, "sha256": sum}},
		"missing": {`{"src":"/gone"}`, false, "", map[string]any{"failed": true, "msg": `the remote file does not exist: /gone`}},
		"may be missing": {`{"src":"/gone","fail_on_missing":false}`, false, "",
			map[string]any{"failed": nil, "changed": false, "msg": "the remote file does not exist, not transferring, ignored"}},
	} {
		m := &sys.Machine{Root: root, Check: c.check}
		ctl := systest.Offer(m, nil, nil)
		got := systest.Call(t, &Fetch, m, c.args)
		if ctl.Got.String() != c.sent {
			t.Errorf("%s: sent %q, want %q", name, ctl.Got.String(), c.sent)
		}
		for key, value := range c.want {
			if !reflect.DeepEqual(got[key], value) {
				t.Errorf("%s: %s is %v, want %v", name, key, got[key], value)
			}
		}
	}
}
