package jinja

import (
	"bytes"
	"encoding/json"
	"slices"
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

// FuzzFromJSONBut: an object without one key, and the entries of the object there.
func FuzzFromJSONBut(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":1}`, `{"x":{"y":[1,"]}"]},"a":2}`, ` {"a":[] , "x" : true } `, `{"x":{}}`, `{"x":"\"}"}`, `{"x":{"b":1,"a":{"c":null},"b":-2.5e3}}`,
		`{"x":{"a":1},"x":{"c":2},"b":{"x":3}}`, `[1]`, `{"x":{"\u0061\n":tru}}`, `{"x":{"a":01}}`, `{"x":{"a":"\ud800"},}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, left, err := FromJSONBut(data, "x")
		all, aerr := FromJSON(data)
		whole, isMap := all.(*Map)
		if wants := aerr == nil && isMap; (err == nil) != wants {
			t.Fatalf("%q: %v, wants one: %v", data, err, !wants)
		}
		if err != nil {
			return
		}
		x, _ := whole.Get("x")
		fields, isMap := x.(*Map)
		if isMap != (left != nil) || fields.Len() != len(left.Names()) || !slices.IsSorted(left.Names()) {
			t.Fatalf("%q: left %q", data, left.Names())
		}
		for k, want := range fields.All() {
			if v, ok := left.Lookup(k.(string)); !ok || Repr(v) != Repr(want) {
				t.Errorf("%q: %s is %v", data, k, v)
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
