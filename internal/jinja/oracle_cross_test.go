package jinja

import (
	"strings"
	"testing"
)

// sections reads a file of lines under headings in brackets.
func sections(t testing.TB, file string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	heading := ""
	for _, line := range readLines(t, file) {
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") && strings.ToLower(line) == line && !strings.ContainsAny(line, "'(,.0123456789") && len(line) > 2 {
			heading = line[1 : len(line)-1]
			continue
		}
		out[heading] = append(out[heading], line)
	}
	return out
}

// crossed returns every filter, test and method on every sample, and every
// operator between any two operands.
func crossed(t testing.TB) []oracleCase {
	s := sections(t, "testdata/oracle/cross.txt")
	var out []oracleCase
	add := func(src string) { out = append(out, oracleCase{Kind: "expr", Src: src}) }
	for _, sample := range s["samples"] {
		for _, f := range s["filters"] {
			add(sample + " | " + f)
		}
		for _, test := range s["tests"] {
			add(sample + " is " + test)
		}
		for _, m := range s["methods"] {
			add("(" + sample + ")." + m)
		}
	}
	for _, op := range s["operators"] {
		for _, a := range s["operands"] {
			for _, b := range s["operands"] {
				if !enormous(a, op, b) {
					add(a + " " + op + " " + b)
				}
			}
		}
	}
	return out
}

// enormous says that Python would take all memory for the result.
func enormous(a, op, b string) bool {
	isBig := func(s string) bool { return s == "big" || len(s) > 15 }
	return op == "**" && isBig(b) || op == "*" && (isBig(a) || isBig(b)) && strings.ContainsAny(a+b, "'[(")
}
