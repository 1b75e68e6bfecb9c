package wire

import "testing"

// TestDecodeResult: data are taken as they are, and whoever reads them sees what is
// no JSON; a result with anything else is decoded strictly.
func TestDecodeResult(t *testing.T) {
	for payload, want := range map[string]Result{
		`{"data":{"changed":true}}`: {Data: []byte(`{"changed":true}`)},
		`{"data":{"a":1},"x":2}`:    {Data: []byte(`{"a":1},"x":2`)},
		`{"not_run":true}`:          {NotRun: true},
		`{}`:                        {},
	} {
		r, err := DecodeResult([]byte(payload))
		if err != nil || string(r.Data) != string(want.Data) || r.NotRun != want.NotRun || r.NotHere {
			t.Errorf("%s: %+v, %v", payload, r, err)
		}
	}
	for _, payload := range []string{"", `{"not_run":1}`, `{"x":1}`, `{"not_run":true} {}`} {
		if r, err := DecodeResult([]byte(payload)); err == nil {
			t.Errorf("%s: %+v", payload, r)
		}
	}
}
