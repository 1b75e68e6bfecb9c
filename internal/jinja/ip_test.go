package jinja

import (
	"context"
	"errors"
	"strings"
	"testing"

	"fleet/internal/source"
)

// TestAddresses holds the filters and tests for addresses against what those of the
// collection ansible.utils say: a line is an expression, a tab, and its value behind
// "=" or the beginning of its error behind "!".
func TestAddresses(t *testing.T) {
	for _, line := range readLines(t, "testdata/addresses.txt") {
		text, want, _ := strings.Cut(line, "\t")
		x, err := ParseExpr(text, source.Pos{Line: 1, Col: 1})
		var v any
		if err == nil {
			v, err = x.Value(NewContext(context.Background(), nil, nil))
		}
		got := "=" + Repr(v)
		if err != nil {
			var e *source.Error
			errors.As(err, &e)
			got = "!" + e.Msg
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}
