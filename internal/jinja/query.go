package jinja

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"fleet/internal/jinja/jmespath"
	"fleet/internal/source"
)

// queryFilters are those that evaluate JMESPath.
var queryFilters = []filter{
	{name: "json_query", params: "expr", takes: takesLazy, fn: filterJSONQuery, check: checkQuery},
}

func filterJSONQuery(c *Context, v any, a []any) (any, error) {
	text, err := c.resolve(a[0])
	if err != nil {
		return nil, err
	}
	expr, ok := text.(string)
	if !ok {
		return nil, newError("json_query needs an expression, not %s", describe(text))
	}
	n, err := c.tables.parseQuery(expr)
	if err != nil {
		return nil, err
	}
	q := query{c, expr}
	if v, err = q.on(n, v); err != nil {
		return nil, err
	}
	if r, ok := v.(reference); ok {
		return nil, q.failed(r.node, "an expression behind \"&\" is no result")
	}
	return v, nil
}

// checkQuery finds the mistake in an expression that is written out.
func checkQuery(t *tables, args []string) error {
	_, err := t.parseQuery(args[0])
	return err
}

// parseQuery reads an expression whose functions are there, with as many arguments
// as they take.
func (t *tables) parseQuery(expr string) (*jmespath.Node, error) {
	n, err := jmespath.Parse(expr, func(s string) (any, error) { return FromJSON([]byte(s)) })
	var wrong *jmespath.Error
	if errors.As(err, &wrong) {
		return nil, queryError(expr, wrong.Offset, "%s", wrong.Msg)
	}
	if err == nil {
		err = t.checkCalls(expr, n)
	}
	return n, err
}

func (t *tables) checkCalls(expr string, n *jmespath.Node) error {
	if n.Kind == jmespath.Call {
		f, ok := t.queries[n.Text]
		if !ok {
			e := queryError(expr, n.Offset, "unknown function %q", n.Text)
			e.Hint = source.DidYouMean(n.Text, slices.Sorted(maps.Keys(t.queries)))
			return e
		}
		if given := len(n.Nodes); given < len(f.params) || given > len(f.params) && !f.more {
			return queryError(expr, n.Offset, "the function %q takes %s, not %d", n.Text, queryArity(f), given)
		}
	}
	for _, child := range n.Nodes {
		if err := t.checkCalls(expr, child); err != nil {
			return err
		}
	}
	return nil
}

// queryError is an error at a place in an expression.
func queryError(expr string, offset int, format string, args ...any) *source.Error {
	at := utf8.RuneCountInString(expr[:min(offset, len(expr))]) + 1
	return newError("json_query: %s, at character %d of %s", fmt.Sprintf(format, args...), at, Repr(expr))
}

// query is an expression while it is evaluated.
type query struct {
	c    *Context
	expr string
}

// reference is an expression as an argument of a function.
type reference struct{ node *jmespath.Node }

func (q query) failed(n *jmespath.Node, format string, args ...any) *source.Error {
	return queryError(q.expr, n.Offset, format, args...)
}

// on evaluates a node on a value. What it returns is no Lazy, but may hold some.
func (q query) on(n *jmespath.Node, v any) (any, error) {
	if err := q.c.step(); err != nil {
		return nil, err
	}
	v, err := q.plain(v)
	if err != nil {
		return nil, err
	}
	switch n.Kind {
	case jmespath.Current:
		return v, nil
	case jmespath.Field:
		return q.field(n.Text, v)
	case jmespath.Index, jmespath.Slice:
		return q.part(n, v)
	case jmespath.Literal:
		return n.Value, nil
	case jmespath.Chain:
		if v, err = q.on(n.Nodes[0], v); err != nil {
			return nil, err
		}
		return q.on(n.Nodes[1], v)
	case jmespath.Project, jmespath.Values, jmespath.Filter:
		return q.project(n, v)
	case jmespath.Flatten:
		return q.flatten(n, v)
	case jmespath.Or, jmespath.And, jmespath.Not:
		return q.logic(n, v)
	case jmespath.Compare:
		return q.compare(n, v)
	case jmespath.List, jmespath.Hash:
		return q.choose(n, v)
	case jmespath.Call:
		return q.call(n, v)
	}
	return reference{n.Nodes[0]}, nil
}

// plain returns a value that a query looks into.
func (q query) plain(v any) (any, error) {
	v, err := q.c.resolve(v)
	if u, ok := v.(*Undefined); ok && err == nil {
		if u.lenient {
			return "", nil
		}
		return nil, u.Err()
	}
	return v, err
}

func (q query) field(name string, v any) (any, error) {
	switch m := v.(type) {
	case *Map:
		e, _ := m.Get(name)
		return q.plain(e)
	case Mapping:
		e, _, err := m.Lookup(q.c, name)
		if err != nil {
			return nil, err
		}
		return q.plain(e)
	}
	return nil, nil
}

func (q query) part(n *jmespath.Node, v any) (any, error) {
	l, ok := v.([]any)
	switch {
	case !ok:
		return nil, nil
	case n.Kind == jmespath.Slice:
		out := sliceOf(l, n.Bounds)
		return out, q.c.made(out)
	}
	i := *n.Bounds[0]
	if i < 0 {
		i += len(l)
	}
	if i < 0 || i >= len(l) {
		return nil, nil
	}
	return q.plain(l[i])
}

// logic evaluates ||, && and !. Zero is true.
func (q query) logic(n *jmespath.Node, v any) (any, error) {
	left, err := q.on(n.Nodes[0], v)
	if err != nil {
		return nil, err
	}
	switch {
	case n.Kind == jmespath.Not:
		return isFalse(left), nil
	case isFalse(left) == (n.Kind == jmespath.And):
		return left, nil
	}
	return q.on(n.Nodes[1], v)
}

// isFalse says what the language takes for false.
func isFalse(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case bool:
		return !x
	case string:
		return x == ""
	case []any:
		return len(x) == 0
	case *Map:
		return x.Len() == 0
	}
	return false
}

func (q query) compare(n *jmespath.Node, v any) (any, error) {
	left, err := q.deep(n.Nodes[0], v)
	if err != nil {
		return nil, err
	}
	right, err := q.deep(n.Nodes[1], v)
	if err != nil {
		return nil, err
	}
	if n.Text == "==" || n.Text == "!=" {
		eq, err := q.same(left, right)
		return eq == (n.Text == "=="), err
	}
	if !isOrdered(left) || !isOrdered(right) {
		return nil, nil
	}
	o, err := q.c.order(n.Text, left, right)
	if err != nil {
		return nil, q.failed(n, "%q cannot compare %s with %s", n.Text, describe(left), describe(right)).
			WithHint("to_number() makes a number of a text, to_string() a text of a number")
	}
	switch {
	case o == 2: // one is no number
		return false, nil
	case strings.HasSuffix(n.Text, "=") && o == 0:
		return true, nil
	}
	return o < 0 && n.Text[0] == '<' || o > 0 && n.Text[0] == '>', nil
}

// deep evaluates a node to a value without anything lazy in it.
func (q query) deep(n *jmespath.Node, v any) (any, error) {
	v, err := q.on(n, v)
	if _, ok := v.(reference); ok || err != nil {
		return v, err
	}
	return Deep(q.c, v)
}

// same is ==: a boolean is never a number.
func (q query) same(a, b any) (bool, error) {
	if _, ok := a.(reference); ok {
		return false, nil
	}
	_, aBool := a.(bool)
	_, bBool := b.(bool)
	if aBool != bBool {
		return false, nil
	}
	return q.c.equal(a, b)
}

// isOrdered says whether there is a less and a more: of numbers, and of texts, as
// the library has it that Ansible uses.
func isOrdered(v any) bool {
	t := queryType(v)
	return t == "number" || t == "string"
}
