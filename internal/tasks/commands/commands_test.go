package commands

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
	"fleet/internal/wire"
)

func TestCommandsRun(t *testing.T) {
	env := map[string]string{"GREETING": "hi all", "EMPTY": ""}
	dir := t.TempDir()
	for name, c := range map[string]struct {
		mod  *sys.Module
		args string
		want map[string]any
	}{
		"words": {&Command, `{"cmd":"printf '%s-' a 'b c' | d"}`,
			map[string]any{"rc": 0.0, "stdout": "a-b c-|-d-", "changed": true, "cmd": []any{"printf", "%s-", "a", "b c", "|", "d"}}},
		"variables": {&Command, `{"argv":["echo","$GREETING","${GREETING}!","$UNSET_XY","$","$EMPTY."]}`,
			map[string]any{"stdout": "hi all hi all! $UNSET_XY $ ."}},
		"variables kept": {&Command, `{"argv":["echo","$GREETING"],"expand_argument_vars":false}`,
			map[string]any{"stdout": "$GREETING"}},
		"lines": {&Shell, `{"cmd":"printf 'a\\n\\nb\\n\\n'; echo e >&2"}`,
			map[string]any{"stdout": "a\n\nb", "stdout_lines": []any{"a", "", "b"}, "stderr_lines": []any{"e"}}},
		"ends kept": {&Shell, `{"cmd":"echo; echo","strip_empty_ends":false}`,
			map[string]any{"stdout": "\n\n", "stdout_lines": []any{"", ""}}},
		"exit code": {&Shell, `{"cmd":"echo no; exit 3"}`,
			map[string]any{"rc": 3.0, "failed": true, "msg": "non-zero return code", "stdout": "no", "changed": true}},
		"signal": {&Shell, `{"cmd":"kill -9 $$"}`, map[string]any{"rc": 137.0, "failed": true}},
		"stdin":  {&Command, `{"cmd":"cat","stdin":"a"}`, map[string]any{"stdout": "a"}},
		"stdin lines": {&Command, `{"cmd":"wc -l","stdin":"a"}`,
			map[string]any{"stdout": "1"}},
		"no newline":  {&Command, `{"cmd":"wc -l","stdin":"a","stdin_add_newline":false}`, map[string]any{"stdout": "0"}},
		"no stdin":    {&Command, `{"cmd":"cat"}`, map[string]any{"stdout": ""}},
		"environment": {&Shell, `{"cmd":"echo $GREETING"}`, map[string]any{"stdout": "hi all", "cmd": "echo $GREETING"}},
		"chdir":       {&Command, `{"cmd":"pwd","chdir":"` + dir + `"}`, map[string]any{"stdout": dir}},
		"chdir gone":  {&Command, `{"cmd":"pwd","chdir":"/nowhere/x"}`, map[string]any{"failed": true, "msg": `Unable to change directory before execution: chdir "/nowhere/x": the folder does not exist`}},
		"shell":       {&Shell, `{"cmd":"echo $0","executable":"/bin/bash"}`, map[string]any{"stdout": "/bin/bash"}},
		"unknown":     {&Command, `{"cmd":"no-such-command-xy -l"}`, map[string]any{"failed": true, "rc": 2.0}},
		"not there":   {&Command, `{"cmd":"/no/such -l"}`, map[string]any{"failed": true, "msg": `command "/no/such" does not exist`}},
		"a folder":    {&Command, `{"cmd":"/etc"}`, map[string]any{"failed": true, "msg": `command "/etc" is a folder`}},
		"empty":       {&Command, `{"cmd":"  "}`, map[string]any{"failed": true, "msg": "no command given"}},
		"quote":       {&Command, `{"cmd":"echo 'a"}`, map[string]any{"failed": true, "msg": `command "echo 'a": a single quote is not closed`}},
		"neither":     {&Command, `{}`, map[string]any{"failed": true, "msg": "no command given", "rc": 256.0}},
		"both":        {&Command, `{"cmd":"a","argv":["a"]}`, map[string]any{"failed": true, "msg": "only command or argv can be given, not both"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := systest.Call(t, c.mod, &sys.Machine{Env: env}, c.args)
			for key, want := range c.want {
				if !reflect.DeepEqual(got[key], want) {
					t.Errorf("%s is %#v, want %#v", key, got[key], want)
				}
			}
		})
	}
}

func TestCreatesAndRemovesDecide(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "there[1]"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args         string
		check        bool
		changed, ran bool
		skipped      bool
	}{
		"creates there":         {`{"cmd":"touch ran","creates":"/there*"}`, false, false, false, false},
		"creates literally":     {`{"cmd":"touch ran","creates":"/there[1]"}`, false, false, false, false},
		"creates missing":       {`{"cmd":"touch ran","creates":"/gone"}`, false, true, true, false},
		"creates, relative":     {`{"cmd":"touch ran","creates":"there[1]"}`, false, false, false, false},
		"removes there":         {`{"cmd":"touch ran","removes":"/there*"}`, false, true, true, false},
		"removes missing":       {`{"cmd":"touch ran","removes":"/gone"}`, false, false, false, false},
		"check":                 {`{"cmd":"touch ran"}`, true, false, false, true},
		"check creates there":   {`{"cmd":"touch ran","creates":"/there*"}`, true, false, false, false},
		"check creates missing": {`{"cmd":"touch ran","creates":"/gone"}`, true, true, false, false},
	} {
		for _, mod := range []*sys.Module{&Command, &Shell} {
			t.Run(mod.Name+" "+name, func(t *testing.T) {
				args := c.args[:len(c.args)-1] + `,"chdir":"/"}`
				got := systest.Call(t, mod, &sys.Machine{Root: root, Check: c.check}, args)
				ran := os.Remove(filepath.Join(root, "ran")) == nil
				if got["changed"] != c.changed || ran != c.ran || (got["skipped"] == true) != c.skipped {
					t.Errorf("ran %v, result %v", ran, got)
				}
			})
		}
	}
}

func TestScriptRuns(t *testing.T) {
	text := []byte("#!/bin/sh\necho \"$0|$1|$2\"; exit $3\n")
	for name, c := range map[string]struct {
		args   string
		stdout string
		opened int
		rc     float64
	}{
		"arguments":  {`{"cmd":"'my scripts/a b.sh' 'x y' $HOME_XY z 0"}`, "x y|z", 1, 0},
		"executable": {`{"cmd":"a.sh 1 2 4","executable":"sh -u"}`, "1|2", 1, 4},
	} {
		t.Run(name, func(t *testing.T) {
			m := &sys.Machine{}
			ctl := systest.Offer(m, []wire.File{{Name: "a b.sh"}}, map[string][]byte{"a b.sh": text})
			got := systest.Call(t, &Script, m, c.args)
			_, out, _ := cut(got["stdout"].(string))
			if out != c.stdout || len(ctl.Opened) != c.opened || got["rc"] != c.rc {
				t.Errorf("got %v, opened %v", got, ctl.Opened)
			}
		})
	}
}

func TestScriptIsSkipped(t *testing.T) {
	for name, args := range map[string]string{
		"creates": `{"cmd":"a.sh","creates":"/etc"}`,
		"removes": `{"cmd":"a.sh","removes":"/no/such"}`,
	} {
		m := &sys.Machine{}
		ctl := systest.Offer(m, []wire.File{{Name: "a.sh"}}, map[string][]byte{"a.sh": []byte("exit 1")})
		got := systest.Call(t, &Script, m, args)
		if got["skipped"] != true || got["msg"] == "" || len(ctl.Opened) != 0 {
			t.Errorf("%s: got %v, opened %v", name, got, ctl.Opened)
		}
	}
}

// cut takes the script's own temporary path from its output.
func cut(s string) (path, rest string, ok bool) {
	for i := range s {
		if s[i] == '|' && s[0] == '/' {
			return s[:i], s[i+1:], true
		}
	}
	return "", s, false
}

func TestTimeoutEndsTheCommand(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	Shell.Run(ctx, &sys.Machine{}, []byte(`{"cmd":"sleep 30; echo late"}`))
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestDelta(t *testing.T) {
	for d, want := range map[time.Duration]string{
		1500 * time.Microsecond:           "0:00:00.001500",
		time.Hour + 62*time.Second:        "1:01:02.000000",
		25 * time.Hour:                    "1 day, 1:00:00.000000",
		49*time.Hour + 3*time.Microsecond: "2 days, 1:00:00.000003",
	} {
		if got := delta(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}
