package jinja

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzFromJSON: what is read is what encoding/json reads, in its order.
func FuzzFromJSON(f *testing.F) {
	for _, s := range []string{`{}`, `[]`, ` {"a" : [1, -2.5e3, true,false , null], "b":{"c":"d\n\u00e9\\\""} } `, `"x"`, `1`, `{"a":1,"a":2}`,
		"\"\xff\"", `[[[]]]`, `123456789012345678901234567890`, `{"a":}`, `[1,]`, `1 2`, ``, `"\ud800"`, `0.1`, `tru`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := FromJSON(data)
		if valid := json.Valid(data); valid != (err == nil) {
			if valid && bytes.Count(data, []byte("["))+bytes.Count(data, []byte("{")) > maxJSONDepth {
				return
			}
			t.Fatalf("%q: %v, valid: %v", data, err, valid)
		}
		if err != nil {
			return
		}
		var want any
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		if err := dec.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if !sameJSON(got, want) {
			t.Errorf("%q: got %s, want %v", data, Repr(got), want)
		}
	})
}

// FuzzFromJSONBut: an object without one key, and that key's value.
func FuzzFromJSONBut(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":1}`, `{"x":{"y":[1,"]}"]},"a":2}`, ` {"a":[] , "x" : true } `, `{"x":1}`, `{"x":"\"}"}`, `{"x":1,"x":2,"b":{"x":3}}`, `[1]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, left, err := FromJSONBut(data, "x")
		all, aerr := FromJSON(data)
		whole, isMap := all.(*Map)
		if (err == nil) != (aerr == nil && isMap) {
			if !isMap || aerr != nil {
				return // what is left out is not looked into
			}
			t.Fatalf("%q: %v", data, err)
		}
		if err != nil {
			return
		}
		if x, ok := whole.Get("x"); ok != (left != nil) {
			t.Fatalf("%q: left %q", data, left)
		} else if ok {
			v, err := FromJSON(left)
			if err != nil || Repr(v) != Repr(x) {
				t.Errorf("%q: left %q", data, left)
			}
		}
		whole.Delete("x")
		if Repr(m) != Repr(whole) {
			t.Errorf("%q: got %s, want %s", data, Repr(m), Repr(whole))
		}
	})
}

func sameJSON(got, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		m, ok := got.(*Map)
		if !ok || m.Len() != len(want) {
			return false
		}
		for k, v := range want {
			g, ok := m.Get(k)
			if !ok || !sameJSON(g, v) {
				return false
			}
		}
		return true
	case []any:
		l, ok := got.([]any)
		if !ok || len(l) != len(want) {
			return false
		}
		for i := range l {
			if !sameJSON(l[i], want[i]) {
				return false
			}
		}
		return true
	case json.Number:
		return Repr(got) == Repr(jsonNumber(want))
	}
	return got == want
}
