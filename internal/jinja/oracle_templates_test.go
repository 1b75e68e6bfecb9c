package jinja

import (
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// writtenTemplates are the templates of templates.txtar that do not stand in lib/,
// which they include and extend.
func writtenTemplates(t testing.TB) []oracleCase {
	archive, err := txtar.ParseFile("testdata/oracle/templates.txtar")
	if err != nil {
		t.Fatal(err)
	}
	lib := map[string]string{}
	for _, f := range archive.Files {
		if strings.HasPrefix(f.Name, "lib/") {
			lib[f.Name] = string(f.Data)
		}
	}
	var out []oracleCase
	for _, f := range archive.Files {
		if lib[f.Name] == "" {
			out = append(out, oracleCase{Kind: "file", Src: string(f.Data), Files: lib, name: f.Name})
		}
	}
	return out
}
