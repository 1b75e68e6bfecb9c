package jinja

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"fleet/internal/source"
)

// hungry are templates that would take too much of something.
func hungry(t testing.TB) []string {
	return append(readLines(t, "testdata/hungry.txt"),
		"{{ "+strings.Repeat("(", 100_000),
		"{{ 1"+strings.Repeat(" + 1", 100_000)+" }}",
		"{{ a"+strings.Repeat(".b", 100_000)+" }}",
		"{{ a"+strings.Repeat(" | upper", 100_000)+" }}",
		"{{ "+strings.Repeat("not ", 100_000)+"1 }}",
		"{{ "+strings.Repeat("-", 100_000)+"1 }}",
		"{{ "+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+" }}",
		strings.Repeat("{% if 1 %}", 100_000),
		strings.Repeat("{% for a in b %}", 1000),
		strings.Repeat("{% filter upper %}", 1000),
	)
}

// stingy returns a context with a small part of the usual budget, and no deadline.
func stingy(env *Env, vars Vars) *Context {
	c := NewContext(context.Background(), env, vars)
	c.left.maxWork, c.left.maxMemory = maxWork/500, maxMemory/8
	return c
}

func TestEvaluationIsBounded(t *testing.T) {
	env := &Env{Load: func(name string) (string, string, error) {
		return map[string]string{
			"self":   "{% include 'self' %}",
			"twice":  "{% include 'twice' %}{% include 'twice' %}",
			"import": "{% import 'import' as x %}",
			"extend": "{% extends 'extend' %}",
			"block":  "{% extends 'parent' %}{% block a %}{{ self.a() }}{% endblock %}",
			"parent": "{% block a %}{% endblock %}",
		}[name], name, nil
	}}
	for _, src := range hungry(t) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		tp, err := Parse(src, source.Pos{File: "f", Line: 1, Col: 1}, ForFile())
		if err == nil {
			_, err = tp.Render(stingy(env, Vars{"a": 1}))
		}
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%.80s: no error", src)
		}
		made := int(after.TotalAlloc-before.TotalAlloc) >> 20
		if took := time.Since(start); took > 30*time.Second || made > 1500 {
			t.Errorf("%.80s: took %s and %d MiB", src, took, made)
		}
		if os.Getenv("FLEET_SLOW") != "" {
			fmt.Printf("%8.3fs %5d MiB %.100s -> %.80v\n", time.Since(start).Seconds(), made, src, err)
		}
	}
}

// The budget is one for each evaluation, and what it counts comes back.
func TestBudgetIsForOneEvaluation(t *testing.T) {
	c := stingy(nil, nil)
	tp := parse(t, "{% for i in range(200) %}{% set x = 'a' * 100000 %}{% endfor %}")
	for range 5 {
		if _, err := tp.Render(c); err != nil {
			t.Fatal(err)
		}
	}
}

// What real templates do is far from the limits.
func TestBudgetIsAmple(t *testing.T) {
	for _, src := range []string{
		"{% set l = [] %}{% for i in range(200000) %}{% do l.append(i) %}{% endfor %}{{ l | length }}",
		"{% set ns = namespace(l=[]) %}{% for i in range(5000) %}{% set ns.l = ns.l + [i] %}{% endfor %}{{ ns.l | length }}",
		"{% set ns = namespace(s='') %}{% for i in range(20000) %}{% set ns.s = ns.s ~ i %}{% endfor %}{{ ns.s | length }}",
		"{% for i in range(1000) %}{% for j in range(1000) %}{% if i == j %}{{ i }}{% endif %}{% endfor %}{% endfor %}",
		"{{ range(200000) | map('string') | select('match', '1') | map('upper') | unique | sort | join(',') | length }}",
	} {
		if _, err := parse(t, src).Render(NewContext(context.Background(), nil, nil)); err != nil {
			t.Errorf("%s: %v", src, err)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := parse(t, "{% for x in range(100000) %}{% endfor %}").Render(NewContext(ctx, nil, nil))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
