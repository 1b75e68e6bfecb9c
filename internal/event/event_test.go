package event

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestParseResultTakesTheHintFromTheMessage(t *testing.T) {
	for _, c := range []struct{ data, msg, hint string }{
		{`{"msg":"the port is taken\nhint: publish another port"}`, "the port is taken", "publish another port"},
		{`{"msg":"two lines\nof it\nhint: a: b"}`, "two lines\nof it", "a: b"},
		{`{"msg":"hint: alone"}`, "hint: alone", ""},
		{`{"msg":"a\nhint: b\nc"}`, "a\nhint: b\nc", ""},
		{`{"msg":["a",1]}`, `["a",1]`, ""},
		{`{"msg":"it is taken","hint":"publish another"}`, "it is taken", "publish another"},
		{`{"msg":"it is taken","hint":["a"]}`, "it is taken", ""},
		{`{}`, "", ""},
		{`no JSON`, "", ""},
	} {
		if r := ParseResult(json.RawMessage(c.data)); r.Msg != c.msg || r.Hint != c.hint {
			t.Errorf("%s: message %q, hint %q", c.data, r.Msg, r.Hint)
		}
	}
}

// TestParseResultReadsDiffs takes texts, and mappings of attributes, which are
// shown as the lines that differ.
func TestParseResultReadsDiffs(t *testing.T) {
	for _, c := range []struct {
		data string
		want []Diff
	}{
		{`{"before":"a\n","after":"b\n","before_header":"x"}`, []Diff{{Before: "a\n", After: "b\n", BeforeHeader: "x"}}},
		{`[{"after":"b\n"},{"prepared":"p"}]`, []Diff{{After: "b\n"}, {Prepared: "p"}}},
		{`{"before":{"path":"/x","mode":"0644","uid":1},"after":{"path":"/x","mode":"0600","uid":2}}`,
			[]Diff{{Before: "mode: 0644\nuid: 1\n", After: "mode: 0600\nuid: 2\n", BeforeHeader: "/x", AfterHeader: "/x"}}},
		{`{"before":{"state":"directory","has":{"files":["a","b"],"none":[]}},"after":{"state":"absent"}}`,
			[]Diff{{Before: "has:\n  files:\n    - a\n    - b\n  none:\nstate: directory\n", After: "state: absent\n"}}},
		{`{"before":{"path":"/x"},"after":{"path":"/x"}}`, []Diff{{BeforeHeader: "/x", AfterHeader: "/x"}}},
		{`{"before":7,"after":"b"}`, nil},
		{`"text"`, nil},
	} {
		if r := ParseResult(json.RawMessage(`{"diff":` + c.data + `}`)); !reflect.DeepEqual(r.Diffs, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.data, r.Diffs, c.want)
		}
	}
}
