package jinja

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"fleet/internal/source"
)

type verdict struct {
	Out   *string `json:"out"`
	Error string  `json:"error"`
}

// The results of the real Jinja2 and Ansible are stored; testdata/oracle.py -w
// writes them anew. With FLEET_ORACLE=1 they are also computed and compared.
func TestSameAsPython(t *testing.T) {
	golden, err := os.ReadFile("testdata/oracle/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("FLEET_ORACLE") == "1" {
		live, err := exec.Command("/usr/bin/python3", "testdata/oracle.py").Output()
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			t.Fatalf("oracle.py: %v\n%s", err, failed.Stderr)
		} else if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(live, golden) {
			t.Error("golden.json is stale: run testdata/oracle.py -w")
		}
		golden = live
	}
	want := map[string]verdict{}
	if err := json.Unmarshal(golden, &want); err != nil {
		t.Fatal(err)
	}
	cases := readLines(t, "testdata/oracle/cases.txt")
	if len(cases) < 400 {
		t.Errorf("only %d cases", len(cases))
	}
	for _, c := range cases {
		w, ok := want[c]
		if !ok {
			t.Errorf("%s: not in golden.json: run testdata/oracle.py -w", c)
			continue
		}
		compareWithPython(t, c, w)
	}
}

func readLines(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, line := range strings.Split(string(data), "\n") {
		if line != "" && !strings.HasPrefix(line, "# ") {
			out = append(out, line)
		}
	}
	return out
}

func compareWithPython(t *testing.T, c string, want verdict) {
	t.Helper()
	got, err := renderCase(t, c)
	switch {
	case want.Out == nil && err == nil:
		t.Errorf("%s\n got: %q\nwant: an error (%s)", c, got, want.Error)
	case want.Out != nil && err != nil:
		t.Errorf("%s\n got: error %v\nwant: %q", c, err, *want.Out)
	case want.Out != nil && got != *want.Out:
		t.Errorf("%s\n got: %q\nwant: %q", c, got, *want.Out)
	}
}

func renderCase(t *testing.T, c string) (string, error) {
	t.Helper()
	src, o := strings.ReplaceAll(c, "⏎", "\n"), ForText()
	if s, ok := strings.CutPrefix(src, "file:"); ok {
		src, o = s, ForFile()
	}
	tp, err := Parse(src, source.Pos{File: "case", Line: 1, Col: 1}, o)
	if err != nil {
		return "", err
	}
	return tp.Render(NewContext(context.Background(), nil, oracleVars(t)))
}

func oracleVars(t testing.TB) Vars {
	t.Helper()
	data, err := os.ReadFile("testdata/oracle/vars.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := FromJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	vars := Vars{}
	for k, e := range v.(*Map).All() {
		vars[k.(string)] = e
	}
	return vars
}

func TestMain(m *testing.M) {
	time.Local = time.UTC
	os.Exit(m.Run())
}
