// Package charset writes text as bytes and reads it back, in the encodings that
// Python has under these names. It guesses nothing: a character or a byte that an
// encoding has not is an error. It is known by both sides.
package charset

import (
	"fmt"
	"strings"
	"unicode"
)

// An Encoding is how text is written as bytes. The zero value is UTF-8, in which
// bytes that are no text stay as they are.
type Encoding struct {
	name   string // as the user wrote it
	encode func(text string) ([]byte, error)
	decode func(data []byte) (string, error)
}

// known holds the encodings by their names without case and signs.
var known = map[string]Encoding{
	"utf8":    {},
	"utf8sig": {encode: encodeSigned, decode: decodeSigned},

	"ascii": table{limit: 0x80}.encoding(), "usascii": table{limit: 0x80}.encoding(),
	"latin1": table{limit: 0x100}.encoding(), "l1": table{limit: 0x100}.encoding(), "8859": table{limit: 0x100}.encoding(),
	"iso88591": table{limit: 0x100}.encoding(),
	"latin9":   latin9.encoding(), "l9": latin9.encoding(), "iso885915": latin9.encoding(),
	"cp1252": cp1252.encoding(), "windows1252": cp1252.encoding(),

	"utf16":   {encode: wide{mark: true}.encode, decode: wide{mark: true}.decode},
	"utf16le": {encode: wide{}.encode, decode: wide{}.decode},
	"utf16be": {encode: wide{big: true}.encode, decode: wide{big: true}.decode},
}

// Named returns the encoding that Python has under this name, in any case and
// with any signs between its parts. No name is UTF-8.
func Named(name string) (Encoding, error) {
	if name == "" {
		return Encoding{}, nil
	}
	e, ok := known[strings.Map(plainly, name)]
	if !ok {
		return e, fmt.Errorf("unknown encoding: %s\nhint: it is one of utf-8, utf-8-sig, ascii, latin-1, iso8859-15, cp1252, utf-16, utf-16-le and utf-16-be", name)
	}
	e.name = name
	return e, nil
}

// plainly maps a name's characters to those that its encoding is known by.
func plainly(r rune) rune {
	if r == '_' || r == '-' || r == ' ' {
		return -1
	}
	return unicode.ToLower(r)
}

// Encode returns the text in this encoding.
func (e Encoding) Encode(text string) ([]byte, error) {
	if e.encode == nil {
		return []byte(text), nil
	}
	data, err := e.encode(text)
	if err != nil {
		return nil, fmt.Errorf("%w in %s", err, e.name)
	}
	return data, nil
}

// Decode returns the text that stands in this encoding in data, as UTF-8.
func (e Encoding) Decode(data []byte) (string, error) {
	if e.decode == nil {
		return string(data), nil
	}
	text, err := e.decode(data)
	if err != nil {
		return "", fmt.Errorf("%w in %s", err, e.name)
	}
	return text, nil
}

const mark = "\ufeff"

func encodeSigned(text string) ([]byte, error) { return []byte(mark + text), nil }

func decodeSigned(data []byte) (string, error) { return strings.TrimPrefix(string(data), mark), nil }
