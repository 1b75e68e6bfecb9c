package redact

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"syscall"
	"testing"
)

func TestString(t *testing.T) {
	key := "-----BEGIN KEY-----\nabcdefghijkl\nmnop\n-----END KEY-----\n"
	for _, c := range []struct{ secret, text, want string }{
		{"000000", "--requirepass 000000 now", "--requirepass ******** now"},
		{"abc", "abc is too short to hide", "abc is too short to hide"},
		{"true", "it is true", "it is true"},
		{"root", "-rw------- 1 root root", "-rw------- 1 root root"},
		{`p"a'ss`, `{"x":"p\"a'ss"} 'p"a'\''ss' p"a'"'"'ss p"a''ss`, `{"x":"********"} '********' ******** ********`},
		{"a<b&c", `{"x":"a\u003cb\u0026c"}`, `{"x":"********"}`},
		{"pa$$`w", "\"pa\\$\\$\\`w\"", `"********"`},
		{"p@ss/word", "https://u:" + url.QueryEscape("p@ss/word") + "@x", "https://u:********@x"},
		{"secret", base64.StdEncoding.EncodeToString([]byte("secret")), Mask},
		{key, "  abcdefghijkl\n  mnop\n", "  ********\n  mnop\n"},
		{" padded \n", "is padded.", "is ********."},
	} {
		var s Set
		s.Add(c.secret)
		if got := s.String(c.text); got != c.want {
			t.Errorf("%q in %q: got %q, want %q", c.secret, c.text, got, c.want)
		}
	}
}

func TestLongestFirst(t *testing.T) {
	var s Set
	s.Add("pass")
	s.Add("password1")
	if got := s.String("password1 pass passwor"); got != "******** ******** ********wor" {
		t.Errorf("got %q", got)
	}
}

func TestBase64AnywhereInATextDoesNotTellTheSecret(t *testing.T) {
	var s Set
	s.Add("correct horse")
	for _, user := range []string{"u", "us", "use", "user"} {
		text := base64.StdEncoding.EncodeToString([]byte(user + ":correct horse"))
		got := s.String(text)
		if !strings.Contains(got, Mask) || len(strings.ReplaceAll(got, Mask, "")) > 12 {
			t.Errorf("%s: %s became %s", user, text, got)
		}
	}
}

func TestWriterFindsSecretsInPieces(t *testing.T) {
	const text = "x hunter2hunter2 y hunt z"
	for size := 1; size < len(text); size++ {
		var s Set
		s.Add("hunter2hunter2")
		var b strings.Builder
		w := s.Writer(&b)
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			if _, err := w.Write([]byte(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if want := "x ******** y hunt z"; b.String() != want {
			t.Errorf("pieces of %d: got %q", size, b.String())
		}
	}
}

// fullAfter takes so many writes, and is full then.
type fullAfter struct{ left int }

func (w *fullAfter) Write(p []byte) (int, error) {
	if w.left--; w.left < 0 {
		return 0, syscall.ENOSPC
	}
	return len(p), nil
}

func TestWriterRemembersItsError(t *testing.T) {
	for name, secret := range map[string]string{"no secrets": "", "secrets": "hunter2hunter2"} {
		var s Set
		if secret != "" {
			s.Add(secret)
		}
		to := &fullAfter{left: 1}
		w := s.Writer(to)
		for i, want := range []error{nil, syscall.ENOSPC, syscall.ENOSPC} {
			if _, err := w.Write([]byte("line\n")); err != want {
				t.Errorf("%s: write %d: %v", name, i, err)
			}
		}
		if err := w.Flush(); err != syscall.ENOSPC || to.left != -1 {
			t.Errorf("%s: %v, and %d writes behind the first error", name, err, -1-to.left)
		}
	}
}

func TestWriterKeepsNothingWithoutNeed(t *testing.T) {
	var s Set
	s.Add("hunter2")
	var b strings.Builder
	if _, err := s.Writer(&b).Write([]byte("a line\nand a prompt: ")); err != nil {
		t.Fatal(err)
	}
	if b.String() != "a line\nand a prompt: " {
		t.Errorf("got %q", b.String())
	}
}

func TestJSONStaysJSON(t *testing.T) {
	var s Set
	s.Add("0000")
	s.Add(`a"bcd`)
	got := s.JSON([]byte(`{"n":10000,"list":[0,10,true,"x0000"],"s":"a\"bcd \\"}`))
	if want := `{"n":"********","list":[0,10,true,"x********"],"s":"******** \\"}`; string(got) != want {
		t.Errorf("got %s", got)
	}
}

func FuzzJSONStaysJSON(f *testing.F) {
	f.Add("pass", `{"a":"pass","b":[1,-2.5e3,null]}`)
	f.Add("npass", `{"a":"\npass"}`)
	f.Add(`\\"x`, `"\\\\\"x"`)
	f.Fuzz(func(t *testing.T, secret, text string) {
		if !json.Valid([]byte(text)) {
			return
		}
		var s Set
		s.Add(secret)
		if got := s.JSON([]byte(text)); !json.Valid(got) {
			t.Errorf("secret %q made %q of %q", secret, got, text)
		}
	})
}

func BenchmarkString(b *testing.B) {
	var s Set
	for i := range 50 {
		s.Add("secret-number-" + strings.Repeat("x", i))
	}
	text := strings.Repeat("ok: [web1] some line of ordinary output that says nothing\n", 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		s.String(text)
	}
}
