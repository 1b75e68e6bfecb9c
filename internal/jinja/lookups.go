package jinja

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/source"
)

// pureLookups are the lookups that need nothing but their terms and variables.
func pureLookups() map[string]LookupFunc {
	return map[string]LookupFunc{
		"cartesian":     lookupNested,
		"dict":          lookupDict,
		"flattened":     func(_ *Context, terms []any, _ *Map) ([]any, error) { return flatten(terms, -1, true) },
		"indexed_items": lookupIndexed,
		"items":         func(_ *Context, terms []any, _ *Map) ([]any, error) { return flatten(terms, 1, false) },
		"list":          func(_ *Context, terms []any, _ *Map) ([]any, error) { return terms, nil },
		"nested":        lookupNested,
		"random_choice": lookupRandom,
		"sequence":      lookupSequence,
		"subelements":   lookupSubelements,
		"together":      lookupTogether,
		"vars":          lookupVars,
		"varnames":      lookupVarnames,
	}
}

// oneLevel dissolves the lists that are elements of items.
func oneLevel(items []any) []any {
	out := []any{}
	for _, e := range items {
		if isSequence(e) {
			out = append(out, asList(e)...)
		} else {
			out = append(out, e)
		}
	}
	return out
}

func isSequence(v any) bool {
	switch v.(type) {
	case []any, Tuple:
		return true
	}
	return false
}

func lookupDict(c *Context, terms []any, _ *Map) ([]any, error) {
	out := []any{}
	for _, t := range oneLevel(terms) {
		m, err := c.dict(t)
		if err != nil {
			return nil, newError("the lookup \"dict\" needs dictionaries, not %s", describe(t))
		}
		for k, v := range m.All() {
			out = append(out, NewMap("key", k, "value", v))
		}
	}
	return out, nil
}

func lookupIndexed(_ *Context, terms []any, _ *Map) ([]any, error) {
	out := []any{}
	for i, t := range oneLevel(terms) {
		out = append(out, Tuple{i, t})
	}
	return out, nil
}

func lookupNested(c *Context, terms []any, _ *Map) ([]any, error) {
	if len(terms) == 0 {
		return nil, newError("the lookup \"nested\" needs at least one list")
	}
	rows := asList(terms[0])
	for _, t := range terms[1:] {
		column := asList(t)
		if len(column) > 0 && len(rows) > maxItems/10/len(column) {
			return nil, tooMany()
		}
		next := make([]any, 0, len(rows)*len(column))
		for _, row := range rows {
			for _, e := range column {
				if err := c.step(); err != nil {
					return nil, err
				}
				next = append(next, oneLevel([]any{row, e}))
			}
		}
		rows = next
	}
	for i, row := range rows {
		items, err := c.iterate(row)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			rows = slices.Clone(rows)
		}
		rows[i] = oneLevel(items)
	}
	return rows, nil
}

func asList(v any) []any {
	switch x := v.(type) {
	case []any:
		return x
	case Tuple:
		return x
	}
	return []any{v}
}

func anyLists(terms []any) []any {
	out := make([]any, len(terms))
	for i, t := range terms {
		out[i] = asList(t)
	}
	return out
}

func lookupTogether(c *Context, terms []any, _ *Map) ([]any, error) {
	if len(terms) == 0 {
		return nil, newError("the lookup \"together\" needs at least one list")
	}
	lists := anyLists(terms)
	v, err := c.zip(lists[0], lists[1:], true, nil)
	if err != nil {
		return nil, err
	}
	out := v.([]any)
	for i, t := range out {
		out[i] = oneLevel(t.(Tuple))
	}
	return out, nil
}

func lookupRandom(c *Context, terms []any, _ *Map) ([]any, error) {
	if len(terms) == 0 {
		return []any{}, nil
	}
	return []any{terms[c.randInt(len(terms))]}, nil
}

func lookupSubelements(_ *Context, terms []any, _ *Map) ([]any, error) {
	if len(terms) < 2 || len(terms) > 3 {
		return nil, newError("the lookup \"subelements\" needs a list, a key, and perhaps options")
	}
	skip := false
	if len(terms) == 3 {
		options, ok := terms[2].(*Map)
		if !ok {
			return nil, newError("the third term of \"subelements\" must be a dictionary, not %s", describe(terms[2]))
		}
		for k, v := range options.All() {
			if k != "skip_missing" {
				return nil, newError("the lookup \"subelements\" has no option %q", Str(k)).WithHint("the option is skip_missing")
			}
			skip = convertBool(v) == true
		}
	}
	v, err := filterSubelements(nil, terms[0], []any{terms[1], skip})
	if err != nil {
		return nil, err
	}
	var whole, cut any
	for _, pair := range v.([]any) {
		t := pair.(Tuple)
		if whole == nil || !same(whole, t[0]) {
			whole, cut = t[0], withoutKey(t[0], subkeys(terms[1]))
		}
		t[0] = cut
	}
	return v.([]any), nil
}

// subkeys is the way to the inner list, as a text or a list.
func subkeys(v any) []any {
	if s, ok := v.(string); ok {
		return anyList(strings.Split(s, "."))
	}
	return asList(v)
}

// withoutKey returns v without what the last of the keys leads to: the lookup
// takes the inner list out of the element that it gives.
func withoutKey(v any, keys []any) any {
	m, ok := v.(*Map)
	if !ok || len(keys) == 0 {
		return v
	}
	m = m.Clone()
	if len(keys) == 1 {
		m.Delete(keys[0])
	} else if e, ok := m.Get(keys[0]); ok {
		m.Set(keys[0], withoutKey(e, keys[1:]))
	}
	return m
}

func lookupVars(c *Context, terms []any, kw *Map) ([]any, error) {
	otherwise, hasDefault := kw.Get("default")
	out := []any{}
	for _, t := range terms {
		name, err := textArg("name", t)
		if err != nil {
			return nil, err
		}
		v, ok := c.Scope.Lookup(name)
		if ok {
			if v, err = Deep(c, v); err != nil {
				return nil, err
			}
		} else if v = otherwise; !hasDefault {
			return nil, &source.Error{Msg: fmt.Sprintf("there is no variable called %q", name),
				Hint: source.DidYouMean(name, sorted(c.Scope.Names())), Err: errUndefined}
		}
		out = append(out, v)
	}
	return out, nil
}

func lookupVarnames(c *Context, terms []any, _ *Map) ([]any, error) {
	names := sorted(c.Scope.Names())
	out := []any{}
	for _, t := range terms {
		re, err := regexCompile(t, false, false)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			m, err := re.Search(n, 0, false)
			if err != nil {
				return nil, err
			}
			if m != nil {
				out = append(out, n)
			}
		}
	}
	return out, nil
}

var sequenceShort = regexp.MustCompile(`^(?:(0?x?[0-9a-f]+)-)?(0?x?[0-9a-f]+)(?:/(-?0?x?[0-9a-f]+))?(?::(.+))?$`)

// lookupSequence reads `start=1 end=5 stride=2 format=web%02d`, `count=4`, or
// the short form `1-5/2:web%02d`.
func lookupSequence(c *Context, terms []any, kw *Map) ([]any, error) {
	if len(terms) == 0 {
		terms = []any{""}
	}
	out := []any{}
	for _, t := range terms {
		args := map[string]string{}
		for k, v := range kw.All() {
			args[Str(k)] = Str(v)
		}
		text := Str(t)
		if m := sequenceShort.FindStringSubmatch(text); m != nil {
			for i, name := range []string{"start", "end", "stride", "format"} {
				if m[i+1] != "" {
					args[name] = m[i+1]
				}
			}
		} else {
			for _, f := range strings.Fields(text) {
				k, v, ok := strings.Cut(f, "=")
				if !ok {
					return nil, newError("the lookup \"sequence\" cannot read %s", Repr(f)).WithHint("write start=… end=… stride=… format=…, or count=…")
				}
				args[k] = v
			}
		}
		var err error
		if out, err = c.sequence(out, args); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *Context) sequence(out []any, args map[string]string) ([]any, error) {
	n := map[string]int{"start": 1, "stride": 1}
	for name, text := range args {
		if name == "format" {
			continue
		}
		if !slices.Contains([]string{"start", "end", "stride", "count"}, name) {
			return nil, newError("the lookup \"sequence\" has no argument %q", name)
		}
		i, err := strconv.ParseInt(text, 0, 64)
		if err != nil {
			return nil, newError("the lookup \"sequence\": %s=%s is no number", name, text)
		}
		n[name] = int(i)
	}
	_, hasEnd := args["end"]
	_, hasCount := args["count"]
	switch {
	case hasEnd == hasCount:
		return nil, newError("the lookup \"sequence\" needs either end or count")
	case hasCount && n["count"] == 0:
		return out, nil
	case hasCount:
		n["end"] = n["start"] + n["count"]*n["stride"] - n["stride"]
	}
	start, end, step := n["start"], n["end"], n["stride"]
	switch {
	case step > 0 && end < start:
		return nil, newError("the lookup \"sequence\" counts up, but ends at %d, below %d", end, start).WithHint("use a negative stride to count down")
	case step < 0 && end > start:
		return nil, newError("the lookup \"sequence\" counts down, but ends at %d, above %d", end, start)
	case step == 0:
		return out, nil
	case abs((end-start)/step) > maxRange:
		return nil, newError("the lookup \"sequence\" would have more than %d numbers", maxRange)
	}
	format := args["format"]
	if format == "" {
		format = "%d"
	}
	for i := start; step > 0 && i <= end || step < 0 && i >= end; i += step {
		v, err := percentFormat(format, i)
		if err != nil {
			return nil, err
		}
		if err := c.charge(32 + len(v.(string))); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
