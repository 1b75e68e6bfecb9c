package jinja

import (
	"context"
	"testing"

	"fleet/internal/source"
)

func TestSmoke(t *testing.T) {
	c := NewContext(context.Background(), nil, Vars{"a": 1, "l": []any{1, 2, 3}, "s": "x"})
	for src, want := range map[string]string{
		"{{ a + 1 }}": "2", "{% for x in l %}{{ loop.index }}:{{ x }},{% endfor %}": "1:1,2:2,3:3,",
		"{% set q = [] %}{% for x in l %}{% set _ = q.append(x*2) %}{% endfor %}{{ q }}": "[2, 4, 6]",
		"{{ l | map('string') | join('-') }}": "1-2-3",
	} {
		tp, err := Parse(src, source.Pos{File: "f", Line: 1, Col: 1}, ForText())
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := tp.Render(c)
		if err != nil || got != want {
			t.Errorf("%s: %q %v", src, got, err)
		}
	}
}
