package lookup

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fleet/internal/jinja"
	"fleet/internal/source"
)

// folder lays files out in a throw-away folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func eval(t *testing.T, ctx context.Context, dir, src string) (any, error) {
	t.Helper()
	env := &jinja.Env{Lookups: New(Options{SearchPath: func(kind string) []string {
		return []string{filepath.Join(dir, kind), dir}
	}, Dir: dir})}
	x, err := jinja.ParseExpr(src, source.Pos{File: "f", Line: 1, Col: 1})
	if err != nil {
		t.Fatal(err)
	}
	return x.Value(jinja.NewContext(ctx, env, jinja.Vars{"name": "web", "dir": dir}))
}

func TestLookups(t *testing.T) {
	t.Setenv("FLEET_TEST_VALUE", "from env")
	dir := folder(t, map[string]string{
		"files/a.txt": "  text a\n\n", "b.txt": "text b", "files/conf/x.conf": "x", "files/conf/y.conf": "y", "files/.hidden.conf": "",
		"templates/t.j2": "{% include 'part.j2' %}{{ name }} {{ extra | default('-') }} {{ template_path }}\n", "templates/part.j2": "part:\n",
		"templates/list.j2": "[{% for i in [1, 2] %}{{ i }},{% endfor %}]", "templates/alt.j2": "[[ name ]] {{ name }}",
		"files/users.csv": "alice,1001,\"a, b\"\nbob,1002,c\n", "files/app.ini": "[DEFAULT]\nbase = 1\n[db]\nHost = localhost\nport: 5432\nlong = a\n  b\n",
		"files/java.properties": "a.b=c\n",
	})
	for src, want := range map[string]string{
		`lookup('file', 'a.txt')`:                                                                               "  text a",
		`lookup('file', 'a.txt', lstrip=true)`:                                                                  "text a",
		`lookup('file', 'a.txt', rstrip=false)`:                                                                 "  text a\n\n",
		`lookup('file', 'a.txt', 'b.txt')`:                                                                      "  text a,text b",
		`query('file', 'b.txt')`:                                                                                "['text b']",
		`lookup('file', 'none.txt', errors='ignore') is none`:                                                   "True",
		`lookup('env', 'FLEET_TEST_VALUE')`:                                                                     "from env",
		`lookup('env', 'FLEET_TEST_NONE')`:                                                                      "",
		`lookup('env', 'FLEET_TEST_NONE', default='d')`:                                                         "d",
		`lookup('env', 'FLEET_TEST_VALUE', default=undef())`:                                                    "from env",
		`lookup('template', 't.j2')`:                                                                            "part:web - t.j2\n",
		`lookup('template', 't.j2', template_vars={'extra': 'more'})`:                                           "part:web more t.j2\n",
		`lookup('template', 'list.j2')`:                                                                         "[1, 2]",
		`lookup('template', 'list.j2') | type_debug`:                                                            "list",
		`lookup('template', 'list.j2', convert_data=false)`:                                                     "[1,2,]",
		`lookup('template', 'alt.j2', variable_start_string='[[', variable_end_string=']]')`:                    "web {{ name }}",
		`lookup('first_found', ['no.txt', 'b.txt']) | basename`:                                                 "b.txt",
		`lookup('first_found', {'files': ['x.conf'], 'paths': ['none', 'conf']}) | basename`:                    "x.conf",
		`lookup('first_found', files='no.txt,a.txt') | basename`:                                                "a.txt",
		`query('first_found', ['no.txt'], skip=true)`:                                                           "[]",
		`query('fileglob', 'conf/*.conf') | map('basename') | list`:                                             "['x.conf', 'y.conf']",
		`query('fileglob', '*.txt') | map('basename') | list`:                                                   "['a.txt']",
		`(dir ~ '/files/conf/*') | fileglob | length`:                                                           "2",
		`query('fileglob', 'none/*')`:                                                                           "[]",
		`lookup('pipe', 'echo one; echo two')`:                                                                  "one\ntwo",
		`lookup('pipe', 'pwd') == dir`:                                                                          "True",
		`query('lines', 'echo one; echo; echo two')`:                                                            "['one', '', 'two']",
		`lookup('password', '/dev/null length=8 chars=digits') | length`:                                        "8",
		`lookup('password', '/dev/null', seed='x') == lookup('password', '/dev/null', seed='x')`:                "True",
		`lookup('password', 'pw/db length=12') == lookup('password', 'pw/db length=12')`:                        "True",
		`lookup('password', 'pw/c encrypt=sha512_crypt') == lookup('password', 'pw/c', encrypt='sha512_crypt')`: "True",
		`lookup('password', 'pw/c2', encrypt='sha256_crypt') is match('^\\$5\\$.{16}\\$')`:                      "True",
		`lookup('csvfile', 'alice', file='users.csv', delimiter=',')`:                                           "1001",
		`lookup('csvfile', 'alice file=users.csv delimiter=, col=2')`:                                           "a, b",
		`lookup('csvfile', 'nobody', file='users.csv', delimiter=',', default='x')`:                             "x",
		`lookup('csvfile', '1001', file='users.csv', delimiter=',', keycol=1, col=0)`:                           "alice",
		`lookup('ini', 'host', section='db', file='app.ini')`:                                                   "localhost",
		`lookup('ini', 'port section=db file=app.ini')`:                                                         "5432",
		`lookup('ini', 'base', section='db', file='app.ini')`:                                                   "1",
		`lookup('ini', 'long', section='db', file='app.ini')`:                                                   "a\nb",
		`lookup('ini', 'Host', section='db', file='app.ini', case_sensitive=true)`:                              "localhost",
		`query('ini', '^p', section='db', file='app.ini', re=true)`:                                             "['5432']",
		`lookup('ini', 'none', section='db', file='app.ini', default='d')`:                                      "d",
		`lookup('ini', 'a.b', type='properties', file='java.properties')`:                                       "c",
		`lookup('ansible.builtin.file', 'b.txt')`:                                                               "text b",
	} {
		got, err := eval(t, context.Background(), dir, src)
		if err != nil {
			t.Errorf("%s: %v", src, err)
		} else if jinja.Str(got) != want {
			t.Errorf("%s: got %q, want %q", src, jinja.Str(got), want)
		}
	}
}

func TestLookupErrors(t *testing.T) {
	dir := folder(t, map[string]string{"templates/bad.j2": "line one\n{{ nme }}\n", "files/app.ini": "[a]\n"})
	for src, want := range map[string]string{
		`lookup('file', 'none.txt')`:                           `f:1:1: the lookup "file" cannot find the file "none.txt": No such file or directory`,
		`lookup('file', 'x', rstrp=true)`:                      `f:1:1: "rstrp" is not a valid option of the lookup "file"` + "\n" + `did you mean "rstrip"?`,
		`lookup('pipe', 'echo no >&2; exit 3')`:                `f:1:1: the command "echo no >&2; exit 3" ended with exit status 3` + "\nit said: no",
		`lookup('template', 'bad.j2')`:                         dir + `/templates/bad.j2:2:4: 'nme' is undefined` + "\n" + `did you mean "name"?`,
		`lookup('first_found', ['x'])`:                         `f:1:1: the lookup "first_found" found none of x`,
		`lookup('ini', 'x', section='b', file='app.ini')`:      `f:1:1: No section "b" in ` + dir + `/files/app.ini`,
		`lookup('password', '/dev/null length=x')`:             `f:1:1: the length of a password must be a number from 1 to 10000, not "x"`,
		`lookup('env', 'FLEET_TEST_NONE', default=undef('n'))`: `n`,
		`lookup('fiel', 'x')`:                                  `f:1:1: unknown lookup "fiel"` + "\n" + `did you mean "file"?`,
	} {
		_, err := eval(t, context.Background(), dir, src)
		if err == nil {
			t.Errorf("%s: no error", src)
			continue
		}
		got := err.Error()
		if hint := source.HintOf(err); strings.Contains(want, "\n") {
			got += "\n" + hint
		}
		if got != want && !strings.HasSuffix(got, ": "+want) {
			t.Errorf("%s: got %q, want %q", src, got, want)
		}
	}
}

func TestPipeEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := eval(t, ctx, t.TempDir(), `lookup('pipe', 'sleep 60 & sleep 60')`)
	if err == nil || time.Since(start) > 10*time.Second {
		t.Errorf("ended after %s with %v", time.Since(start), err)
	}
}

func TestPasswordFileIsPrivate(t *testing.T) {
	dir := t.TempDir()
	if _, err := eval(t, context.Background(), dir, `lookup('password', 'secrets/db')`); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "secrets/db"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v", info.Mode())
	}
	entries, _ := os.ReadDir(filepath.Join(dir, "secrets"))
	if len(entries) != 1 {
		t.Errorf("%d files, want the password alone", len(entries))
	}
}
