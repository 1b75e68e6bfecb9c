package commands

import (
	"fmt"
	"strings"
	"testing"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
)

// asks is a program that says hello, asks each of its words and repeats the
// answers with < in front.
const asks = `sh -c 'echo hello; for q; do printf "%s? " "$q"; read a; echo "<$a"; done' sh `

func TestExpect(t *testing.T) {
	for _, c := range []struct {
		name, command, more string // the arguments
		rc                  int
		stdout, msg         string // the whole of stdout, lines with |; a part of msg
	}{
		{"one", asks + "name", `"responses":{"name\\?":"web"}`, 0, "hello|name? <web", ""},
		{"newline", asks + "name", `"responses":{"name":"web\n\n"}`, 0, "hello|name? <web", ""},
		{"again", asks + "a b", `"responses":{"[ab]\\?":"x"}`, 0, "hello|a? <x|b? <x", ""},
		{"in turn", asks + "a a", `"responses":{"a\\?":["x",2]}`, 0, "hello|a? <x|a? <2", ""},
		{"used up", asks + "a a", `"responses":{"a\\?":["x"]}`, 137, "hello|a? <x|a?", "No remaining responses for 'a\\?'"},
		{"first asked", asks + "b a", `"responses":{"a\\?":"of a","b\\?":"of b"}`, 0, "hello|b? <of b|a? <of a", ""},
		{"flag", asks + "NAME", `"responses":{"(?i)name":"x"}`, 0, "hello|NAME? <x", ""},
		{"echo", asks + "a", `"responses":{"a\\?":"x"},"echo":true`, 0, "hello|a? x|<x", ""},
		{"terminal", "sh -c 'test -t 0 && test -t 1 && tty </dev/tty >/dev/null && echo yes'", `"responses":{}`, 0, "yes", ""},
		{"code", "sh -c 'echo out; exit 3'", `"responses":{"q":"a"}`, 3, "out", "non-zero return code"},
		{"signal", "sh -c 'kill -9 $$'", `"responses":{"q":"a"}`, 137, "", "non-zero return code"},
		{"slow", "sh -c 'echo one; sleep 60'", `"responses":{"q":"a"},"timeout":0`, 137, "", "command exceeded timeout"},
		{"slow end", "sh -c 'exec </dev/null >/dev/null 2>&1; sleep 600'", `"responses":{"q":"a"},"timeout":1`, 137, "", "non-zero return code"},
		{"endless", asks + "a", `"responses":{"a":"b"},"timeout":null`, 0, "hello|a? <b", ""},
		{"no command", "", `"responses":{"q":"a"}`, 256, "", "no command given"},
		{"bad question", "true", `"responses":{"(":"a"}`, 0, "", "regular expression"},
		{"bad timeout", "true", `"responses":{},"timeout":"soon"`, 0, "", "argument \"timeout\": want a number of seconds, not soon"},
		{"not there", "/no/such/thing", `"responses":{"q":"a"}`, 0, "", "command \"/no/such/thing\" does not exist"},
		{"created", "false", `"responses":{"q":"a"},"creates":"/etc"`, 0, "skipped, since /etc exists", "Did not run"},
		{"removed", "false", `"responses":{"q":"a"},"removes":"/no/such"`, 0, "skipped, since /no/such does not exist", "Did not run"},
		{"folder", "pwd", `"responses":{"q":"a"},"chdir":"/usr"`, 0, "/usr", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := systest.Call(t, &Expect, &sys.Machine{}, fmt.Sprintf(`{"command":%q,%s}`, c.command, c.more))
			said, _ := got["stdout"].(string)
			if said = strings.ReplaceAll(said, "\r\n", "|"); c.name == "slow" {
				said = "" // it may be killed before it has said a word
			}
			msg, _ := got["msg"].(string)
			if rc, _ := got["rc"].(float64); int(rc) != c.rc || strings.TrimSpace(said) != c.stdout || !strings.Contains(msg, c.msg) || c.msg == "" && msg != "" {
				t.Errorf("rc %v, stdout %q, msg %q; want %d, %q, %q", got["rc"], said, msg, c.rc, c.stdout, c.msg)
			}
		})
	}
}

// TestExpectInCheckMode runs nothing.
func TestExpectInCheckMode(t *testing.T) {
	got := systest.Call(t, &Expect, &sys.Machine{Check: true}, `{"command":"/no/such/thing","responses":{"a":"b"}}`)
	if got["skipped"] != true || got["failed"] == true || got["changed"] == true {
		t.Errorf("got %v", got)
	}
}

// TestExpectTellsNoResponse holds every word of a result against the response.
func TestExpectTellsNoResponse(t *testing.T) {
	got := systest.Call(t, &Expect, &sys.Machine{}, `{"command":"sh -c 'printf q; read a; exit 4'","responses":{"q":["s3cretword"]}}`)
	if text := fmt.Sprint(got); strings.Contains(text, "s3cretword") || got["rc"] != 4.0 {
		t.Error(text)
	}
	for _, a := range Expect.Args() {
		if a.Name == "responses" && !a.Secret {
			t.Error("the responses are not given to the secrets")
		}
	}
}
