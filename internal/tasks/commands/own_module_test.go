package commands

import (
	"path/filepath"
	"reflect"
	"testing"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
	"fleet/internal/wire"
)

func TestOwnModule(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	for name, c := range map[string]struct {
		text, args string
		want       map[string]any
	}{
		"reads a file": {`cat "$1"`, `"style":"want_json","interpreter":["/bin/sh","-e"],"arguments":"{\"msg\": \"hi\", \"n\": 12345678901}"`,
			map[string]any{"msg": "hi", "n": 12345678901.0, "changed": false}},
		"reads words": {`. "$1"; echo "{\"changed\": true, \"msg\": \"$word\"}"`, `"style":"old","interpreter":["sh"],"arguments":"word='a b' "`,
			map[string]any{"msg": "a b", "changed": true}},
		"gets no file": {`echo "{\"n\": $#}"`, `"style":"inline","interpreter":["/bin/sh"],"arguments":"{}"`, map[string]any{"n": 0.0}},
		"is executable": {"#!/bin/sh\necho '{\"a\": 1}'", `"style":"binary","arguments":"{}"`,
			map[string]any{"a": 1.0, "failed": nil}},
		"says more": {"echo first\nprintf '%s\\n' '{\"stdout\": \"a\\nb\",'\necho '\"x\": {}}'\necho last", `"style":"old","interpreter":["sh"],"arguments":""`,
			map[string]any{"stdout_lines": []any{"a", "b"}, "warnings": []any{"Module invocation had junk after the JSON data: last"}}},
		"has a code": {`echo '{"rc": 2}'`, `"style":"old","interpreter":["sh"],"arguments":""`, map[string]any{"failed": true, "rc": 2.0}},
		"says nothing": {"echo no >&2; exit 3", `"style":"old","interpreter":["sh"],"arguments":""`,
			map[string]any{"failed": true, "rc": 3.0, "module_stdout": "", "module_stderr": "no\n"}},
		"has no interpreter": {"", `"style":"old","interpreter":["/no/such"],"arguments":""`,
			map[string]any{"failed": true, "msg": "module mine needs /no/such, which this machine does not have"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := &sys.Machine{}
			systest.Offer(m, []wire.File{{Name: "mine.x"}}, map[string][]byte{"mine.x": []byte(c.text)})
			got := systest.Call(t, &OwnModule, m, `{"name":"mine",`+c.args+`}`)
			for key, want := range c.want {
				if !reflect.DeepEqual(got[key], want) {
					t.Errorf("%s is %#v, want %#v", key, got[key], want)
				}
			}
		})
	}
	if left, _ := filepath.Glob(filepath.Join(temp, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
