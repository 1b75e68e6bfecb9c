package pattern

import (
	"slices"
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
		{`b`, AtStart, "ab", "-"},
		{`b|ab`, AtStart, "ab", "ab"},
		// What is not searched in linear time.
		{`^(?!#)\w+$`, MultiLine, "#a\nb\n", "b"},
		{`x(?=y)`, Line, "xzxy", "x"},
		{`(?<=y)x+`, Line, "xyxx", "xx"},
		{`(?<!y)x`, Line, "yx x", "x"},
		{`(a|b)\1`, Line, "abba", "bb"},
		{`(?P<q>['"]).*?(?P=q)`, Line, `say "it's" now`, `"it's"`},
		{`(?x) a  b # both`, Line, "a ab", "ab"},
		{`(<)?a(?(1)>|$)`, Line, "<a a> <a>", "<a>"},
		{`a.(?=c)`, DotAll, "a\nc", "a\n"},
		{`(?=b).`, AtStart, "ab", "-"},
		{`(?>a+)b`, Line, "aab", "aab"},
	} {
		re, err := Compile(c.expr, c.mode)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		got := "-"
		at, err := re.Find(c.text)
		if at != nil {
			got = c.text[at[0]:at[1]]
		}
		if matches, merr := re.Match(c.text); err != nil || merr != nil || matches != (at != nil) {
			t.Errorf("%s in %q: Match %v, errors %v, %v", c.expr, c.text, matches, err, merr)
		}
		if got != c.want {
			t.Errorf("%s in %q: got %q, want %q", c.expr, c.text, got, c.want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for expr, want := range map[string]string{
		`(?<=y*)x`: "look-behind",
		`\Q.\E`:    `bad escape \Q`,
		`[a`:       "unterminated character set",
		`a\`:       "bad escape",
		`(a`:       "missing )",
		`*a`:       "nothing to repeat",
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
		{`x*`, `-`, "abxd", "-a-b--d-"},
		{`(?P<l>\w)(?P=l)`, `<\g<l>>`, "aabcc", "<a>b<c>"},
		{`(?<=a)b`, `\g<0>!`, "abb", "ab!b"},
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
		if got, _, err := tmpl.ReplaceAll(re, c.text); got != c.want || err != nil {
			t.Errorf("%s by %s: got %q, %v, want %q", c.expr, c.repl, got, err, c.want)
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
			_, _, _ = tmpl.ReplaceAll(re, "some text\nof two lines") // an expression may take too long
		}
	})
}

// TestTooLong has an expression that takes too many steps be an error that names it.
func TestTooLong(t *testing.T) {
	re, err := Compile(`(?=x)(x+x+)+y`, Line)
	if err != nil {
		t.Fatal(err)
	}
	_, err = re.Find(strings.Repeat("x", 40))
	if err == nil || !strings.Contains(err.Error(), "takes too long") || !strings.Contains(err.Error(), "(x+x+)+y") {
		t.Errorf("got %v", err)
	}
}

func TestGroups(t *testing.T) {
	for _, expr := range []string{`(a)(?P<n>b)`, `(a)(?P<n>b)(?=c)`} {
		re, err := Compile(expr, Line)
		if err != nil {
			t.Fatal(err)
		}
		n, known := re.Group("n")
		if _, other := re.Group("m"); re.Groups() != 2 || n != 2 || !known || other || !slices.Equal(re.Names(), []string{"", "", "n"}) {
			t.Errorf("%s: %d groups, n is %d, names %q", expr, re.Groups(), n, re.Names())
		}
		at, err := re.FindIn(strings.NewReader("xabc"))
		if err != nil || !slices.Equal(at, []int{1, 3, 1, 2, 2, 3}) {
			t.Errorf("%s in a stream: %v, %v", expr, at, err)
		}
	}
}
