package jinja

import (
	"fmt"
	"math/big"
	"time"
)

// A value is one of: nil, bool, int, *big.Int (where it does not fit into an int),
// float64, string, []any (a list), Tuple, *Map (a dictionary), *Undefined, Lazy, *Func, *Macro, *Namespace, time.Time,
// time.Duration, Mapping, or Omit. Values are shared between hosts and never
// changed in place, except those that a running template made itself.

// Tuple is Python's tuple: a list that prints in parentheses.
type Tuple []any

// Lazy is a value that is computed where it is used. The evaluator resolves it
// wherever it meets it: by name, by attribute, by item, in a loop, in output.
type Lazy interface {
	Resolve(c *Context) (any, error)
}

// Partial is a dictionary as a variable's value of which one entry can be had without
// the others. It must be safe for concurrent use.
type Partial interface {
	Lazy
	Entry(name string) (any, bool)
}

// Mapping is a dictionary whose entries are computed on demand, such as hostvars.
// It must be safe for concurrent use.
type Mapping interface {
	// Lookup returns the entry under key, and false where there is none.
	Lookup(c *Context, key any) (any, bool, error)
	// Keys returns all keys in their order.
	Keys() []any
}

// Func is a value that a template can call.
type Func struct {
	Name string
	Call func(c *Context, a Args) (any, error)
}

// Args are the arguments of a call. Kw is nil where there are none by name.
type Args struct {
	Pos []any
	Kw  *Map
}

type omitType struct{}

// Omit stands for "leave this argument out". A template gets it by the name
// omit, which is the scope's to define; DropOmit removes the entries that hold it.
var Omit any = omitType{}

func (omitType) String() string { return "omit" }

// IsOmit reports whether v is the omit value.
func IsOmit(v any) bool {
	_, ok := v.(omitType)
	return ok
}

// DropOmit returns v without the map entries and list elements that are Omit,
// at any depth. It copies only what it changes.
func DropOmit(v any) any {
	switch v := v.(type) {
	case []any:
		return dropFromList(v)
	case *Map:
		return dropFromMap(v)
	}
	return v
}

func dropFromList(list []any) []any {
	var out []any
	for i, e := range list {
		d := DropOmit(e)
		if IsOmit(e) || !same(d, e) {
			if out == nil {
				out = append(make([]any, 0, len(list)), list[:i]...)
			}
			if IsOmit(e) {
				continue
			}
		}
		if out != nil {
			out = append(out, d)
		}
	}
	if out == nil {
		return list
	}
	return out
}

func dropFromMap(m *Map) *Map {
	var out *Map
	for k, e := range m.All() {
		d := DropOmit(e)
		if !IsOmit(e) && same(d, e) {
			continue
		}
		if out == nil {
			out = m.Clone()
		}
		if IsOmit(e) {
			out.Delete(k)
		} else {
			out.Set(k, d)
		}
	}
	if out == nil {
		return m
	}
	return out
}

// same reports whether a and b are the same object (for lists: the same
// elements in memory), never comparing what Go cannot compare.
func same(a, b any) bool {
	switch x := a.(type) {
	case []any:
		y, ok := b.([]any)
		return ok && sameSlice(x, y)
	case Tuple:
		y, ok := b.(Tuple)
		return ok && sameSlice(x, y)
	case nil, bool, int, float64, string, *big.Int, *Map, *Undefined, *Func, *Macro, *Namespace, omitType, time.Duration:
		return a == b
	case time.Time:
		y, ok := b.(time.Time)
		return ok && x.Equal(y)
	case Mapping:
		y, ok := b.(Mapping)
		return ok && fmt.Sprintf("%p", x) == fmt.Sprintf("%p", y)
	}
	return false
}

func sameSlice(x, y []any) bool {
	return len(x) == len(y) && (len(x) == 0 || &x[0] == &y[0])
}
