package charset

import (
	"strings"
	"testing"
)

func TestThereAndBack(t *testing.T) {
	for _, c := range []struct{ text, name, want string }{
		{"é€", "", "é€"},
		{"é€\xff", "utf-8", "é€\xff"},
		{"é", "UTF_8", "é"},
		{"a", "utf-8-sig", "\xef\xbb\xbfa"},
		{"a", "ascii", "a"},
		{"aé", "latin-1", "a\xe9"},
		{"aé", "ISO8859-1", "a\xe9"},
		{"é€", "iso-8859-15", "\xe9\xa4"},
		{"é€„", "cp1252", "\xe9\x80\x84"},
		{"a€", "utf-16-le", "a\x00\xac\x20"},
		{"a€", "utf-16-be", "\x00a\x20\xac"},
		{"😀", "utf-16", "\xff\xfe\x3d\xd8\x00\xde"},
		{"\ufffd", "utf-16le", "\xfd\xff"},
		{"", "utf-16-be", ""},
	} {
		e, err := Named(c.name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := e.Encode(c.text); err != nil || string(got) != c.want {
			t.Errorf("%q in %s: got %q, %v", c.text, c.name, got, err)
		}
		if got, err := e.Decode([]byte(c.want)); err != nil || got != c.text {
			t.Errorf("%q from %s: got %q, %v", c.want, c.name, got, err)
		}
	}
}

func TestDecodesEitherOrderByItsMark(t *testing.T) {
	e, _ := Named("utf-16")
	for _, data := range []string{"\xfe\xff\x00a", "\xff\xfea\x00", "a\x00"} {
		if got, err := e.Decode([]byte(data)); err != nil || got != "a" {
			t.Errorf("%q: got %q, %v", data, got, err)
		}
	}
}

func TestRefusesWhatAnEncodingHasNot(t *testing.T) {
	if _, err := Named("ebcdic"); err == nil || !strings.Contains(err.Error(), "unknown encoding: ebcdic\nhint: it is one of utf-8,") {
		t.Errorf("got %v", err)
	}
	for _, c := range []struct{ name, text, want string }{
		{"ascii", "aé", `the character 'é' at byte 1 cannot be written in ascii`},
		{"latin-1", "€", `the character '€' at byte 0 cannot be written in latin-1`},
		{"latin-9", "¤", `the character '¤' at byte 0 cannot be written in latin-9`},
		{"cp1252", "\u0081", `the character '\u0081' at byte 0 cannot be written in cp1252`},
	} {
		e, _ := Named(c.name)
		if got, err := e.Encode(c.text); err == nil || err.Error() != c.want {
			t.Errorf("%q: got %q, %v", c.text, got, err)
		}
	}
	for _, c := range []struct{ name, data, want string }{
		{"ascii", "a\xe9", `the byte 0xe9 at 1 is no character in ascii`},
		{"cp1252", "\x81", `the byte 0x81 at 0 is no character in cp1252`},
		{"utf-16", "abc", `an odd number of bytes is no text in utf-16`},
		{"utf-16-le", "\x00\xd8", `half a pair of surrogates is no text in utf-16-le`},
	} {
		e, _ := Named(c.name)
		if got, err := e.Decode([]byte(c.data)); err == nil || err.Error() != c.want {
			t.Errorf("%q: got %q, %v", c.data, got, err)
		}
	}
}
