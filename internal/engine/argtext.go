package engine

import (
	"fleet/internal/jinja"
	"fleet/internal/spec"
)

// writeOut returns the arguments with text in place of the lists and mappings that
// are given where text belongs, as Ansible's modules make it: Python's str() of
// what came as JSON. A template that is one whole expression gives such a value. It
// copies only what it changes: the values may be those of variables.
func writeOut(args []spec.Arg, given *jinja.Map) (*jinja.Map, error) {
	out := given
	for key, v := range given.All() {
		arg, _ := spec.Find(args, jinja.Str(key))
		text, changed, err := written(arg, v)
		if err != nil {
			return nil, err
		}
		if !changed {
			continue
		}
		if out == given {
			out = given.Clone()
		}
		out.Set(key, text)
	}
	return out, nil
}

// written returns the value that an argument takes in place of v, and whether it
// is another one.
func written(arg spec.Arg, v any) (any, bool, error) {
	if t, isTuple := v.(jinja.Tuple); isTuple {
		v = []any(t)
	}
	switch v := v.(type) {
	case *jinja.Map:
		if arg.AsText() {
			text, err := asText(v)
			return text, true, err
		}
		m, err := writeOut(arg.Sub, v)
		return m, m != v, err
	case []any:
		if arg.AsText() {
			text, err := asText(v)
			return text, true, err
		}
		return writtenItems(spec.Arg{Type: arg.Elem, Sub: arg.Sub}, v)
	}
	return v, false, nil
}

func writtenItems(elem spec.Arg, list []any) (any, bool, error) {
	out := list
	for i, v := range list {
		text, changed, err := written(elem, v)
		if err != nil {
			return nil, false, err
		}
		if !changed {
			continue
		}
		if &out[0] == &list[0] {
			out = append([]any(nil), list...)
		}
		out[i] = text
	}
	return out, len(list) > 0 && &out[0] != &list[0], nil
}

func asText(v any) (string, error) {
	data, err := jinja.ToJSON(v)
	if err != nil {
		return "", err
	}
	plain, err := jinja.FromJSON(data)
	return jinja.Str(plain), err
}
