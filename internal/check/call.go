package check

import (
	"slices"
	"strconv"
	"strings"

	"fleet/internal/argument"
	"fleet/internal/jinja"
	"fleet/internal/pyre"
	"fleet/internal/source"
)

// callError returns what is wrong with the texts that filters and tests are called
// with: names of others, and references to groups.
func (r *run) callError(calls []jinja.Call) *source.Error {
	for _, c := range calls {
		if e := nameError(c); e != nil {
			return e
		}
		if e := groupsError(c); e != nil {
			return e
		}
	}
	return nil
}

// nameError returns the name of a filter or test that is called by its name, where
// there is none, or nil.
func nameError(c jinja.Call) *source.Error {
	kind, at, known := "test", 0, jinja.Tests
	switch argument.ShortName(c.Name) {
	case "map":
		kind, known = "filter", jinja.Filters
	case "select", "reject":
	case "selectattr", "rejectattr":
		at = 1
	default:
		return nil
	}
	if c.Kind != "filter" || len(c.Args) <= at {
		return nil
	}
	name := c.Args[at]
	short := argument.ShortName(name)
	if slices.Contains(known(), short) || strings.Contains(short, " ") {
		return nil
	}
	e := source.Errorf(c.Pos, "unknown %s %q", kind, name)
	if e.Hint = source.DidYouMean(short, known()); e.Hint == "" && c.Name == "map" && name == "attribute" {
		e.Hint = "write map(attribute='...')"
	}
	return e
}

// groupsError returns a reference to a group that the pattern does not have, or nil.
func groupsError(c jinja.Call) *source.Error {
	if c.Kind != "filter" || len(c.Args) < 2 {
		return nil
	}
	switch argument.ShortName(c.Name) {
	case "regex_replace":
		if err := groupError(c.Args[0], c.Args[1]); err != nil {
			return source.Errorf(c.Pos, "regex_replace: %w", err).WithHint("groups are the parts of the pattern in ( ), counted from 1")
		}
	case "regex_search":
		re, err := pyre.Compile(c.Args[0], 0)
		if err != nil {
			return nil
		}
		for _, arg := range c.Args[1:] {
			if n, err := strconv.Atoi(strings.TrimPrefix(arg, `\`)); err == nil && n > re.Groups() {
				return source.Errorf(c.Pos, "regex_search: the pattern has no group %s", jinja.Repr(arg)).
					WithHint("groups are the parts of the pattern in ( ), counted from 1")
			}
		}
	}
	return nil
}
