package check

import (
	"strings"
	"testing"

	"fleet/internal/source"
)

// TestOutline: what stands at X is evaluated whenever the text is, or not.
func TestOutline(t *testing.T) {
	for text, want := range map[string]bool{
		"{{ X }}":                                  true,
		"a\n  {{ b }}\n c {{ X | default(1) }}":    true,
		"{{ a if b else X }}":                      false,
		"{{ X if b else a }}":                      false,
		"{{ a and X }}":                            false,
		"{{ X and a }}":                            true,
		"{{ b or X }} {{ X2 }}":                    false,
		"{% if X %}a{% endif %}":                   true,
		"{% if a %}{{ X }}{% endif %}":             false,
		"{% if a %}b{% elif X %}{% endif %}":       false,
		"{% if a %}b{% endif %}{{ X }}":            true,
		"{%- if a -%}b{%- endif -%}\n{{ X }}":      true,
		"{% for i in X %}{% endfor %}":             true,
		"{% for i in a %}{{ X }}{% endfor %}":      false,
		"{% macro m() %}{{ X }}{% endmacro %}":     false,
		"{% set y = X %}":                          true,
		"{% set y %}{{ X }}{% endset %}":           true,
		"{# {% if a %} #}{{ X }}":                  true,
		"{{ a }} {{ b if c }} {{ X }}":             true,
		"X == 1":                                   true,
		"a == 1 and X":                             false,
		"{% filter upper %}{{ X }}{% endfilter %}": false,
	} {
		pos := source.Pos{File: "f", Line: 3, Col: 7, Indent: 4}
		at := pos.At(text, strings.Index(text, "X"))
		if got := newOutline(text, pos).always(at); got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
	if newOutline("{{ X }}", source.Pos{Line: 1, Col: 1}).always(source.Pos{Line: 9, Col: 1}) {
		t.Error("a place outside of the text counts")
	}
}
