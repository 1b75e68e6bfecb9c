package engine

import "testing"

func TestEncode(t *testing.T) {
	for _, c := range []struct{ text, name, want string }{
		{"é€", "utf-8", "é€"},
		{"é", "UTF_8", "é"},
		{"a", "utf-8-sig", "\xef\xbb\xbfa"},
		{"a", "ascii", "a"},
		{"aé", "latin-1", "a\xe9"},
		{"a€", "utf-16-le", "a\x00\xac\x20"},
		{"a€", "utf-16-be", "\x00a\x20\xac"},
		{"😀", "utf-16", "\xff\xfe\x3d\xd8\x00\xde"},
	} {
		if got, err := encode(c.text, c.name); err != nil || string(got) != c.want {
			t.Errorf("%q in %s: got %q, %v", c.text, c.name, got, err)
		}
	}
	for text, name := range map[string]string{"é": "ascii", "€": "latin-1", "a": "ebcdic"} {
		if got, err := encode(text, name); err == nil {
			t.Errorf("%q in %s: got %q", text, name, got)
		}
	}
}
