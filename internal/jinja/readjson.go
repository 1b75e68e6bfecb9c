package jinja

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxJSONDepth bounds how deep JSON nests.
const maxJSONDepth = 500

// FromJSON reads JSON: ordered maps, integers stay integers. Integers of more
// than 4300 digits become floats.
func FromJSON(data []byte) (any, error) {
	r := &jsonReader{data: data}
	v, err := r.value(0)
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return nil, r.wrong(err)
	}
	return v, nil
}

// FromJSONBut is FromJSON of an object without the object under one key, whose
// values are read when they are asked for: nil where there is none.
func FromJSONBut(data []byte, but string) (*Map, *Object, error) {
	r := &jsonReader{data: data, but: but}
	if r.next() != '{' {
		return nil, nil, r.wrong(errors.New("not a JSON object"))
	}
	m, err := r.object(0)
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return nil, nil, r.wrong(err)
	}
	return m, r.left, nil
}

// jsonReader reads a JSON text, as strictly as encoding/json, in one pass.
type jsonReader struct {
	data  []byte
	at    int
	stack []any  // the members of what is being read: a map or list gets those of its own when it is over
	but   string // a key of the outermost object whose value is not read
	left  *Object
}

var (
	errJSON     = errors.New("not valid JSON") // encoding/json finds the words
	errDeepJSON = errors.New("it nests more than " + fmt.Sprint(maxJSONDepth) + " levels deep")
)

// wrong returns the error for a text that could not be read.
func (r *jsonReader) wrong(err error) error {
	dec := json.NewDecoder(bytes.NewReader(r.data))
	var first json.RawMessage
	switch derr := dec.Decode(&first); {
	case derr == io.EOF:
		err = io.ErrUnexpectedEOF
	case derr != nil:
		err = derr
	case err == errJSON:
		err = fmt.Errorf("there is more behind the value, at byte %d", dec.InputOffset())
	}
	return fmt.Errorf("not valid JSON: %w", err)
}

// next goes to the next byte that is no blank, and returns it: 0 at the end.
func (r *jsonReader) next() byte {
	for ; r.at < len(r.data); r.at++ {
		if c := r.data[r.at]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
	}
	return 0
}

// take goes over a byte that has to come next.
func (r *jsonReader) take(c byte) error {
	if r.next() != c {
		return errJSON
	}
	r.at++
	return nil
}

// end returns an error where there is more.
func (r *jsonReader) end() error {
	if r.next(); r.at < len(r.data) {
		return errJSON
	}
	return nil
}

func (r *jsonReader) value(depth int) (any, error) {
	if depth > maxJSONDepth {
		return nil, errDeepJSON
	}
	switch r.next() {
	case '{':
		return r.object(depth)
	case '[':
		return r.list(depth)
	case '"':
		return r.text()
	case 't':
		return true, r.word("true")
	case 'f':
		return false, r.word("false")
	case 'n':
		return nil, r.word("null")
	}
	digits, err := r.number()
	if err != nil {
		return nil, err
	}
	return jsonNumber(json.Number(digits)), nil
}

func (r *jsonReader) word(w string) error {
	if !bytes.HasPrefix(r.data[r.at:], []byte(w)) {
		return errJSON
	}
	r.at += len(w)
	return nil
}

func (r *jsonReader) object(depth int) (*Map, error) {
	from := len(r.stack)
	err := r.members('}', func() error {
		key, err := r.key()
		if err != nil {
			return err
		}
		if depth == 0 && r.but != "" && key == r.but {
			r.left, err = r.laterObject()
			return err
		}
		v, err := r.value(depth + 1)
		r.stack = append(r.stack, key, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	pairs := r.stack[from:]
	m := newMapFor(len(pairs) / 2)
	for i := 0; i < len(pairs); i += 2 {
		m.Set(pairs[i], pairs[i+1])
	}
	r.stack = r.stack[:from]
	return m, nil
}

func (r *jsonReader) list(depth int) ([]any, error) {
	from := len(r.stack)
	err := r.members(']', func() error {
		v, err := r.value(depth + 1)
		r.stack = append(r.stack, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	list := make([]any, len(r.stack)-from)
	copy(list, r.stack[from:])
	r.stack = r.stack[:from]
	return list, nil
}

// members goes over what is between two brackets, the first of which is here.
func (r *jsonReader) members(end byte, member func() error) error {
	r.at++
	if r.next() == end {
		r.at++
		return nil
	}
	for {
		if err := member(); err != nil {
			return err
		}
		switch r.next() {
		case ',':
			r.at++
		case end:
			r.at++
			return nil
		default:
			return errJSON
		}
	}
}

// key reads a member's key, and goes over the colon.
func (r *jsonReader) key() (string, error) {
	if r.next() != '"' {
		return "", errJSON
	}
	key, err := r.text()
	if err != nil {
		return "", err
	}
	return key, r.take(':')
}

// text reads a string, which begins here.
func (r *jsonReader) text() (string, error) {
	from := r.at
	plain, err := r.quoted()
	if err != nil {
		return "", err
	}
	if inner := r.data[from+1 : r.at-1]; plain && utf8.Valid(inner) {
		return string(inner), nil
	}
	var s string
	err = json.Unmarshal(r.data[from:r.at], &s)
	return s, err
}

// quoted goes over a string, which begins here, and reports whether it has no
// escapes.
func (r *jsonReader) quoted() (plain bool, err error) {
	plain = true
	for r.at++; r.at < len(r.data); r.at++ {
		switch c := r.data[r.at]; {
		case c == '"':
			r.at++
			return plain, nil
		case c < ' ':
			return false, errJSON
		case c == '\\':
			plain = false
			if err := r.escape(); err != nil {
				return false, err
			}
		}
	}
	return false, errJSON
}

// escape goes to the last byte of an escape.
func (r *jsonReader) escape() error {
	if r.at++; r.at >= len(r.data) {
		return errJSON
	}
	switch r.data[r.at] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		for range 4 {
			if r.at++; r.at >= len(r.data) || !isHex(r.data[r.at]) {
				return errJSON
			}
		}
		return nil
	}
	return errJSON
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// number goes over a number, and returns it as it is written.
func (r *jsonReader) number() ([]byte, error) {
	from := r.at
	r.maybe("-")
	if !r.maybe("0") && !r.digits() {
		return nil, errJSON
	}
	if r.maybe(".") && !r.digits() {
		return nil, errJSON
	}
	if r.maybe("eE") {
		r.maybe("+-")
		if !r.digits() {
			return nil, errJSON
		}
	}
	return r.data[from:r.at], nil
}

// maybe goes over a byte if it is one of these.
func (r *jsonReader) maybe(chars string) bool {
	if r.at < len(r.data) && bytes.IndexByte([]byte(chars), r.data[r.at]) >= 0 {
		r.at++
		return true
	}
	return false
}

// digits goes over digits, and reports whether there are any.
func (r *jsonReader) digits() bool {
	from := r.at
	for r.at < len(r.data) && r.data[r.at] >= '0' && r.data[r.at] <= '9' {
		r.at++
	}
	return r.at > from
}

func jsonNumber(n json.Number) any {
	if i, err := strconv.Atoi(string(n)); err == nil {
		return i
	}
	if !strings.ContainsAny(n.String(), ".eE") {
		if i, ok := bigFromText(n.String(), 10); ok {
			return i
		}
	}
	f, _ := n.Float64()
	return f
}
