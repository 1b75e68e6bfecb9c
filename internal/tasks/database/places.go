// Package database holds what the modules of all kinds of database servers share:
// how connections are made and encrypted, and how values stand in statements. It runs on the
// target.
package database

import (
	"fmt"
	"strings"
)

// Fill puts args, quoted, into the places of %s of a statement, and those of named
// into those of %(name)s. "%%" is a percent sign. Without either the statement stays
// as it is.
func Fill(statement string, args []any, named map[string]any, quote func(any) string) (string, error) {
	if len(args) == 0 && len(named) == 0 {
		return statement, nil
	}
	var out strings.Builder
	used := 0
	for rest := statement; rest != ""; {
		before, after, found := strings.Cut(rest, "%")
		out.WriteString(before)
		if !found {
			break
		}
		var value any
		name, behind, isNamed := strings.Cut(strings.TrimPrefix(after, "("), ")s")
		known, there := named[name]
		switch {
		case strings.HasPrefix(after, "%"):
			out.WriteString("%")
			rest = after[1:]
			continue
		case strings.HasPrefix(after, "s") && used < len(args):
			value, rest = args[used], after[1:]
			used++
		case strings.HasPrefix(after, "(") && isNamed && there:
			value, rest = known, behind
		case strings.HasPrefix(after, "("):
			return "", fmt.Errorf("the query has a place for %q, and named_args has no such value", name)
		default:
			return "", fmt.Errorf("the query has more places than values, or a single %% (write %%%%)")
		}
		out.WriteString(quote(value))
	}
	if used < len(args) {
		return "", fmt.Errorf("the query has %d places for %d values", used, len(args))
	}
	return out.String(), nil
}
