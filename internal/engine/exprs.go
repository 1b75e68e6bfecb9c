package engine

import (
	"strconv"
	"strings"
	"sync"

	"fleet/internal/jinja"
	"fleet/internal/source"
)

// exprs keeps the bare expressions of playbooks, parsed once for all hosts.
type exprs struct{ byNode, split, byText sync.Map }

type parsed struct {
	expr *jinja.Expr
	err  error
}

type splitted struct {
	parts []piece
	err   error
}

// pieces returns the parts of a condition with templates in it.
func (x *exprs) pieces(n source.Node) ([]piece, error) {
	if s, ok := x.split.Load(n.Node); ok {
		return s.(splitted).parts, s.(splitted).err
	}
	parts, err := split(n.Text(), n.TextPos())
	x.split.Store(n.Node, splitted{parts, err})
	return parts, err
}

// of returns an expression of fleet's own, for the place that it stands for.
func (x *exprs) of(text string, pos source.Pos) (*jinja.Expr, error) {
	type place struct {
		text string
		pos  source.Pos
	}
	if p, ok := x.byText.Load(place{text, pos}); ok {
		return p.(parsed).expr, p.(parsed).err
	}
	expr, err := jinja.ParseExpr(text, pos)
	x.byText.Store(place{text, pos}, parsed{expr, err})
	return expr, err
}

func (x *exprs) get(n source.Node) (*jinja.Expr, error) {
	if p, ok := x.byNode.Load(n.Node); ok {
		return p.(parsed).expr, p.(parsed).err
	}
	expr, err := jinja.ParseExpr(n.Text(), n.TextPos())
	x.byNode.Store(n.Node, parsed{expr, err})
	return expr, err
}

// firstFalse returns the first condition that does not hold as it is written: text
// or, where it is no expression, the value. It returns nil where all hold.
func (e *Engine) firstFalse(c *jinja.Context, conditions []source.Node) (any, error) {
	for _, n := range conditions {
		ok, err := e.holds(c, n)
		if err != nil {
			return nil, err
		}
		if ok {
			continue
		}
		if v := source.Scalar(n); v != nil && !n.IsString() {
			return v, nil
		}
		return strings.TrimSpace(n.Text()), nil
	}
	return nil, nil
}

// value evaluates a keyword's node. An absent one is nil.
func (e *Engine) value(c *jinja.Context, n source.Node) (any, error) {
	if !n.Exists() {
		return nil, nil
	}
	v, err := jinja.Deep(c, e.Vars.Value(n))
	if err != nil || !jinja.IsOmit(v) {
		return v, err
	}
	return nil, nil
}

// text evaluates a keyword that is text.
func (e *Engine) text(c *jinja.Context, n source.Node, def string) (string, error) {
	v, err := e.value(c, n)
	if err != nil || v == nil {
		return def, err
	}
	switch v.(type) {
	case []any, *jinja.Map:
		return "", n.Errorf("want text here, not %s", jinja.Repr(v))
	}
	return jinja.Str(v), nil
}

// truth evaluates a keyword that is yes or no.
func (e *Engine) truth(c *jinja.Context, n source.Node, def bool) (bool, error) {
	v, err := e.value(c, n)
	if err != nil || v == nil {
		return def, err
	}
	b, ok := asBool(v)
	if !ok {
		return false, n.Errorf("%s is not a valid boolean", jinja.Repr(v)).WithHint("write yes or no")
	}
	return b, nil
}

// asBool reads the values that Ansible takes for yes and no.
func asBool(v any) (b, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case int:
		return v == 1, v == 0 || v == 1
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "yes", "on", "true", "1", "y", "t":
			return true, true
		case "no", "off", "false", "0", "n", "f", "":
			return false, true
		}
	}
	return false, false
}

// number evaluates a keyword that is a number.
func (e *Engine) number(c *jinja.Context, n source.Node, def float64) (float64, error) {
	v, err := e.value(c, n)
	if err != nil || v == nil {
		return def, err
	}
	switch v := v.(type) {
	case int:
		return float64(v), nil
	case float64:
		return v, nil
	case string:
		if f, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil {
			return f, nil
		}
	}
	return 0, n.Errorf("want a number here, not %s", jinja.Repr(v))
}
