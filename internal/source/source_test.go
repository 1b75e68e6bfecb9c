package source

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func parseOne(t *testing.T, text string) Node {
	t.Helper()
	docs, err := ParseYAML("f.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(docs) != 1 {
		t.Fatalf("%d documents, want 1", len(docs))
	}
	return docs[0]
}

func TestScalarResolvesAsPyYAML(t *testing.T) {
	for text, want := range map[string]any{
		"yes": true, "off": false, "~": nil, "0644": 420, "1e3": "1e3", "1.5": 1.5, "12:30": "12:30",
		"'yes'": "yes", "0x1F": 31, "1_000": 1000, "0o14": "0o14", "!!str 5": "5", "!unsafe a": "a", "-7": -7,
		"2024-01-01": "2024-01-01", "99999999999999999999": "99999999999999999999", "08": "08",
	} {
		if got := Scalar(parseOne(t, text)); got != want {
			t.Errorf("%s: got %#v, want %#v", text, got, want)
		}
	}
}

func TestPositions(t *testing.T) {
	n := parseOne(t, "a:\n  b: \"{{ x }}\"\n  c: |\n    one\n    {{ two }}\n")
	a := n.Get("a")
	if got := a.Get("b").TextPos().String(); got != "f.yml:2:7" {
		t.Errorf("quoted text starts at %s", got)
	}
	c := a.Get("c")
	if got := c.TextPos().At(c.Text(), strings.Index(c.Text(), "two")).String(); got != "f.yml:5:8" {
		t.Errorf("two stands at %s", got)
	}
}

func TestYAMLErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\na: 2\n":                  `f.yml:2:1: found a duplicate dict key (a)`,
		"a: b: c\n":                     `f.yml:1:5: not valid YAML: mapping values are not allowed in this context`,
		"a: 1\nb: [x, {y: \"}\"]\nc:\n": `f.yml:2:8: not valid YAML: "{" is never closed`,
		"a: {\n  b: 'x }'\n":            `f.yml:1:4: not valid YAML: "{" is never closed`,
		"a:\n\t- b\n":                   `f.yml:2:2: not valid YAML: found character that cannot start any token`,
		"a:\n  b: caf\xe9\n":            `f.yml:2:9: not valid YAML: the byte 0xe9 is not UTF-8`,
		"a: '\\d'\nb: \"\\t\\d\"\n":     `f.yml:2:7: not valid YAML: found unknown escape character \d`,
		"a:\n  b: \"c\" == d\n":         `f.yml:2:10: not valid YAML: text behind the closing quote`,
		"a: |\n  \"b\" c\nd: 'e' f\n":   `f.yml:3:8: not valid YAML: text behind the closing quote`,
		"- a: 1\n  b:\n\u00a0 - c:\n":   `f.yml:3:1: not valid YAML: the character '\u00a0' is no space, though it looks like one`,
		"a: 1\nb: {f: “g, h}”}\n":       `f.yml:2:8: not valid YAML: the quote “ is none of YAML's`,
		"a: */5\n":                      `f.yml:1:4: not valid YAML: did not find expected alphabetic or numeric character: a bare * means an anchor`,
		"a: x\x00\n":                    `f.yml:1:5: not valid YAML: the control character U+0000 is not allowed`,
		"a: {{ x }}\n":                  `f.yml:1:5: a key must be a plain value, not a mapping`,
		"a: &x [*x]\n":                  `f.yml:1:8: the anchor "x" contains itself`,
		"a: &x 1\n<<: *x\nb: 2":         `f.yml:1:4: << merges mappings, not a value`,
	} {
		_, err := ParseYAML("f.yml", []byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// TestEscapedSlash: "\/" in double quotes is a slash, and stands for itself elsewhere.
func TestEscapedSlash(t *testing.T) {
	for text, want := range map[string]string{
		`a: "x\/y"`:                        `x/y`,
		`{"a": "x\/y\\\/z\/", "b": 1}`:     `x/y\/z/`,
		`{a: "1\/2", b: ['\/', "\/"]}`:     `1/2`,
		`{b: ['\/', "\/"], a: '1\/2'}`:     `1\/2`,
		`{b: "\/", a: x\/y}`:               `x\/y`,
		"b: \"1\n \\/ 2\"\na: \"\\/\"\n":   `/`,
		"b: |\n \"\\/\"\na: \"\\\\\\/\"\n": `\/`,
	} {
		if got := parseOne(t, text).Get("a").Text(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if _, err := ParseYAML("f", []byte(`{a: "\/", b: "\q"}`)); err == nil {
		t.Error(`"\q" is taken`)
	}
}

func TestDuplicates(t *testing.T) {
	var said []string
	docs, err := Files{Duplicate: func(e *Error) error { said = append(said, e.Error()); return nil }}.Parse("f", []byte("a: 1\nb: 2\na: 3\n"))
	if err != nil || len(said) != 1 || said[0] != "f:3:1: found a duplicate dict key (a)" {
		t.Fatal(err, said)
	}
	if got := docs[0].Get("a").Text(); got != "3" || len(docs[0].Pairs()) != 2 {
		t.Errorf("a=%s", got)
	}
}

// TestUnsafe: the tag of a list or mapping is that of each text in it.
func TestUnsafe(t *testing.T) {
	n := parseOne(t, "a: !unsafe {k: ['{{ x }}', 1, {d: '{{ y }}'}], n: 5}\n").Get("a")
	if err := n.readable(); err != nil {
		t.Fatal(err)
	}
	list := n.Get("k").Items()
	if list[0].Tag != "!unsafe" || list[2].Get("d").Tag != "!unsafe" || Scalar(list[1]) != 1 || Scalar(n.Get("n")) != 5 {
		t.Errorf("%v %v %v %v", list[0].Tag, list[2].Get("d").Tag, Scalar(list[1]), Scalar(n.Get("n")))
	}
}

func TestJSONErrors(t *testing.T) {
	_, err := ParseYAML("f.json", []byte("{\n  \"a\": 1}}\n"))
	if want := "f.json:2:10: not valid JSON: invalid character '}' after top-level value"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestMergeKeepsOwnKeys(t *testing.T) {
	n := parseOne(t, "base: &b {x: 1, y: 2}\nown:\n  <<: *b\n  x: 3\n")
	own := n.Get("own")
	if x, y := own.Get("x").Text(), own.Get("y").Text(); x != "3" || y != "2" {
		t.Errorf("x=%s y=%s", x, y)
	}
}

func FuzzParseYAML(f *testing.F) {
	f.Add("a: &x {b: [1, *x]}\n<<: *x")
	f.Fuzz(func(t *testing.T, text string) {
		docs, err := ParseYAML("f", []byte(text))
		if err == nil {
			for _, d := range docs {
				d.TextPos()
			}
		}
	})
}

// TestOpenOfAVault says in Ansible's words that a file to be sent is encrypted.
func TestOpenOfAVault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("$ANSIBLE_VAULT;1.1;AES256\n3132\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Files{}.Open(path)
	var e *Error
	if !errors.As(err, &e) || e.Msg != "A vault password or secret must be specified to decrypt "+path || e.Hint != VaultHint {
		t.Errorf("got %v", err)
	}
}

// What never ends is given up, and what has no size is read like any file.
func TestReadFile(t *testing.T) {
	if _, err := ReadFile("/dev/zero"); err == nil || !strings.Contains(err.Error(), "it is no regular file, and holds more than 64 MiB") {
		t.Errorf("/dev/zero: %v", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteString("a: 1"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if data, err := ReadFile(fmt.Sprintf("/proc/self/fd/%d", r.Fd())); err != nil || string(data) != "a: 1" {
		t.Errorf("a pipe: %q, %v", data, err)
	}
}
