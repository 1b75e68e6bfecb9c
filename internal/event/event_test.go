package event

import (
	"encoding/json"
	"testing"
)

func TestParseResultTakesTheHintFromTheMessage(t *testing.T) {
	for _, c := range []struct{ data, msg, hint string }{
		{`{"msg":"the port is taken\nhint: publish another port"}`, "the port is taken", "publish another port"},
		{`{"msg":"two lines\nof it\nhint: a: b"}`, "two lines\nof it", "a: b"},
		{`{"msg":"hint: alone"}`, "hint: alone", ""},
		{`{"msg":"a\nhint: b\nc"}`, "a\nhint: b\nc", ""},
		{`{"msg":["a",1]}`, `["a",1]`, ""},
		{`{}`, "", ""},
		{`no JSON`, "", ""},
	} {
		if r := ParseResult(json.RawMessage(c.data)); r.Msg != c.msg || r.Hint != c.hint {
			t.Errorf("%s: message %q, hint %q", c.data, r.Msg, r.Hint)
		}
	}
}
