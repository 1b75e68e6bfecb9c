package jinja

import "slices"

// Native returns the value of a template that is one single expression, with its
// own type, and the text of every other. A number with a line end behind it is
// text, and the none that an expression comes to is the empty text; a variable
// that is none stays so. As in Ansible, the text of a template of several parts that reads as a list, a dictionary or a boolean in Python's
// notation becomes that value; literals only, nothing is evaluated, and not where one
// expression in it wrote all of it and meant it as text.
func (t *Template) Native(c *Context) (any, error) {
	if c.Env.ReadLiterals {
		return t.literal(c)
	}
	if t.single == nil {
		w, err := t.render(c, &render{})
		if err != nil {
			return "", err
		}
		s := t.finish(w.String())
		if v, ok := Literal(s); ok && (w.pieces != 1 || !staysText(c, w.last)) {
			return v, nil
		}
		return s, nil
	}
	v, err := t.value(c)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil:
		if _, isName := t.single.(*nameExpr); !isName {
			return t.finish(""), nil
		}
	case string:
		return t.finish(v), nil
	case int, float64:
		if t.newlines > 0 { // a block scalar: its line end belongs to the text
			return t.finish(Str(v)), nil
		}
	}
	return v, nil
}

// value evaluates the single expression.
func (t *Template) value(c *Context) (any, error) {
	if err := c.enter(); err != nil {
		return nil, locate(err, place{t.text, 0})
	}
	defer c.leave()
	return valueOf(&frame{c: c, rt: &render{}, text: t.text}, t.single)
}

// literal is Native as ansible-core up to 2.18 has it with jinja2_native: a text that
// is a literal of Python becomes its value, and where nothing was written at all
// the value is none.
func (t *Template) literal(c *Context) (any, error) {
	if t.single == nil {
		w, err := t.render(c, &render{literal: true})
		switch {
		case err != nil:
			return nil, err
		case !w.wrote:
			return nil, nil
		}
		return t.readLiteral(w.String()), nil
	}
	v, err := t.value(c)
	s, isText := v.(string)
	switch {
	case err != nil || !isText:
		return v, err
	case staysText(c, t.single):
		return t.finish(s), nil
	}
	return t.readLiteral(s), nil
}

func (t *Template) readLiteral(s string) any {
	v, ok := pythonLiteral(s)
	if text, isText := v.(string); isText {
		// it keeps its quotes: without them it would be read again where it is used
		s, ok = s[:1]+text+s[:1], false
	}
	if ok {
		return v
	}
	return t.finish(s)
}

// staysText reports whether the text that an expression gives is meant as text: a filter made it, or the lookup of templates, or it was read already as
// the value of a variable.
func staysText(c *Context, x expr) bool {
	switch x := x.(type) {
	case *filterExpr:
		return slices.Contains([]string{"string", "to_json", "to_nice_json", "to_yaml", "to_nice_yaml"}, x.def.name)
	case *callExpr:
		return trimCollection(lookupName(x)) == "template"
	case *nameExpr:
		v, _ := c.Scope.Lookup(x.name)
		_, lazy := v.(Lazy)
		return lazy
	}
	return false
}

// lookupName returns the name of the lookup that x calls, or "".
func lookupName(x expr) string {
	call, ok := x.(*callExpr)
	if !ok || len(call.args.pos) == 0 {
		return ""
	}
	fn, ok := call.fn.(*nameExpr)
	if !ok || fn.name != "lookup" {
		return ""
	}
	if name, ok := call.args.pos[0].(*constExpr); ok {
		return Str(name.val)
	}
	return ""
}
