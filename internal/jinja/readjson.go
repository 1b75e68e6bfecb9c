package jinja

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// jsonReader reads a JSON text that is known to be valid.
type jsonReader struct {
	data []byte
	at   int
	but  string // a key of the outermost object whose value is left as it is
	left []byte
}

var errDeepJSON = errors.New("it nests more than " + fmt.Sprint(maxJSONDepth) + " levels deep")

// skip goes to the next byte that is no blank.
func (r *jsonReader) skip() byte {
	for r.data[r.at] == ' ' || r.data[r.at] == '\n' || r.data[r.at] == '\t' || r.data[r.at] == '\r' {
		r.at++
	}
	return r.data[r.at]
}

// FromJSONBut is FromJSON of an object without the value under one key, which is
// returned as it is written: nil where there is none. It shares data's memory.
func FromJSONBut(data []byte, but string) (*Map, []byte, error) {
	if err := validJSON(data); err != nil {
		return nil, nil, fmt.Errorf("not valid JSON: %w", err)
	}
	r := &jsonReader{data: data}
	if r.skip() != '{' {
		return nil, nil, errors.New("not a JSON object")
	}
	r.but = but
	v, err := r.object(0)
	if err != nil {
		return nil, nil, fmt.Errorf("not valid JSON: %w", err)
	}
	return v.(*Map), r.left, nil
}

// over goes over a value.
func (r *jsonReader) over() []byte {
	r.skip()
	from, depth := r.at, 0
	for {
		switch r.data[r.at] {
		case '"':
			r.quoted()
			if depth == 0 {
				return r.data[from:r.at]
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 { // behind a number or a word
				return r.data[from:r.at]
			}
			if depth == 0 {
				r.at++
				return r.data[from:r.at]
			}
		case ',':
			if depth == 0 {
				return r.data[from:r.at]
			}
		}
		r.at++
	}
}

func (r *jsonReader) value(depth int) (any, error) {
	if depth > maxJSONDepth {
		return nil, errDeepJSON
	}
	switch c := r.skip(); c {
	case '{':
		return r.object(depth)
	case '[':
		return r.list(depth)
	case '"':
		return r.text(), nil
	case 't':
		r.at += len("true")
		return true, nil
	case 'f':
		r.at += len("false")
		return false, nil
	case 'n':
		r.at += len("null")
		return nil, nil
	}
	return r.number(), nil
}

func (r *jsonReader) object(depth int) (any, error) {
	m := &Map{}
	for r.at++; r.skip() != '}'; {
		if r.data[r.at] == ',' {
			r.at++
			r.skip()
		}
		key := r.text()
		r.skip()
		r.at++ // the colon
		if depth == 0 && r.but != "" && key == r.but {
			r.left = r.over()
			continue
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		m.Set(key, v)
	}
	r.at++
	return m, nil
}

func (r *jsonReader) list(depth int) (any, error) {
	list := []any{}
	for r.at++; r.skip() != ']'; {
		if r.data[r.at] == ',' {
			r.at++
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	r.at++
	return list, nil
}

// text reads a string, which begins here.
func (r *jsonReader) text() string {
	quoted, plain := r.quoted()
	if inner := quoted[1 : len(quoted)-1]; plain && utf8.Valid(inner) {
		return string(inner)
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // it is valid
	return s
}

// quoted goes over a string, and reports whether it has no escapes.
func (r *jsonReader) quoted() (quoted []byte, plain bool) {
	from := r.at
	r.at++
	plain = true
	for r.data[r.at] != '"' {
		if r.data[r.at] == '\\' {
			plain = false
			r.at++
		}
		r.at++
	}
	r.at++
	return r.data[from:r.at], plain
}

func (r *jsonReader) number() any {
	from := r.at
	for r.at < len(r.data) && r.data[r.at] > ' ' && r.data[r.at] != ',' && r.data[r.at] != ']' && r.data[r.at] != '}' {
		r.at++
	}
	return jsonNumber(json.Number(r.data[from:r.at]))
}
