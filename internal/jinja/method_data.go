package jinja

import (
	"math/big"
	"slices"
	"time"
)

// dictMethods are the methods of dict that do not change it.
var dictMethods = []filter{
	{name: "items", takes: takesLazy, fn: dictItems},
	{name: "keys", takes: takesLazy, fn: func(c *Context, v any, _ []any) (any, error) {
		keys, err := c.iterate(v)
		return slices.Clone(keys), err
	}},
	{name: "values", takes: takesLazy, fn: func(c *Context, v any, _ []any) (any, error) {
		m, err := c.dict(v)
		if err != nil {
			return nil, err
		}
		return append([]any{}, m.vals...), nil
	}},
	{name: "get", params: "key default=none", takes: takesLazy, fn: dictGet},
	{name: "copy", takes: takesLazy, fn: func(c *Context, v any, _ []any) (any, error) {
		m, err := c.dict(v)
		return m.Clone(), err
	}},
	{name: "fromkeys", params: "keys value=none", fn: func(c *Context, _ any, a []any) (any, error) {
		keys, err := c.iterate(a[0])
		m := &Map{}
		for _, k := range keys {
			m.Set(k, a[1])
		}
		return m, err
	}},
}

func dictItems(c *Context, v any, _ []any) (any, error) {
	m, err := c.dict(v)
	if err != nil {
		return nil, err
	}
	out := make([]any, 0, m.Len())
	for k, e := range m.All() {
		e, err := c.resolve(e)
		if err != nil {
			return nil, err
		}
		out = append(out, Tuple{k, e})
	}
	return out, nil
}

func dictGet(c *Context, v any, a []any) (any, error) {
	if err := hashable(a[0]); err != nil {
		return nil, err
	}
	if m, ok := v.(Mapping); ok {
		e, ok, err := m.Lookup(c, a[0])
		if !ok {
			return a[1], err
		}
		return e, err
	}
	if e, ok := v.(*Map).Get(a[0]); ok {
		return e, nil
	}
	return a[1], nil
}

// dictMutators change a dictionary, which the template owns, in place.
var dictMutators = []mutator{
	{name: "update", params: "*args **kwargs", fn: dictUpdate},
	{name: "pop", params: "key *args", fn: dictPop},
	{name: "setdefault", params: "key default=none", fn: func(_ *Context, v any, a []any) (any, any, error) {
		m := v.(*Map)
		if err := hashable(a[0]); err != nil {
			return nil, nil, err
		}
		if e, ok := m.Get(a[0]); ok {
			return e, m, nil
		}
		m.Set(a[0], a[1])
		return a[1], m, nil
	}},
	{name: "popitem", fn: func(_ *Context, v any, _ []any) (any, any, error) {
		m := v.(*Map)
		if m.Len() == 0 {
			return nil, nil, newError("popitem() from an empty dictionary")
		}
		k, e := m.keys[m.Len()-1], m.vals[m.Len()-1]
		m.Delete(k)
		return Tuple{k, e}, m, nil
	}},
	{name: "clear", fn: func(_ *Context, v any, _ []any) (any, any, error) {
		m := v.(*Map)
		m.keys, m.vals, m.index = nil, nil, nil
		return nil, m, nil
	}},
}

func dictUpdate(c *Context, v any, a []any) (any, any, error) {
	m := v.(*Map)
	if args := a[0].([]any); len(args) > 1 {
		return nil, nil, newError("update() takes at most one argument, not %d", len(args))
	} else if len(args) == 1 {
		from, err := c.pairs(args[0])
		if err != nil {
			return nil, nil, err
		}
		for k, e := range from.All() {
			m.Set(k, e)
		}
	}
	if kw, _ := a[1].(*Map); kw != nil {
		for k, e := range kw.All() {
			m.Set(k, e)
		}
	}
	return nil, m, nil
}

// pairs returns the dictionary of a dictionary or of a list of pairs.
func (c *Context) pairs(v any) (*Map, error) {
	v, err := c.resolve(v)
	if err != nil {
		return nil, err
	}
	switch v.(type) {
	case []any, Tuple:
	default:
		if v == "" { // a text is a list of its characters, and none is a pair
			return &Map{}, nil
		}
		return c.dict(v)
	}
	items, _ := c.iterate(v)
	m := &Map{owner: nil}
	for _, item := range items {
		pair, err := c.iterate(item)
		if err != nil || len(pair) != 2 {
			return nil, newError("a dictionary is made of pairs, not of %s", describe(item))
		}
		if err := hashable(pair[0]); err != nil {
			return nil, err
		}
		m.Set(pair[0], pair[1])
	}
	return m, nil
}

func dictPop(_ *Context, v any, a []any) (any, any, error) {
	m := v.(*Map)
	if err := hashable(a[0]); err != nil {
		return nil, nil, err
	}
	if e, ok := m.Get(a[0]); ok {
		m.Delete(a[0])
		return e, m, nil
	}
	if rest := a[1].([]any); len(rest) > 0 {
		return rest[0], m, nil
	}
	return nil, nil, newError("pop(): there is no key %s", Repr(a[0]))
}

// timeMethods are the methods of datetime, durationMethods those of timedelta.
var timeMethods = []filter{
	{name: "strftime", params: "format", fn: func(_ *Context, v any, a []any) (any, error) {
		s, err := textArg("format", a[0])
		if err != nil {
			return nil, err
		}
		return strftime(v.(time.Time), s)
	}},
	{name: "isoformat", params: "sep=T", fn: func(_ *Context, v any, a []any) (any, error) {
		return isoTime(v.(time.Time), Str(a[0])), nil
	}},
	{name: "timestamp", fn: func(_ *Context, v any, _ []any) (any, error) {
		return float64(v.(time.Time).UnixMicro()) / 1e6, nil
	}},
	{name: "date", fn: func(_ *Context, v any, _ []any) (any, error) {
		t := v.(time.Time)
		return t.Format("2006-01-02"), nil
	}},
	{name: "weekday", fn: func(_ *Context, v any, _ []any) (any, error) {
		return (int(v.(time.Time).Weekday()) + 6) % 7, nil
	}},
	{name: "isoweekday", fn: func(_ *Context, v any, _ []any) (any, error) {
		return (int(v.(time.Time).Weekday())+6)%7 + 1, nil
	}},
}

var durationMethods = []filter{
	{name: "total_seconds", fn: func(_ *Context, v any, _ []any) (any, error) {
		return v.(time.Duration).Seconds(), nil
	}},
}

// basicAttr are the attributes of values that are no methods.
func basicAttr(v any, name string) (any, bool) {
	switch x := v.(type) {
	case bool, int, float64, *big.Int:
		return numberAttr(v, name)
	case time.Time:
		n, ok := map[string]int{
			"year": x.Year(), "month": int(x.Month()), "day": x.Day(), "hour": x.Hour(), "minute": x.Minute(),
			"second": x.Second(), "microsecond": x.Nanosecond() / 1000,
		}[name]
		return n, ok
	case time.Duration:
		day := 24 * time.Hour
		days := x / day
		if x%day < 0 {
			days--
		}
		n, ok := map[string]int{
			"days": int(days), "seconds": int((x - days*day) / time.Second),
			"microseconds": int((x - days*day) % time.Second / time.Microsecond),
		}[name]
		return n, ok
	case Tuple: // the groups that groupby yields
		if l, ok := secondList(x); ok && name == "grouper" {
			return x[0], true
		} else if ok && name == "list" {
			return l, true
		}
	}
	return nil, false
}

func secondList(t Tuple) ([]any, bool) {
	if len(t) != 2 {
		return nil, false
	}
	l, ok := t[1].([]any)
	return l, ok
}
