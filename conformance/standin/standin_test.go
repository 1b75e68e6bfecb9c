package standin

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the stories anew")

// TestStory: what fleet's events look like to a script. The cases are events in
// testdata, with the story beside them; -v in a file's name says more. The
// stories say HERE for this folder, wherever the tree lies.
func TestStory(t *testing.T) {
	files, err := filepath.Glob("testdata/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("ANSIBLE_SHOW_CUSTOM_STATS", "yes")
	for _, file := range files {
		events, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer events.Close()
		var out strings.Builder
		s := story{out: &out, verbose: strings.Count(filepath.Base(file), "v")}
		if err := order(events, s.take); err != nil {
			t.Fatal(err)
		}
		got := strings.ReplaceAll(out.String(), here, "HERE")
		golden := strings.TrimSuffix(file, "jsonl") + "txt"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil || got != string(want) {
			t.Errorf("%s: %v\n%s", file, err, got)
		}
	}
}

func TestVaultCode(t *testing.T) {
	for said, want := range map[string]error{
		"ERROR! fleet vault rekey: --a and --b exclude each other\nhint: give one of them\n": misused,
		"fleet vault view: unknown flag --viev\n":                                            misused,
		"[WARNING]: x\nERROR! there are several vault passwords: a, b\n":                     undecided,
		"ERROR! f: Decryption failed: none of the vault passwords fits\n":                    nil,
	} {
		if got := vaultCode(said); got != want {
			t.Errorf("%q: %v, want %v", said, got, want)
		}
	}
}

func TestParseAdHoc(t *testing.T) {
	a, err := parseAdHoc([]string{"all", "-i", "hosts", "-m", "copy", "-a", "src=a dest=b", "--task-timeout=5", "-b", "-e", "x=1", "-vvvvvv", "-o"})
	if err != nil {
		t.Fatal(err)
	}
	if a.pattern != "all" || a.module != "copy" || a.args != "src=a dest=b" || a.timeout != "5" || !a.oneLine ||
		!slices.Equal(a.rest, []string{"-i", "hosts", "-b", "-e", "x=1", "-vvvv"}) {
		t.Errorf("%+v", a)
	}
	for _, args := range [][]string{{}, {"all", "more"}, {"all", "-m"}} {
		if _, err := parseAdHoc(args); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

func TestDump(t *testing.T) {
	v := jsonText(`{"b": [1, "<é>", []], "a": {}}`)
	if got, want := dump(v, ""), `{"a": {}, "b": [1, "<é>", []]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := dump(v, "  "), "{\n  \"a\": {},\n  \"b\": [\n    1,\n    \"<é>\",\n    []\n  ]\n}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestComplaints: what fleet writes to standard error, however it comes.
func TestComplaints(t *testing.T) {
	var out strings.Builder
	c := &complaints{to: &out}
	for _, part := range []string{"flee", "t: site.yml:3:7: no handler\nhint: look\nwarning: slow\nPassword: ", "fleet: lost", "\n"} {
		if n, err := c.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	want := "ERROR! no handler\n\nThe error appears to be in '" + absolute("site.yml") + "': line 3, column 7\nhint: look\n[WARNING]: slow\nPassword: ERROR! lost\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
