package jinja

var jinjaOnlyFilters = []filter{
	{name: "attr", params: "name", takes: takesLazy, fn: func(c *Context, v any, a []any) (any, error) {
		name, err := textArg("name", a[0])
		if err != nil {
			return nil, err
		}
		if m, ok := v.(*Map); ok && !c.tables.isMethod(m, name) {
			return &Undefined{Name: name, owner: v, attr: true}, nil
		}
		return c.attr(v, name, place{})
	}},
}

var formatFilters = []filter{
	{name: "pprint", fn: func(c *Context, v any, _ []any) (any, error) { return pprint(v), nil }},
}
