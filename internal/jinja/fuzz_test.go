package jinja

import (
	"errors"
	"flag"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"fleet/internal/source"
)

var errNoFile = errors.New("there is no such file")

// seedTemplates gives the fuzzer the templates of the tests.
func seedTemplates(f *testing.F) {
	f.Helper()
	archive, err := txtar.ParseFile("testdata/oracle/templates.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		f.Add(string(file.Data))
	}
	if !fuzzing() {
		return // the other tests render the rest
	}
	for _, s := range readLines(f, "testdata/hungry.txt") {
		f.Add(s)
	}
	for _, c := range writtenTexts(f) {
		f.Add(c.Src)
	}
}

// fuzzing says that the tests run to fuzz, not to try the seeds once.
func fuzzing() bool {
	return flag.Lookup("test.fuzz").Value.String() != ""
}

func seedExpressions(f *testing.F) {
	f.Helper()
	for i, c := range append(writtenExpressions(f), grown(f)...) {
		if i%7 == 0 && (fuzzing() || i%100 == 0) {
			f.Add(c.Src)
		}
	}
}

// fuzzVars have a value of each kind.
func fuzzVars() Vars {
	return Vars{
		"a": 1, "l": []any{1, "b", nil, []any{2.5}, true}, "d": NewMap("k", "v", 1, []any{NewMap()}), "s": "text é", "name": "web01",
		"t": Tuple{1, "x"}, "lazy": NewText("{{ a + 1 }}", source.Pos{}), "self_made": NewText("{{ self_made }}", source.Pos{}),
		"when": time.Date(2024, 3, 1, 10, 20, 30, 0, time.UTC), "users": []any{NewMap("name", "alice", "uid", 1001)},
	}
}

// frugally runs f and fails where it takes much time or memory.
func frugally(t *testing.T, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	f()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if made := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 20*time.Second || made > 2000 {
		t.Errorf("took %s and %d MiB", took, made)
	}
}

// A text that can be parsed has names and calls with positions inside of it.
func FuzzParse(f *testing.F) {
	seedTemplates(f)
	f.Fuzz(func(t *testing.T, src string) {
		for _, o := range []Options{ForText(), ForFile(), {LstripBlocks: true, KeepTrailingNewline: true}} {
			tp, err := Parse(src, source.Pos{File: "f", Line: 1, Col: 1}, o)
			if err != nil {
				continue
			}
			for _, r := range tp.Names() {
				if r.Pos.Line < 1 || r.Pos.Line > strings.Count(src, "\n")+strings.Count(src, "\r")+1 {
					t.Errorf("%q stands at %s", r.Name, r.Pos)
				}
			}
			tp.Calls()
		}
	})
}

func FuzzRender(f *testing.F) {
	seedTemplates(f)
	vars := fuzzVars()
	env := &Env{Load: func(name string) (string, string, error) {
		if name == "" {
			return "", "", errNoFile
		}
		return "{% include '" + name[1:] + "' ignore missing %}{{ name }}", name, nil
	}}
	f.Fuzz(func(t *testing.T, src string) {
		tp, err := Parse(src, source.Pos{File: "f", Line: 1, Col: 1}, ForFile())
		if err != nil {
			return
		}
		frugally(t, func() {
			c := stingy(env, vars)
			if v, err := tp.Native(c); err == nil {
				_ = Repr(v)
			}
		})
	})
}

func FuzzExpr(f *testing.F) {
	seedExpressions(f)
	vars := fuzzVars()
	f.Fuzz(func(t *testing.T, src string) {
		x, err := ParseExpr(src, source.Pos{File: "f", Line: 1, Col: 1})
		if err != nil {
			return
		}
		x.Names()
		frugally(t, func() {
			c := stingy(nil, vars)
			if v, err := x.Value(c); err == nil {
				_ = Repr(v)
				_, _ = ToJSON(v)
			}
			_, _ = x.Truth(c)
		})
	})
}

// Formats come out within their limits, whatever they are.
func FuzzFormat(f *testing.F) {
	for _, s := range []string{"%05.2f", "%-10s|", "%(k)s", "%*.*f", "%#x", "{:>{}}", "{0[k]!r:^10,.3f}", "{:+#010_x}", "%%", "{{}}", "{.real}", "%c%r%a"} {
		f.Add(s, int64(42), 1.5, "text")
	}
	f.Fuzz(func(t *testing.T, format string, i int64, x float64, s string) {
		c := stingy(nil, nil)
		values := []any{int(i), x, s, nil, true, []any{s}, NewMap("k", s)}
		frugally(t, func() {
			for _, v := range values {
				_, _ = percentFormat(format, Tuple{v, v, v})
				_, _ = percentFormat(format, v)
				_, _ = c.format(format, []any{v, int(i) % 100}, NewMap("k", v, "x", x))
				_, _ = formatValue(v, format)
			}
		})
	})
}
