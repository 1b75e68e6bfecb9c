package jinja

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"fleet/internal/jinja/jmespath"
)

// queryFunc is a function of JMESPath. A parameter is the types that it takes, apart
// by blanks, and "any" takes all; the last one stands for the arguments behind it
// too where there may be more.
type queryFunc struct {
	params []string
	more   bool
	fn     func(q query, n *jmespath.Node, a []any) (any, error)
}

func queryFuncs() map[string]queryFunc {
	return map[string]queryFunc{
		"abs":         {params: []string{"number"}, fn: func(q query, _ *jmespath.Node, a []any) (any, error) { return filterAbs(q.c, a[0], nil) }},
		"avg":         {params: []string{"array-number"}, fn: queryAvg},
		"ceil":        {params: []string{"number"}, fn: rounded(math.Ceil)},
		"contains":    {params: []string{"array string", "any"}, fn: func(q query, _ *jmespath.Node, a []any) (any, error) { return q.c.contains(a[0], a[1]) }},
		"ends_with":   {params: []string{"string", "string"}, fn: onTexts(strings.HasSuffix)},
		"floor":       {params: []string{"number"}, fn: rounded(math.Floor)},
		"join":        {params: []string{"string", "array-string"}, fn: queryJoin},
		"keys":        {params: []string{"object"}, fn: func(_ query, _ *jmespath.Node, a []any) (any, error) { return a[0].(*Map).Keys(), nil }},
		"length":      {params: []string{"string array object"}, fn: queryLength},
		"map":         {params: []string{"expression", "array"}, fn: queryMap},
		"max":         {params: []string{"array-number array-string"}, fn: farthest(1)},
		"max_by":      {params: []string{"array", "expression"}, fn: farthest(1)},
		"merge":       {params: []string{"object"}, more: true, fn: queryMerge},
		"min":         {params: []string{"array-number array-string"}, fn: farthest(-1)},
		"min_by":      {params: []string{"array", "expression"}, fn: farthest(-1)},
		"not_null":    {params: []string{"any"}, more: true, fn: queryNotNull},
		"reverse":     {params: []string{"array string"}, fn: queryReverse},
		"sort":        {params: []string{"array-string array-number"}, fn: querySort},
		"sort_by":     {params: []string{"array", "expression"}, fn: querySort},
		"starts_with": {params: []string{"string", "string"}, fn: onTexts(strings.HasPrefix)},
		"sum":         {params: []string{"array-number"}, fn: func(q query, _ *jmespath.Node, a []any) (any, error) { return querySum(a[0].([]any)) }},
		"to_array":    {params: []string{"any"}, fn: queryToArray},
		"to_number":   {params: []string{"any"}, fn: queryToNumber},
		"to_string":   {params: []string{"any"}, fn: queryToString},
		"type":        {params: []string{"any"}, fn: queryTypeOf},
		"values":      {params: []string{"object"}, fn: func(_ query, _ *jmespath.Node, a []any) (any, error) { return slices.Clone(a[0].(*Map).vals), nil }},
	}
}

// call evaluates a function. Its arguments have nothing lazy in them.
func (q query) call(n *jmespath.Node, v any) (any, error) {
	f := q.c.tables.queries[n.Text]
	args := make([]any, len(n.Nodes))
	for i, child := range n.Nodes {
		a, err := q.deep(child, v)
		if err == nil {
			a, err = q.c.plainMap(a)
		}
		if err != nil {
			return nil, err
		}
		if types := f.params[min(i, len(f.params)-1)]; !isQueryType(a, types) {
			return nil, q.failed(n, "the function %q needs %s as argument %d, not %s", n.Text, queryTypes(types), i+1, describeArgument(a, types))
		}
		args[i] = a
	}
	r, err := f.fn(q, n, args)
	if err != nil {
		return nil, err
	}
	return r, q.c.made(r)
}

// queryType is JMESPath's word for the type of a value; "" where it has none.
func queryType(v any) string {
	switch v.(type) {
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case *Map, Mapping:
		return "object"
	case nil:
		return "null"
	case reference:
		return "expression"
	}
	if _, _, _, ok := num(v); ok {
		return "number"
	}
	return ""
}

func isQueryType(v any, types string) bool {
	for _, t := range strings.Fields(types) {
		t, element, isList := strings.Cut(t, "-")
		if t == "any" {
			return true
		}
		if queryType(v) != t {
			continue
		}
		if !isList || !slices.ContainsFunc(v.([]any), func(e any) bool { return queryType(e) != element }) {
			return true
		}
	}
	return false
}

var queryTypeWords = map[string]string{
	"number": "a number", "string": "a text", "array": "a list", "object": "a dictionary", "expression": `an expression behind "&"`,
	"array-number": "a list of numbers", "array-string": "a list of texts",
}

func queryTypes(types string) string {
	var words []string
	for _, t := range strings.Fields(types) {
		words = append(words, queryTypeWords[t])
	}
	return strings.Join(words, " or ")
}

// describeArgument names an argument that is not as it should be; of a list, the
// element that makes it so.
func describeArgument(v any, types string) string {
	switch x := v.(type) {
	case reference:
		return queryTypeWords["expression"]
	case []any:
		for _, e := range x {
			if t := queryType(e); !strings.Contains(types, "-"+t) || t != queryType(x[0]) {
				return "a list with " + describe(e)
			}
		}
	}
	return describe(v)
}

func querySum(items []any) (sum any, err error) {
	sum = 0
	for _, e := range items {
		if sum, err = binary("+", sum, e); err != nil {
			return nil, err
		}
	}
	return sum, nil
}

func queryAvg(_ query, _ *jmespath.Node, a []any) (any, error) {
	items := a[0].([]any)
	if len(items) == 0 {
		return nil, nil
	}
	sum, err := querySum(items)
	if err != nil {
		return nil, err
	}
	return binary("/", sum, float64(len(items)))
}

func rounded(round func(float64) float64) func(query, *jmespath.Node, []any) (any, error) {
	return func(q query, n *jmespath.Node, a []any) (any, error) {
		f, ok := a[0].(float64)
		switch {
		case !ok:
			return a[0], nil
		case math.IsInf(f, 0) || math.IsNaN(f):
			return nil, q.failed(n, "%s is no whole number", floatText(f))
		}
		return bigFromFloat(round(f))
	}
}

func onTexts(holds func(s, part string) bool) func(query, *jmespath.Node, []any) (any, error) {
	return func(_ query, _ *jmespath.Node, a []any) (any, error) { return holds(a[0].(string), a[1].(string)), nil }
}

func queryJoin(_ query, _ *jmespath.Node, a []any) (any, error) {
	var b strings.Builder
	for i, e := range a[1].([]any) {
		if i > 0 {
			b.WriteString(a[0].(string))
		}
		if b.WriteString(e.(string)); b.Len() > maxOutput {
			return nil, textTooLarge()
		}
	}
	return b.String(), nil
}

func queryLength(_ query, _ *jmespath.Node, a []any) (any, error) {
	switch x := a[0].(type) {
	case string:
		return utf8.RuneCountInString(x), nil
	case []any:
		return len(x), nil
	}
	return a[0].(*Map).Len(), nil
}

func queryMerge(_ query, _ *jmespath.Node, a []any) (any, error) {
	out := &Map{}
	for _, m := range a {
		for k, v := range m.(*Map).All() {
			out.Set(k, v)
		}
	}
	return out, nil
}

func queryNotNull(_ query, _ *jmespath.Node, a []any) (any, error) {
	for _, v := range a {
		if v != nil {
			return v, nil
		}
	}
	return nil, nil
}

func queryReverse(_ query, _ *jmespath.Node, a []any) (any, error) {
	if s, ok := a[0].(string); ok {
		runes := []rune(s)
		slices.Reverse(runes)
		return string(runes), nil
	}
	out := slices.Clone(a[0].([]any))
	slices.Reverse(out)
	return out, nil
}

func queryToArray(_ query, _ *jmespath.Node, a []any) (any, error) {
	if l, ok := a[0].([]any); ok {
		return l, nil
	}
	return []any{a[0]}, nil
}

func queryToNumber(_ query, _ *jmespath.Node, a []any) (any, error) {
	s, ok := a[0].(string)
	if !ok {
		if queryType(a[0]) == "number" {
			return a[0], nil
		}
		return nil, nil
	}
	if n, ok := parseInt(s, 10); ok {
		return n, nil
	}
	if f, ok := parseFloat(s); ok {
		return f, nil
	}
	return nil, nil
}

func queryToString(_ query, _ *jmespath.Node, a []any) (any, error) {
	if s, ok := a[0].(string); ok {
		return s, nil
	}
	w := &jsonWriter{item: ",", key: ":"}
	err := w.value(a[0], 0)
	return w.b.String(), err
}

func queryTypeOf(_ query, n *jmespath.Node, a []any) (any, error) {
	if t := queryType(a[0]); t != "" && t != "expression" {
		return t, nil
	}
	return nil, nil
}

// queryArity says how many arguments a function takes.
func queryArity(f queryFunc) string {
	s := strconv.Itoa(len(f.params)) + " arguments"
	if len(f.params) == 1 {
		s = "one argument"
	}
	if f.more {
		s += " or more"
	}
	return s
}
