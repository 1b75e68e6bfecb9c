package lookup

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fleet/internal/jinja"
)

func TestFiletree(t *testing.T) {
	dir := folder(t, map[string]string{
		"files/tree/etc/app.conf": "x", "files/tree/a.txt": "text", "files/tree/etc/.git/config": "", "files/tree/z/b": "",
		"files/more/a.txt": "second", "files/more/c.txt": "third",
	})
	if err := os.Symlink("../etc", filepath.Join(dir, "files/tree/z/link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "files/tree/a.txt"), 0o750|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	for src, want := range map[string]string{
		`query('filetree', 'tree') | map(attribute='path') | join(' ')`:                                              "etc z a.txt etc/.git etc/app.conf etc/.git/config z/link z/b",
		`query('community.general.filetree', 'tree/', exclude='\\.git') | map(attribute='path') | join(' ')`:         "etc z a.txt etc/app.conf z/link z/b",
		`query('filetree', 'more', 'tree') | selectattr('path', 'search', 'txt') | map(attribute='src') | join(' ')`: "DIR/files/more/a.txt DIR/files/more/c.txt",
		`query('filetree', 'tree') | selectattr('state', 'eq', 'link') | map(attribute='src') | join`:                "../etc",
		`query('filetree', 'tree') | selectattr('path', 'eq', 'a.txt') | map(attribute='mode') | join`:               "04750",
		`(query('filetree', 'tree') | selectattr('path', 'eq', 'a.txt') | first).size`:                               "4",
		`(query('filetree', 'tree') | selectattr('path', 'eq', 'a.txt') | first).keys() | join(' ')`:                 "root path state src uid gid owner group mode size mtime ctime",
		`(query('filetree', 'tree') | selectattr('path', 'eq', 'etc') | first).keys() | join(' ')`:                   "root path state uid gid owner group mode size mtime ctime",
		`(query('filetree', 'tree/') | first).root`:                                                                  "DIR/files/tree/",
		`(query('filetree', 'tree') | first).root`:                                                                   "DIR/files/tree",
		`(query('filetree', dir ~ '/files/tree') | length)`:                                                          "8",
		`query('filetree', 'none')`:                              "[]",
		`query('filetree', 'tree/a.txt')`:                        "[]",
		`(query('filetree', 'tree') | first).mtime | type_debug`: "float",
	} {
		got, err := eval(t, context.Background(), dir, src)
		if want = strings.ReplaceAll(want, "DIR", dir); err != nil || jinja.Str(got) != want {
			t.Errorf("%s: got %q, %v, want %q", src, jinja.Str(got), err, want)
		}
	}
	if _, err := eval(t, context.Background(), dir, `query('filetree', 'tree', exclude='(')`); err == nil {
		t.Error("a pattern that is none is no error")
	}
}
