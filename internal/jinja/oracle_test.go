package jinja

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fleet/internal/source"
)

// oracleCase is a template or expression that the real Jinja2 and Ansible have
// evaluated as well.
type oracleCase struct {
	Kind  string            `json:"kind"` // expr, text, native or file
	Src   string            `json:"src"`
	Files map[string]string `json:"files,omitempty"` // that it can include
	Lazy  bool              `json:"lazy,omitempty"`  // sees variables that are templates

	name string
}

// String is the case on one line.
func (c oracleCase) String() string {
	if c.name != "" {
		return c.name
	}
	return strings.ReplaceAll(c.Src, "\n", "⏎")
}

// families are the sets of cases. The verdicts on each are stored in
// testdata/oracle/<name>.gz.
var families = []family{
	{name: "cases", least: 500, cases: writtenTexts},
	{name: "expressions", least: 100, cases: writtenExpressions},
	{name: "crossed", least: 3000, cases: crossed},
	{name: "grown", least: 3000, cases: grown},
	{name: "variables", least: 50, cases: writtenVariables},
	{name: "natives", least: 500, cases: natives},
	{name: "templates", least: 100, cases: writtenTemplates},
	{name: "grown-templates", least: 500, cases: grownTemplates},
	{name: "queries", least: 3000, cases: queried, collections: true},
	{name: "collections", least: 100, cases: writtenCollections, collections: true},
}

type family struct {
	name  string
	least int
	cases func(testing.TB) []oracleCase
	// collections says that plugins of collections are asked, newer ones than Debian has:
	// community.general 13 and ansible.utils 6, with Python's jmespath and netaddr.
	collections bool
}

// The verdicts of the real Jinja2 and Ansible are stored. FLEET_ORACLE=1 computes
// and compares them, FLEET_ORACLE=write stores them anew. Those of collections are
// only computed where FLEET_ORACLE_COLLECTIONS is the folder in which these lie.
func TestSameAsPython(t *testing.T) {
	known := newDifferences(t)
	total, ran := 0, 0
	for _, f := range families {
		t.Run(f.name, func(t *testing.T) {
			cases := f.cases(t)
			if len(cases) < f.least {
				t.Errorf("only %d cases", len(cases))
			}
			total += len(cases)
			ran++
			for i, want := range verdicts(t, f, cases) {
				if got, ok := agrees(t, cases[i], want); !ok {
					known.found(t, cases[i], got, want)
				}
			}
		})
	}
	known.finish(t, total, ran == len(families))
}

// agrees evaluates a case and compares it with Python's verdict.
func agrees(t testing.TB, c oracleCase, want string) (string, bool) {
	got, err := evaluateCase(t, c)
	switch {
	case err == nil:
		return "=" + got, "="+got == want
	case IsUndefined(err):
		return "? " + err.Error(), want[0] != '='
	}
	return "! " + err.Error(), want[0] != '='
}

func evaluateCase(t testing.TB, c oracleCase) (string, error) {
	t.Helper()
	pos := source.Pos{File: "case", Line: 1, Col: 1}
	env := &Env{Load: func(name string) (string, string, error) {
		if s, ok := c.Files[name]; ok {
			return s, name, nil
		}
		return "", "", errors.New("there is no such file")
	}}
	vars := oracleVars(t, "vars")
	if c.Lazy {
		vars = oracleVars(t, "variables")
	}
	ctx := NewContext(context.Background(), env, vars)
	if c.Kind == "expr" {
		x, err := ParseExpr(c.Src, pos)
		if err != nil {
			return "", err
		}
		v, err := x.Value(ctx)
		if err != nil {
			return "", err
		}
		if v, err = Deep(ctx, v); err != nil {
			return "", err
		}
		return Repr(v), nil
	}
	if c.Kind == "native" {
		env.ReadLiterals = true
		v, err := NewText(c.Src, pos).Resolve(ctx)
		return Repr(v), err
	}
	o := ForText()
	if c.Kind == "file" {
		o = ForFile()
	}
	tp, err := Parse(c.Src, pos, o)
	if err != nil {
		return "", err
	}
	return tp.Render(ctx)
}

// verdicts returns what Python says to each case, as oracle.py writes it.
func verdicts(t *testing.T, f family, cases []oracleCase) []string {
	t.Helper()
	file := "testdata/oracle/" + f.name + ".gz"
	mode, collections := os.Getenv("FLEET_ORACLE"), os.Getenv("FLEET_ORACLE_COLLECTIONS")
	var live []string
	if mode != "" && (!f.collections || collections != "") {
		live = askPython(t, cases, collections)
	}
	if mode == "write" && live != nil {
		storeVerdicts(t, file, cases, live)
	}
	digest, stored := loadVerdicts(t, file)
	if digest != digestOf(cases) || len(stored) != len(cases) {
		t.Fatalf("%s belongs to other cases: run the test with FLEET_ORACLE=write", file)
	}
	for i := range live {
		if live[i] != stored[i] {
			t.Errorf("%s: Python now says %s, not %s", cases[i], live[i], stored[i])
		}
	}
	return stored
}

func askPython(t *testing.T, cases []oracleCase, collections string) []string {
	t.Helper()
	vars, err := os.ReadFile("testdata/oracle/vars.json")
	if err != nil {
		t.Fatal(err)
	}
	lazy, err := os.ReadFile("testdata/oracle/variables.json")
	if err != nil {
		t.Fatal(err)
	}
	job, err := json.Marshal(map[string]any{"vars": json.RawMessage(vars), "lazy": json.RawMessage(lazy), "cases": cases})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/usr/bin/python3", "testdata/oracle.py")
	cmd.Stdin = bytes.NewReader(job)
	cmd.Env = os.Environ()
	if cases[0].Kind == "native" {
		cmd.Env = append(cmd.Env, "ANSIBLE_JINJA2_NATIVE=1")
	}
	if collections != "" {
		cmd.Env = append(cmd.Env, "ANSIBLE_COLLECTIONS_PATH="+collections)
	}
	out, err := cmd.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		t.Fatalf("oracle.py: %v\n%s", err, failed.Stderr)
	} else if err != nil {
		t.Fatal(err)
	}
	var live []string
	if err := json.Unmarshal(out, &live); err != nil {
		t.Fatal(err)
	}
	return live
}

func digestOf(cases []oracleCase) string {
	h := fnv.New64a()
	for _, c := range cases {
		fmt.Fprintf(h, "%s\x00%s\x00%v%v\x00", c.Kind, c.Src, c.Files, c.Lazy)
	}
	return fmt.Sprintf("%x", h.Sum64())
}

// storeVerdicts writes the digest of the cases and one verdict a line, compressed.
func storeVerdicts(t *testing.T, file string, cases []oracleCase, all []string) {
	t.Helper()
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	w := bufio.NewWriter(z)
	fmt.Fprintln(w, digestOf(cases))
	for _, v := range all {
		line, _ := json.Marshal(v)
		w.Write(append(line, '\n'))
	}
	w.Flush()
	z.Close()
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func loadVerdicts(t *testing.T, file string) (digest string, all []string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(z)
	s.Buffer(nil, 1<<24)
	s.Scan()
	digest = s.Text()
	for s.Scan() {
		var v string
		if err := json.Unmarshal(s.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return digest, all
}

func readLines(t testing.TB, file string) []string {
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

// writtenTexts are texts as in a playbook or, behind "file:", in a template file.
func writtenTexts(t testing.TB) []oracleCase {
	var out []oracleCase
	for _, line := range readLines(t, "testdata/oracle/cases.txt") {
		src, kind := strings.ReplaceAll(line, "⏎", "\n"), "text"
		if s, ok := strings.CutPrefix(src, "file:"); ok {
			src, kind = s, "file"
		}
		out = append(out, oracleCase{Kind: kind, Src: src})
	}
	return out
}

func writtenExpressions(t testing.TB) []oracleCase {
	var out []oracleCase
	for _, line := range readLines(t, "testdata/oracle/expressions.txt") {
		out = append(out, oracleCase{Kind: "expr", Src: line})
	}
	return out
}

// writtenCollections are expressions on filters, tests and lookups of collections.
func writtenCollections(t testing.TB) []oracleCase {
	var out []oracleCase
	for _, line := range readLines(t, "testdata/oracle/collections.txt") {
		out = append(out, oracleCase{Kind: "expr", Src: line})
	}
	return out
}

// writtenVariables are expressions on variables that are templates.
func writtenVariables(t testing.TB) []oracleCase {
	var out []oracleCase
	for _, line := range readLines(t, "testdata/oracle/variables.txt") {
		out = append(out, oracleCase{Kind: "expr", Src: line, Lazy: true, name: "variables: " + line})
	}
	return out
}

// oracleVars are the variables of the cases: "vars", or "variables" with those that
// are templates.
func oracleVars(t testing.TB, name string) Vars {
	t.Helper()
	all, err := readOracleVars()
	if err != nil {
		t.Fatal(err)
	}
	return all[name]
}

// readOracleVars reads the variables once: no template changes them.
var readOracleVars = sync.OnceValues(func() (map[string]Vars, error) {
	all, vars := map[string]Vars{}, Vars{}
	for _, name := range []string{"vars", "variables"} {
		data, err := os.ReadFile("testdata/oracle/" + name + ".json")
		if err != nil {
			return nil, err
		}
		v, err := FromJSON(data)
		if err != nil {
			return nil, err
		}
		vars = maps.Clone(vars)
		for k, e := range v.(*Map).All() {
			vars[k.(string)] = lazyTexts(e)
		}
		all[name] = vars
	}
	return all, nil
})

// lazyTexts makes the texts in v templates that are, as the operator's files do.
func lazyTexts(v any) any {
	switch x := v.(type) {
	case string:
		if IsTemplate(x) {
			return NewText(x, source.Pos{File: "vars", Line: 1, Col: 1})
		}
	case []any:
		for i, e := range x {
			x[i] = lazyTexts(e)
		}
	case *Map:
		for i, e := range x.vals {
			x.vals[i] = lazyTexts(e)
		}
	}
	return v
}

func TestMain(m *testing.M) {
	time.Local = time.UTC
	os.Exit(m.Run())
}

// Every filter, test and lookup of Jinja2 and ansible.builtin is there, or is refused
// with a way around. The lookups that read the controller are in the package lookup.
func TestCoversAnsible(t *testing.T) {
	elsewhere := []string{"config", "csvfile", "env", "file", "fileglob", "first_found", "ini", "inventory_hostnames", "lines", "password", "pipe", "template", "unvault", "url"}
	c := NewContext(context.Background(), nil, nil)
	for _, line := range readLines(t, "testdata/oracle/names.txt") {
		kind, name, _ := strings.Cut(line, " ")
		ok := false
		switch kind {
		case "lookup":
			ok = c.findLookup(name) != nil || slices.Contains(elsewhere, name)
		default:
			_, err := c.tables.find(kind, name)
			ok = err == nil
		}
		if !ok {
			t.Errorf("the %s %q is missing", kind, name)
		}
	}
}
