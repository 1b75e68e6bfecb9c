package jinja

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"fleet/internal/source"
)

func parse(t testing.TB, src string) *Template {
	t.Helper()
	tp, err := Parse(src, source.Pos{File: "f", Line: 1, Col: 1}, ForText())
	if err != nil {
		t.Fatal(err)
	}
	return tp
}

func TestNames(t *testing.T) {
	for src, want := range map[string]string{
		"{{ a }}{{ b.c }}{{ d[e] }}":                                                       "a b d e",
		"{{ a | default(b) }} {{ c.d | default('x') }} {{ e | upper }}":                    "a? b c? e",
		"{% if a is defined %}{{ a }}{% else %}{{ a }}{% endif %}{{ a }}":                  "a? a? a a",
		"{% if a is not defined %}{{ a }}{% else %}{{ a }}{% endif %}":                     "a? a a?",
		"{{ a if a is defined else b }} {{ a is defined and a > 1 }}":                      "a? a? b a? a?",
		"{{ a is undefined or a.b }} {{ not (a is defined) or a }}":                        "a? a? a? a?",
		"{% for x in l %}{{ x }}{{ loop.index }}{{ y }}{% endfor %}{{ x }}":                "l y x",
		"{% set v = w %}{{ v }}{% macro m(p, q=r) %}{{ p }}{{ s }}{% endmacro %}{{ m() }}": "w r s",
		"{% with a = b %}{{ a }}{% endwith %}{% import 'x' as i %}{{ i.j }}":               "b",
		"{{ range(3) }}{{ lookup('file', p) }}{{ dict(a=b) }}":                             "p b",
		"{{ hostvars[h].x }}{{ groups['web'] }}":                                           "hostvars h groups",
		"{% set a %}{{ b }}{% endset %}{{ a }}{% filter indent(n) %}{% endfilter %}":       "b n",
	} {
		var got []string
		for _, r := range parse(t, src).Names() {
			name := r.Name
			if r.Guarded {
				name += "?"
			}
			got = append(got, name)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: got %s, want %s", src, s, want)
		}
	}
}

// What stands at X is reached whenever the text is evaluated, or not.
func TestNamesThatAreAlwaysUsed(t *testing.T) {
	for src, want := range map[string]bool{
		"{{ X }}":                                             true,
		"a\n  {{ b }}\n c {{ X | default(1) }}":               true,
		"{{ 'if' ~ X }}":                                      true,
		"{{ a if b else X }}":                                 false,
		"{{ X if b else a }}":                                 false,
		"{{ a if X else b }}":                                 true,
		"{{ a and X }}":                                       false,
		"{{ X and a }}":                                       true,
		"{{ b or X }}":                                        false,
		"{{ (X or a) and b }}":                                true,
		"{{ a < X }}":                                         true,
		"{{ a < b < X }}":                                     false,
		"{{ a | default(X) }}":                                true,
		"{{ [a, {'k': X}] }}":                                 true,
		"{% if X %}a{% endif %}":                              true,
		"{% if a %}{{ X }}{% endif %}":                        false,
		"{% if a %}b{% elif X %}{% endif %}":                  false,
		"{% if a %}b{% else %}{{ X }}{% endif %}":             false,
		"{% if a %}b{% endif %}{{ X }}":                       true,
		"{%- if a -%}b{%- endif -%}\n{{ X }}":                 true,
		"{% for i in X %}{% endfor %}":                        true,
		"{% for i in a %}{{ X }}{% endfor %}":                 false,
		"{% for i in a if X %}{% endfor %}":                   false,
		"{% for i in a %}{% else %}{{ X }}{% endfor %}":       false,
		"{% macro m() %}{{ X }}{% endmacro %}":                false,
		"{% macro m(p=X) %}{% endmacro %}":                    false,
		"{% call m(X) %}{% endcall %}":                        true,
		"{% call m() %}{{ X }}{% endcall %}":                  false,
		"{% set y = X %}":                                     true,
		"{% set y %}{{ X }}{% endset %}":                      true,
		"{% with y = X %}{% endwith %}":                       true,
		"{% with y = 1 %}{{ X }}{% endwith %}":                true,
		"{# {% if a %} #}{{ X }}":                             true,
		"{% raw %}{% if a %}{% endraw %}{{ X }}":              true,
		"{{ a }} {{ b if c }} {{ X }}":                        true,
		"{% filter upper %}{{ X }}{% endfilter %}":            true,
		"{% filter indent(X) %}{% endfilter %}":               true,
		"{% block b %}{{ X }}{% endblock %}":                  true,
		"{% extends 'e' %}{{ X }}":                            false,
		"{% extends 'e' %}{% block b %}{{ X }}{% endblock %}": false,
		"{% extends X %}":                                     true,
		"{% include X %}":                                     true,
		"{% do X.append(1) %}":                                true,
	} {
		var names []Ref
		for _, r := range parse(t, src).Names() {
			if r.Name == "X" {
				names = append(names, r)
			}
		}
		if len(names) != 1 || names[0].Always != want {
			t.Errorf("%s: got %+v", src, names)
		}
	}
	x, err := ParseExpr("a == 1 and X", source.Pos{Line: 1, Col: 1})
	if err != nil || x.Names()[1].Always || !x.Names()[0].Always {
		t.Error("a bare expression", err)
	}
}

func TestCalls(t *testing.T) {
	var got []string
	for _, c := range parse(t, "{{ a | ansible.builtin.upper is match('x') }}\n{{ lookup('file', 'x') }} {{ query(n) }}").Calls() {
		got = append(got, fmt.Sprintf("%s %s %s", c.Kind, c.Name, c.Pos))
	}
	want := []string{"filter ansible.builtin.upper f:1:8", "test match f:1:33", "lookup file f:2:11"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestVariablesAreNotChanged(t *testing.T) {
	inner := NewMap("k", []any{1})
	vars := Vars{"d": NewMap("a", inner), "l": []any{1, 2}}
	c := NewContext(context.Background(), nil, vars)
	src := `{% set _ = d.update({'x': 1}) %}{% set _ = d.a.k.append(2) %}{% set _ = l.append(3) %}{% do d['a'].pop('k') %}{{ d }} {{ l }}`
	got, err := parse(t, src).Render(c)
	if err != nil || got != "{'a': {}, 'x': 1} [1, 2, 3]" {
		t.Errorf("got %q, %v", got, err)
	}
	if s := Repr(vars["d"]) + Repr(vars["l"]); s != "{'a': {'k': [1]}}[1, 2]" {
		t.Errorf("the variables are now %s", s)
	}
}

// What one evaluation changed, the next one and Deep do not see.
func TestChangesEndWithTheEvaluation(t *testing.T) {
	vars := Vars{"d": NewMap("a", 1), "l": []any{1, 2}, "lazy": NewText("{{ l | join('-') }}", source.Pos{})}
	c := NewContext(context.Background(), nil, vars)
	for range 2 {
		got, err := parse(t, "{% set m = l %}{% do m.append(3) %}{% set e = d %}{% do e.update(b=2) %}{{ l }} {{ d }} {{ lazy }}").Render(c)
		if want := "[1, 2, 3] {'a': 1, 'b': 2} 1-2"; err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	for name, want := range map[string]string{"d": "{'a': 1}", "l": "[1, 2]"} {
		if v, err := Deep(c, vars[name]); err != nil || Repr(v) != want {
			t.Errorf("%s: got %s, %v", name, Repr(v), err)
		}
	}
	// the changed value itself leaves with the result
	x, err := ParseExpr("[l.append(3), l][1]", source.Pos{})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := x.Value(c); err != nil || Repr(v) != "[1, 2, 3]" {
		t.Errorf("got %s, %v", Repr(v), err)
	}
}

type hosts map[string]*Map

func (h hosts) Lookup(_ *Context, key any) (any, bool, error) {
	v, ok := h[Str(key)]
	return v, ok, nil
}

func (h hosts) Keys() []any {
	var keys []string
	for k := range h {
		keys = append(keys, k)
	}
	return anyList(sorted(keys))
}

func TestMapping(t *testing.T) {
	vars := Vars{"hostvars": hosts{"a": NewMap("ip", "1.1.1.1"), "b": NewMap("ip", NewText("{{ base }}.2", source.Pos{}))}, "base": "2.2.2"}
	c := NewContext(context.Background(), nil, vars)
	for src, want := range map[string]string{
		"{{ hostvars['a'].ip }} {{ hostvars.b.ip }} {{ hostvars['c'] is defined }} {{ 'a' in hostvars }}":      "1.1.1.1 2.2.2.2 False True",
		"{{ hostvars | length }} {{ hostvars.keys() | list }} {{ hostvars | list }}":                           "2 ['a', 'b'] ['a', 'b']",
		"{{ ['a', 'b'] | map('extract', hostvars, 'ip') | join(',') }}":                                        "1.1.1.1,2.2.2.2",
		"{{ hostvars | dict2items | map(attribute='value.ip') | list }}":                                       "['1.1.1.1', '2.2.2.2']",
		"{% for h in hostvars %}{{ h }}{% endfor %} {{ hostvars.get('z', 'none') }} {{ hostvars is mapping }}": "ab none True",
		"{{ hostvars }}": "{'a': {'ip': '1.1.1.1'}, 'b': {'ip': '2.2.2.2'}}",
	} {
		got, err := parse(t, src).Render(c)
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v", src, got, err)
		}
	}
}

// partial is a dictionary that notes which entries are read.
type partial struct {
	entries *Map
	read    *[]string
}

func (p partial) Entry(name string) (any, bool) {
	*p.read = append(*p.read, name)
	return p.entries.Lookup(name)
}

func (p partial) Resolve(*Context) (any, error) {
	*p.read = append(*p.read, "all")
	return p.entries, nil
}

// TestPartial: a dictionary of which one entry can be had is one like any other,
// and nothing else of it is read where one is wanted.
func TestPartial(t *testing.T) {
	for _, x := range []struct{ src, want, read string }{
		{"{{ facts.a }} {{ facts['b'].c }} {{ facts[name] }}", "1 2 1", "a b a"},
		{"{{ facts.z | default('none') }} {{ facts.z is defined }}", "none False", "z all z all"},
		{"{{ facts.keys() | list }} {{ facts.get('a') }} {{ facts['items'] is defined }}", "['a', 'b'] 1 True", "all all all"},
		{"{{ facts }} {{ facts | length }} {{ 'a' in facts }}", "{'a': 1, 'b': {'c': 2}} 2 True", "all all all"},
		{"{{ {'a': 0, 'd': 3} | combine(facts) }} {{ [facts] | map(attribute='a') | list }}", "{'a': 1, 'd': 3, 'b': {'c': 2}} [1]", "all all"},
		{"{{ facts | json_query('b.c') }} {{ facts | json_query('[a, b]') }}", "2 [1, {'c': 2}]", "all all"},
		{"{% set facts = {'a': 5} %}{{ facts.a }}", "5", ""},
		{"{% set f = facts %}{{ f.a }}", "1", "all"},
		{"{% set _ = facts.update({'a': 7}) %}{{ facts.a }}", "7", "all"},
	} {
		var read []string
		vars := Vars{"facts": partial{NewMap("a", 1, "b", NewMap("c", 2)), &read}, "name": "a"}
		got, err := parse(t, x.src).Render(NewContext(context.Background(), nil, vars))
		if reads := strings.Join(read, " "); err != nil || got != x.want || reads != x.read {
			t.Errorf("%s: got %q, %v; read %q", x.src, got, err, reads)
		}
	}
}

func TestMap(t *testing.T) {
	m := &Map{}
	for i := range 100 {
		m.Set(fmt.Sprint("k", i), i)
	}
	m.Set(1, "int")
	m.Set(true, "bool")
	m.Set(1.0, "float")
	if v, _ := m.Get(1); v != "float" || m.Len() != 101 {
		t.Errorf("1, True and 1.0 are not one key: %v, %d", v, m.Len())
	}
	m.Delete("k5")
	if _, ok := m.Get("k5"); ok || m.Len() != 100 {
		t.Error("k5 is still there")
	}
	if v, _ := m.Get("k99"); v != 99 {
		t.Errorf("k99 is %v", v)
	}
	if v, ok := m.Get("1"); ok {
		t.Errorf("the text 1 is %v", v)
	}
	var none *Map
	if none.Len() != 0 || none.Has("x") || len(none.Keys()) != 0 {
		t.Error("a nil map is not empty")
	}
}

func TestJSON(t *testing.T) {
	const text = `{"b":[1,2.5,"é\"\n",null,true],"a":{"z":{},"y":[]},"big":12345678901234}`
	v, err := FromJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ToJSON(v); err != nil || string(got) != text {
		t.Errorf("got %s, %v", got, err)
	}
	for _, bad := range []string{"", "{", "[1,]", "1 2", strings.Repeat("[", 10_000), `{"a":1`} {
		if v, err := FromJSON([]byte(bad)); err == nil {
			t.Errorf("%.20q: got %v", bad, v)
		}
	}
}

// There are as many as playbooks need.
func TestEnough(t *testing.T) {
	if f, x := len(Filters()), len(Tests()); f < 100 || x < 60 {
		t.Errorf("%d filters, %d tests", f, x)
	}
}

// One template and one set of variables serve all hosts at once.
func TestConcurrentUse(t *testing.T) {
	vars := Vars{
		"d": NewMap("a", NewText("{{ b + 1 }}", source.Pos{}), "l", []any{1}), "b": 1, "l": []any{3, 1, 2},
		"text": NewText("{{ l | sort | join('-') }}", source.Pos{}),
	}
	tp := parse(t, `{% do d.update({'x': 1}) %}{% do l.append(4) %}{{ text }} {{ d }} {{ l }} {{ 'ab' | regex_replace('(a)', '\1\1') }}`)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				got, err := tp.Render(NewContext(context.Background(), nil, vars))
				if want := "1-2-3 {'a': 2, 'l': [1], 'x': 1} [3, 1, 2, 4] aab"; err != nil || got != want {
					t.Errorf("got %q, %v", got, err)
					return
				}
			}
		})
	}
	wait.Wait()
}
