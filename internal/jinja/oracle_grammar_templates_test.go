package jinja

import (
	"fmt"
	"strings"
	"testing"
)

// grownTemplates are templates that the grammar writes.
func grownTemplates(t testing.TB) []oracleCase {
	g := &grammar{state: 7, patterns: sections(t, "testdata/oracle/grammar.txt")}
	var out []oracleCase
	for i := range 600 {
		w := &templateWriter{grammar: g}
		w.names, w.macros = nil, nil
		src := w.body(3)
		if i%4 == 0 {
			src = g.pick("#jinja2: lstrip_blocks: True\n", "#jinja2: trim_blocks: False\n", "#jinja2: trim_blocks: False, lstrip_blocks: True\n") + src
		}
		out = append(out, oracleCase{Kind: "file", Src: src, name: fmt.Sprintf("template %d", i)})
	}
	return out
}

// templateWriter writes statements. names are the variables that can be seen.
type templateWriter struct {
	*grammar
	macros []string
	loops  int
	used   int
}

func (w *templateWriter) body(depth int) string {
	var b strings.Builder
	for range 1 + w.n(4) {
		b.WriteString(w.statement(depth))
	}
	return b.String()
}

func (w *templateWriter) x() string { return w.fill(w.n(2), w.pick("%a", "%s", "%i", "%s")) }

// tag is a block tag, with or without whitespace control.
func (w *templateWriter) tag(format string, args ...any) string {
	open, end := "{%", "%}"
	switch w.n(8) {
	case 0:
		open = "{%-"
	case 1:
		end = "-%}"
	case 2:
		open = "{%+"
	case 3:
		end = "+%}"
	}
	return open + " " + fmt.Sprintf(format, args...) + " " + end + w.pick("", "", "\n", "\n  ")
}

// scoped writes something whose names are forgotten behind it.
func (w *templateWriter) scoped(f func() string) string {
	names := len(w.names)
	s := f()
	w.names = w.names[:names]
	return s
}

func (w *templateWriter) name() string {
	w.used++
	return fmt.Sprintf("v%d", w.used)
}

func (w *templateWriter) statement(depth int) string {
	if depth == 0 {
		return w.pick("text ", "\n", "  \n", "{{ "+w.x()+" }}", "{{- "+w.x()+" -}} ", "{# note #}", "{{ "+w.x()+" }}\n")
	}
	switch w.n(12) {
	case 0, 1:
		return w.pick("line\n", "  ", "\n\n", "a b", "{#- gone -#}", "{% raw %}{{ raw }}{% endraw %}")
	case 2, 3:
		return "{{ " + w.x() + " }}" + w.pick("", "\n", " ")
	case 4:
		return w.ifBlock(depth)
	case 5, 6:
		return w.forBlock(depth)
	case 7:
		n, value := w.name(), w.x()
		w.names = append(w.names, n)
		return w.tag("set %s = %s", n, value)
	case 8:
		n := w.name()
		body := w.scoped(func() string { return w.body(depth - 1) })
		w.names = append(w.names, n)
		return w.tag("set %s%s", n, w.pick("", " | upper", " | trim", " | replace('a', 'b') | length")) + body + w.tag("endset")
	case 9:
		return w.macroBlock(depth)
	case 10:
		n, value := w.name(), w.x()
		return w.tag("with %s = %s", n, value) + w.scoped(func() string {
			w.names = append(w.names, n)
			return w.body(depth - 1)
		}) + w.tag("endwith")
	}
	return w.tag("filter %s", w.pick("upper", "trim", "indent(2)", "replace('e', '3')", "wordcount", "reverse")) +
		w.scoped(func() string { return w.body(depth - 1) }) + w.tag("endfilter")
}

func (w *templateWriter) ifBlock(depth int) string {
	part := func() string { return w.scoped(func() string { return w.body(depth - 1) }) }
	s := w.tag("if %s", w.fill(1, "%b")) + part()
	if w.n(3) == 0 {
		s += w.tag("elif %s", w.fill(1, "%b")) + part()
	}
	if w.n(2) == 0 {
		s += w.tag("else") + part()
	}
	return s + w.tag("endif")
}

func (w *templateWriter) forBlock(depth int) string {
	n := w.name()
	head := w.tag("for %s in %s%s", n, w.fill(w.n(2), w.pick("%l", "%l", "%l", "%d", "%s")), w.pick("", "", "", " if "+n, " if "+n+" is number"))
	return w.scoped(func() string {
		w.names = append(w.names, n)
		w.loops++
		body := w.pick("", "", "{{ loop.index }}", "{{ loop.last }}", "{{ loop.cycle('x', 'y') }}", "{{ loop.changed("+n+" | string | length) }}",
			"{{ loop.previtem | default('-') }}", "{{ loop.revindex0 }}/{{ loop.length }}",
			"{% if loop.index > 2 %}{% break %}{% endif %}", "{% if loop.first %}{% continue %}{% endif %}") + w.body(depth-1)
		w.loops--
		s := head + body
		if w.n(4) == 0 {
			w.names = w.names[:len(w.names)-1]
			s += w.tag("else") + w.body(depth-1)
		}
		return s + w.tag("endfor")
	})
}

func (w *templateWriter) macroBlock(depth int) string {
	n, a, b := w.name(), w.name(), w.name()
	def := w.scoped(func() string {
		w.names = append(w.names, a, b)
		return w.tag("macro %s(%s, %s=%s)", n, a, b, w.pick("1", "'d'", "none", a)) + w.body(depth-1) +
			w.pick("", "{{ varargs }}", "{{ kwargs }}", "{{ caller() if caller is defined }}") + w.tag("endmacro")
	})
	call := fmt.Sprintf("%s(%s)", n, w.pick(w.x(), w.x()+", "+w.x(), a+"="+w.x(), w.x()+", "+b+"="+w.x(), ""))
	if strings.Contains(def, "caller()") && w.n(2) == 0 {
		return def + w.tag("call %s", call) + w.scoped(func() string { return w.body(depth - 1) }) + w.tag("endcall")
	}
	return def + "{{ " + call + " }}"
}
