package jinja

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"fleet/internal/source"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// A golden file holds templates (x.j2), expressions (x.expr) and values (x.yml),
// each with what becomes of it (x.want); other files can be included.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data := map[string]string{}
	for _, f := range archive.Files {
		data[f.Name] = string(f.Data)
	}
	out := &txtar.Archive{Comment: archive.Comment}
	for _, f := range archive.Files {
		if strings.HasSuffix(f.Name, ".want") {
			continue
		}
		out.Files = append(out.Files, f)
		base, kind, _ := strings.Cut(f.Name, ".")
		if kind != "j2" && kind != "expr" && kind != "yml" {
			continue
		}
		got := result(f.Name, kind, string(f.Data), data)
		out.Files = append(out.Files, txtar.File{Name: base + ".want", Data: []byte(got)})
		if want := data[base+".want"]; got != want && !*update {
			t.Errorf("%s:\n got:\n%swant:\n%s", f.Name, got, want)
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// result is what becomes of a case, a newline at its end.
func result(name, kind, src string, files map[string]string) string {
	env := &Env{
		Now: func() time.Time { return time.Date(2024, 3, 1, 10, 20, 30, 0, time.UTC) },
		Load: func(name string) (string, string, error) {
			if s, ok := files[name]; ok {
				return s, name, nil
			}
			return "", "", fmt.Errorf("there is no such file")
		},
	}
	vars := Vars{}
	if docs, err := source.ParseYAML("vars", []byte(files["vars"])); err == nil && len(docs) > 0 {
		for k, v := range FromYAML(docs[0]).(*Map).All() {
			vars[Str(k)] = v
		}
	}
	vars["omit"] = Omit
	v, err := evaluate(NewContext(context.Background(), env, vars), name, kind, src)
	if err != nil {
		s := "error: " + err.Error() + "\n"
		if hint := source.HintOf(err); hint != "" {
			s += "hint: " + hint + "\n"
		}
		return s
	}
	if s, ok := v.(string); ok && kind == "j2" {
		return strings.TrimSuffix(s, "\n") + "\n"
	}
	return Repr(v) + "\n"
}

func evaluate(c *Context, name, kind, src string) (any, error) {
	pos := source.Pos{File: name, Line: 1, Col: 1}
	switch kind {
	case "expr":
		x, err := ParseExpr(strings.TrimSuffix(src, "\n"), pos)
		if err != nil {
			return nil, err
		}
		return x.Value(c)
	case "yml":
		docs, err := source.ParseYAML(name, []byte(src))
		if err != nil {
			return nil, err
		}
		v, err := Deep(c, FromYAML(docs[0]))
		return DropOmit(v), err
	}
	t, err := Parse(src, pos, ForFile())
	if err != nil {
		return nil, err
	}
	return t.Render(c)
}

// What values hold keeps its line ends, as in Jinja.
func TestNewlineSequence(t *testing.T) {
	o := ForFile()
	o.NewlineSequence = "\r\n"
	tp, err := Parse("a\n{% if true %}\n{{ 'b\\nc' }}\n{% endif %}\n", source.Pos{}, o)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tp.Render(NewContext(t.Context(), nil, nil)); err != nil || got != "a\r\nb\nc\r\n" {
		t.Errorf("got %q, %v", got, err)
	}
}
