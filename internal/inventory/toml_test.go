package inventory

import (
	"strings"
	"testing"
)

// TestTOML: values and their types, keys, and where mistakes stand.
func TestTOML(t *testing.T) {
	for text, want := range map[string]string{
		"a = 1\nb = \"x\\ty\\u00e9\" # c\n'c d'.e = 'l\\n'":                                     `{"a":1,"b":"x\tyé","c d":{"e":"l\\n"}}`,
		"[g.hosts]\nw1 = {p = 0x10, f = 1e3, t = true}\n[g]\nc = [\n 'a', # x\n]":               `{"g":{"c":["a"],"hosts":{"w1":{"f":1000,"p":16,"t":true}}}}`,
		"s = \"\"\"\na \\\n   b\"\"\"\"\nl = '''x\n'y'''\nd = 2024-01-02T03:04:05Z\nn = -1_000": `{"d":"2024-01-02T03:04:05Z","l":"x\n'y","n":-1000,"s":"a b\""}`,
		"a = x":             `f.toml:1:5: not valid TOML: "x" is no value: a text stands in quotes`,
		"a = 1\na = 2":      `f.toml:2:4: not valid TOML: the key "a" stands twice`,
		"[a\nb=1":           `f.toml:1:3: not valid TOML: a table's name ends with "]"`,
		"a = [1 2]":         `f.toml:1:8: not valid TOML: the list has no end "]", or no comma here`,
		"a = \"x":           `f.toml:1:7: not valid TOML: the text has no end "`,
		"a = \"\\q\"":       `f.toml:1:6: not valid TOML: unknown escape behind the backslash`,
		"a = 1 b = 2":       `f.toml:1:7: not valid TOML: unexpected "b"`,
		"[[a]]":             `f.toml:1:2: not valid TOML: an inventory has no arrays of tables`,
		"a = {b = 1\nc = 2": `f.toml:1:11: not valid TOML: the table has no end "}" on its line, or no comma here`,
		"a = 1\n[a.b]":      `f.toml:2:6: not valid TOML: "a" is no table`,
	} {
		r := &reader{file: "f.toml", inv: newInventory()}
		p := &tomlReader{text: text}
		p.start.File, p.start.Line, p.start.Col = "f.toml", 1, 1
		root, err := p.document()
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = flat(plain(r.inFile(root)))
		}
		if got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func FuzzTOML(f *testing.F) {
	f.Add("[a.hosts]\nb = {c = [1, 'x'], d = \"\"\"\\u00e9\"\"\"}\n[a]\nchildren = ['e']")
	f.Fuzz(func(_ *testing.T, text string) {
		r := &reader{inv: newInventory(), file: "f"}
		r.toml(strings.ToValidUTF8(text, ""))
		r.inv.settle()
		tree(r.inv)
	})
}
