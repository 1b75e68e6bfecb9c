package jinja

import (
	"context"
	"testing"

	"fleet/internal/source"
)

// TestReadLiterals: what templates give where jinja2_native is set.
func TestReadLiterals(t *testing.T) {
	pos := source.Pos{File: "t", Line: 1, Col: 1}
	scope := Vars{"one": 1, "two": "2", "no": "no", "list": []any{4, 2}, "quoted": `"hello"`, "nothing": nil,
		"as_text": NewText("{{ two | string }}", pos), "read": NewText("{{ quoted }}", pos)}
	for src, want := range map[string]string{
		"{{ two }}":                              "2",
		"{{ two | string }}":                     "'2'",
		"{{ [1] | to_json }}":                    "'[1]'",
		"{{ as_text }}":                          "'2'",
		"{{ read }}":                             `'"hello"'`,
		"{{ no }}":                               "'no'",
		"{{ one }}{{ two }}":                     "12",
		"{% for x in list %}{{ x }}{% endfor %}": "42",
		"[{% for x in list %}{{ x }},{% endfor %}]": "[4, 2]",
		"{{ list }} + {{ list }}":                   "'[4, 2] + [4, 2]'",
		"'{{ one }}'":                               `"'1'"`,
		"{{ nothing }}":                             "None",
		"{{ nothing }}{{ nothing }}":                "'NoneNone'",
		"{{ nothing }}{# #}":                        "None",
		"{% if one > 1 %}x{% endif %}":              "None",
		"{{ '' }}{{ '' }}":                          "''",
		"{{ 'true' }}":                              "'true'",
		"{{ 'True' }}":                              "True",
		"{{ '1, 2' }}":                              "(1, 2)",
		"{{ ' 1' }}":                                "' 1'",
		"{{ '1 + 1' }}":                             "'1 + 1'",
		"{{ '-1.5' }}":                              "-1.5",
		"{{ '0644' }}":                              "'0644'",
		"{{ '10.0.0.1' }}":                          "'10.0.0.1'",
		"{{ '2024-01-02' }}":                        "'2024-01-02'",
		`{{ '{"a": None}' }}`:                       "{'a': None}",
		`{{ '{"a": null}' }}`:                       `'{"a": null}'`,
	} {
		c := NewContext(context.Background(), &Env{ReadLiterals: true}, scope)
		v, err := NewText(src, pos).Resolve(c)
		if err != nil {
			t.Errorf("%s: %v", src, err)
		} else if got := Repr(v); got != want {
			t.Errorf("%s\n got: %s\nwant: %s", src, got, want)
		}
	}
}
