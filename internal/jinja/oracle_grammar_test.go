package jinja

import (
	"strconv"
	"strings"
	"testing"
)

// grammar writes expressions and templates at random, the same ones for the same
// seed. An expression has the type that it is asked for, most of the time. Its
// patterns stand in testdata/oracle/grammar.txt: %i is an integer, %f a float, %s a
// text, %l a list, %d a dictionary, %b a truth, %a anything, %n a small number, %k
// a key, %t a short text, and %% a percent sign.
type grammar struct {
	state    uint64
	patterns map[string][]string
	names    []string // that a template has bound here
}

// next is splitmix64: its sequence does not depend on Go's release.
func (g *grammar) next() uint64 {
	g.state += 0x9e3779b97f4a7c15
	z := g.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (g *grammar) n(limit int) int          { return int(g.next() % uint64(limit)) }
func (g *grammar) pick(of ...string) string { return of[g.n(len(of))] }

// fill replaces the marks of a pattern.
func (g *grammar) fill(depth int, pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '%' || i+1 == len(pattern) {
			b.WriteByte(pattern[i])
			continue
		}
		i++
		b.WriteString(g.mark(depth, pattern[i]))
	}
	return b.String()
}

func (g *grammar) mark(depth int, mark byte) string {
	switch mark {
	case '%':
		return "%"
	case 'n':
		return strconv.Itoa(g.n(6))
	case 'k':
		return g.pick(g.patterns["keys"]...)
	case 't':
		return g.pick(g.patterns["short texts"]...)
	}
	kind, known := map[byte]string{'i': "int", 'f': "float", 's': "text", 'l': "list", 'd': "dict", 'b': "truth", 'a': ""}[mark]
	if !known {
		return " %" + string(mark)
	}
	if kind == "" || g.n(25) == 0 { // now and then a type that does not fit
		kind = g.pick("int", "float", "text", "text", "list", "list", "dict", "truth")
	}
	if len(g.names) > 0 && g.n(4) == 0 {
		return g.pick(g.names...)
	}
	if depth <= 0 || g.n(5) == 0 {
		return g.pick(g.patterns[kind+" leaves"]...)
	}
	return g.fill(depth-1, g.pick(g.patterns[kind+" patterns"]...))
}

// natives returns texts of several parts, as jinja2_native reads them.
func natives(t testing.TB) []oracleCase {
	g := &grammar{state: 11, patterns: sections(t, "testdata/oracle/grammar.txt")}
	seen := map[string]bool{}
	var out []oracleCase
	for len(out) < 800 {
		src := ""
		for range 1 + g.n(3) {
			src += g.pick(g.patterns["native parts"]...)
		}
		if src = g.fill(g.n(3), src); IsTemplate(src) && !seen[src] && len(src) <= 300 {
			seen[src] = true
			out = append(out, oracleCase{Kind: "native", Src: src, name: "native: " + src})
		}
	}
	return out
}

// grown returns expressions that the grammar writes.
func grown(t testing.TB) []oracleCase {
	g := &grammar{state: 1, patterns: sections(t, "testdata/oracle/grammar.txt")}
	seen := map[string]bool{}
	var out []oracleCase
	for len(out) < 3000 {
		x := g.fill(1+g.n(3), "%a")
		if seen[x] || len(x) > 300 {
			continue
		}
		seen[x] = true
		out = append(out, oracleCase{Kind: "expr", Src: x})
	}
	return out
}
