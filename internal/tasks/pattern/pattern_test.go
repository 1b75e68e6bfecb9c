package pattern

import (
	"strings"
	"testing"
)

func TestCompile(t *testing.T) {
	for _, c := range []struct {
		expr string
		mode Mode
		text string
		want string // the match, or "-"
	}{
		{`^foo\s`, Line, "foo\n", "foo\n"},
		{`^foo$`, Line, "foo\n", "foo\n"},
		{`^foo$`, Line, "foo\nbar", "-"},
		{`^foo$`, MultiLine, "bar\nfoo\nbar", "foo"},
		{`(?m)^foo$`, Line, "bar\nfoo\nbar", "foo"},
		{`a.b`, Line, "a\nb", "-"},
		{`a.b`, DotAll, "a\nb", "a\nb"},
		{`end\Z`, Line, "end", "end"},
		{`x{,2}y`, Line, "xxxy", "xxy"},
		{`x{2}`, Line, "xxxy", "xx"},
		{`{a}`, Line, "{a}", "{a}"},
		{`[]a]+`, Line, "a]b", "a]"},
		{`[^]a]+`, Line, "a]b", "b"},
		{`[[]x`, Line, "[x", "[x"},
		{`[$.]`, Line, "a$", "$"},
		{`\$`, Line, "a$", "$"},
		{`(?P<n>a)(?#comment)b`, Line, "ab", "ab"},
		{`(?i)FOO`, Line, "foo", "foo"},
		{`(?ai)FOO`, Line, "foo", "foo"},
		{`(?u)foo`, Line, "foo", "foo"},
		{`(?i:F)oo`, Line, "foo", "foo"},
		{`\u00e9`, Line, "é", "é"},
		{`\é`, Line, "é", "é"},
		{`\101`, Line, "A", "A"},
		{`[\b]`, Line, "\b", "\b"},
		{`a\ b\-c\/d\<`, Line, "a b-c/d<", "a b-c/d<"},
	} {
		re, err := Compile(c.expr, c.mode)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		got := "-"
		if at := re.FindStringIndex(c.text); at != nil {
			got = c.text[at[0]:at[1]]
		}
		if got != c.want {
			t.Errorf("%s in %q: got %q, want %q", c.expr, c.text, got, c.want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for expr, want := range map[string]string{
		`^(?!#)x`:        `a negative lookahead "(?!" is not supported`,
		`x(?=y)`:         `a lookahead "(?=" is not supported`,
		`(?<=y)x`:        `a lookbehind "(?<=" is not supported`,
		`(?<!y)x`:        `a negative lookbehind "(?<!" is not supported`,
		`(a)\1`:          `the backreference \1 is not supported`,
		`(?P<a>x)(?P=a)`: `a backreference "(?P=" is not supported`,
		`(?x) a`:         `the flag 'x' is not supported`,
		`(?(1)a|b)`:      `a condition "(?(" is not supported`,
		`\Q.\E`:          `the escape \Q is not known`,
		`[a`:             `the set "[a" is not closed`,
		`a\`:             `a backslash stands at the end`,
		`(a`:             `missing closing )`,
		`*a`:             "missing argument to repetition operator",
	} {
		if _, err := Compile(expr, Line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", expr, err, want)
		}
	}
}

func TestTemplate(t *testing.T) {
	for _, c := range []struct{ expr, repl, text, want string }{
		{`(\w+)=(\w+)`, `\2=\1`, "a=b c=d", "b=a d=c"},
		{`(?P<k>\w+)=`, `\g<k>: `, "a=b", "a: b"},
		{`(\w)`, `\g<1>0`, "ab", "a0b0"},
		{`b`, `\g<0>\g<0>`, "abc", "abbc"},
		{`a`, `$1\n\t\\\.`, "a", "$1\n\t\\\\."},
		{`(x)?a`, `[\1]`, "a", "[]"},
		{`a`, `\101\0`, "a", "A\x00"},
		{`a`, ``, "bab", "bb"},
		{`^`, `# `, "a", "# a"},
	} {
		re, err := Compile(c.expr, Line)
		if err != nil {
			t.Fatal(err)
		}
		tmpl, err := NewTemplate(c.repl, re)
		if err != nil {
			t.Errorf("%s: %v", c.repl, err)
			continue
		}
		if got, _ := tmpl.ReplaceAll(re, c.text); got != c.want {
			t.Errorf("%s by %s: got %q, want %q", c.expr, c.repl, got, c.want)
		}
	}
	re, _ := Compile(`(?P<k>a)`, Line)
	for _, repl := range []string{`\2`, `\g<x>`, `\g<9>`, `\g`, `\q`, `\`} {
		if _, err := NewTemplate(repl, re); err == nil {
			t.Errorf("%s was taken", repl)
		}
	}
}

func FuzzPattern(f *testing.F) {
	f.Add(`^(?P<a>[^]x]+)\s{,3}$`, `\1\g<a>\n`)
	f.Fuzz(func(t *testing.T, expr, repl string) {
		re, err := Compile(expr, Line)
		if err != nil {
			return
		}
		if tmpl, err := NewTemplate(repl, re); err == nil {
			tmpl.ReplaceAll(re, "some text\nof two lines")
		}
	})
}
