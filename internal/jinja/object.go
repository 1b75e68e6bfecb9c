package jinja

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
)

// Object is a JSON object whose values are read when they are asked for: a host
// tells some hundred facts, of which most plays want few. It is a Scope that may be
// asked from several goroutines. A nil Object is empty.
type Object struct {
	text   string  // of valid JSON
	fields []field // sorted by name

	mu   sync.Mutex
	read map[string]any // the values that were asked for
}

// field is where a value is in the text.
type field struct {
	name     string
	from, to int32
}

// laterObject goes over an object that is to be read later, or over another value,
// which is none.
func (r *jsonReader) laterObject() (*Object, error) {
	if r.next() != '{' {
		return nil, r.over(1)
	}
	begin := r.at
	o := &Object{}
	var fields []field
	var names []int // where the fields' names begin
	err := r.members('}', func() error {
		r.next()
		names = append(names, r.at-begin)
		name, err := r.key()
		if err != nil {
			return err
		}
		r.next()
		from := r.at
		err = r.over(2)
		fields = append(fields, field{name, int32(from - begin), int32(r.at - begin)})
		return err
	})
	if err != nil {
		return nil, err
	}
	if r.at-begin > math.MaxInt32 {
		return nil, errors.New("it has more than 2 GiB")
	}
	o.text = string(r.data[begin:r.at])
	for i, at := range names {
		if f := &fields[i]; strings.HasPrefix(o.text[at+1:], f.name) {
			f.name = o.text[at+1 : at+1+len(f.name)] // which keeps no memory of its own
		}
	}
	o.fields = slices.Clone(byName(fields))
	return o, nil
}

// byName returns the fields in the order of their names. Of those that have the
// same one, the last counts.
func byName(fields []field) []field {
	slices.Reverse(fields)
	slices.SortStableFunc(fields, func(a, b field) int { return cmp.Compare(a.name, b.name) })
	return slices.CompactFunc(fields, func(a, b field) bool { return a.name == b.name })
}

// over goes over a value.
func (r *jsonReader) over(depth int) error {
	if depth > maxJSONDepth {
		return errDeepJSON
	}
	var err error
	switch r.next() {
	case '{':
		return r.members('}', func() error {
			if r.next() != '"' {
				return errJSON
			}
			if _, err := r.quoted(); err != nil {
				return err
			}
			if err := r.take(':'); err != nil {
				return err
			}
			return r.over(depth + 1)
		})
	case '[':
		return r.members(']', func() error { return r.over(depth + 1) })
	case '"':
		_, err = r.quoted()
	case 't':
		err = r.word("true")
	case 'f':
		err = r.word("false")
	case 'n':
		err = r.word("null")
	default:
		_, err = r.number()
	}
	return err
}

// Lookup returns the value under a key.
func (o *Object) Lookup(name string) (any, bool) {
	if o == nil {
		return nil, false
	}
	i, found := slices.BinarySearchFunc(o.fields, name, func(f field, name string) int { return cmp.Compare(f.name, name) })
	if !found {
		return nil, false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	v, known := o.read[name]
	if !known {
		f := o.fields[i]
		v, _ = (&jsonReader{data: []byte(o.text[f.from:f.to])}).value(2) // it is valid
		if o.read == nil {
			o.read = map[string]any{}
		}
		o.read[name] = v
	}
	return v, true
}

// Names returns the keys, sorted.
func (o *Object) Names() []string {
	if o == nil {
		return nil
	}
	names := make([]string, len(o.fields))
	for i, f := range o.fields {
		names[i] = f.name
	}
	return names
}
