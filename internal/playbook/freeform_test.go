package playbook

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"reflect"
	"testing"

	"fleet/internal/source"
)

const freeFormFile = "testdata/freeform.json"

// freeFormCase is a text and what Ansible's parse_kv makes of it, with the rest
// under _raw_params; nil where it refuses.
type freeFormCase struct {
	Text string            `json:"text"`
	Raw  bool              `json:"raw,omitempty"`
	Want map[string]string `json:"want"`
}

// askAnsible is a Python program that fills in "want".
const askAnsible = `
import json, sys
from ansible.parsing.splitter import parse_kv
cases = json.load(sys.stdin)
for c in cases:
    try:
        c["want"] = {str(k): v for k, v in parse_kv(c["text"], check_raw=c.get("raw", False)).items()}
    except Exception:
        c["want"] = None
json.dump(cases, sys.stdout, indent=1, ensure_ascii=False)
`

// TestFreeFormMatchesAnsible compares FreeForm with parse_kv (asked with
// FLEET_ORACLE=1, stored with -update).
func TestFreeFormMatchesAnsible(t *testing.T) {
	data, err := os.ReadFile(freeFormFile)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("FLEET_ORACLE") == "1" {
		cmd := exec.Command("/usr/bin/python3", "-c", askAnsible)
		cmd.Stdin = bytes.NewReader(data)
		if data, err = cmd.Output(); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(freeFormFile, append(data, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	var cases []freeFormCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		var got map[string]string
		pairs, rest, err := FreeForm(c.Text, source.Pos{}, c.Raw)
		if err == nil {
			got = map[string]string{}
			for _, kv := range pairs {
				got[kv.Key] = kv.Value
			}
			if rest != "" {
				got["_raw_params"] = rest
			}
		}
		if !reflect.DeepEqual(got, c.Want) {
			t.Errorf("%q raw=%t: got %q, want %q (%v)", c.Text, c.Raw, got, c.Want, err)
		}
	}
}

func TestFreeFormPositions(t *testing.T) {
	pairs, _, err := FreeForm("src=a\n dest=b", source.Pos{File: "p.yml", Line: 3, Col: 9, Indent: 6}, false)
	if err != nil || len(pairs) != 2 {
		t.Fatal(pairs, err)
	}
	if got := pairs[1].Pos.String(); got != "p.yml:4:8" {
		t.Errorf("dest stands at %s", got)
	}
}

func FuzzFreeForm(f *testing.F) {
	f.Add(`a=b c="d e" {{ f }} 'g h' \`, true)
	f.Fuzz(func(t *testing.T, text string, raw bool) {
		pairs, rest, err := FreeForm(text, source.Pos{Line: 1, Col: 1}, raw)
		if err != nil {
			return
		}
		if again, same, err := FreeForm(rest, source.Pos{}, raw); raw && err == nil && len(pairs) == 0 && len(again) == 0 && same != rest {
			t.Logf("%q becomes %q, and %q", text, rest, same)
		}
	})
}
