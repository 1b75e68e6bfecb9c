package jinja

import (
	"strings"
	"testing"
)

// queried returns every query of JMESPath on every document, and the mistakes on
// one.
func queried(t testing.TB) []oracleCase {
	parts := map[string][]string{}
	part := ""
	for _, line := range readLines(t, "testdata/oracle/queries.txt") {
		switch line {
		case "[documents]", "[queries]", "[mistakes]":
			part = line
		default:
			parts[part] = append(parts[part], line)
		}
	}
	var out []oracleCase
	add := func(document, query string) {
		query = strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(query)
		out = append(out, oracleCase{Kind: "expr", Src: document + " | community.general.json_query('" + query + "')"})
	}
	for _, document := range parts["[documents]"] {
		for _, query := range parts["[queries]"] {
			add(document, query)
		}
	}
	for _, query := range parts["[mistakes]"] {
		add("users", query)
	}
	return out
}
