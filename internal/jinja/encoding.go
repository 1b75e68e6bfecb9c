package jinja

import (
	endian "encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// An encoding is how text is written as bytes, by one of Python's names.
type encoding string

func encodingNamed(v any) (encoding, error) {
	name := strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(Str(v)))
	switch name {
	case "utf8":
		return "utf8", nil
	case "ascii", "usascii":
		return "ascii", nil
	case "latin1", "iso88591", "l1":
		return "latin1", nil
	case "utf16", "utf16le", "utf16be":
		return encoding(name), nil
	}
	return "", newError("the encoding %s is not supported", Repr(v)).
		WithHint("it is one of utf-8, ascii, latin-1, utf-16, utf-16-le and utf-16-be")
}

// order returns the order of the bytes of UTF-16, which is this machine's own for
// Python where the name does not say it.
func (e encoding) order() endian.AppendByteOrder {
	if e == "utf16be" {
		return endian.BigEndian
	}
	return endian.LittleEndian
}

func (e encoding) encode(s string) ([]byte, error) {
	limit := map[encoding]rune{"ascii": 0x7f, "latin1": 0xff}[e]
	switch {
	case e == "utf8":
		return []byte(s), nil
	case limit == 0:
		out := make([]byte, 0, 2*len(s)+2)
		if e == "utf16" {
			out = e.order().AppendUint16(out, 0xfeff)
		}
		for _, unit := range utf16.Encode([]rune(s)) {
			out = e.order().AppendUint16(out, unit)
		}
		return out, nil
	}
	out := make([]byte, 0, len(s))
	for _, r := range s {
		if r > limit {
			return nil, newError("%s cannot be written in %s", Repr(string(r)), string(e))
		}
		out = append(out, byte(r))
	}
	return out, nil
}

func (e encoding) decode(data []byte) (string, error) {
	switch e {
	case "utf8", "ascii":
		return string(data), nil
	case "latin1":
		runes := make([]rune, len(data))
		for i, b := range data {
			runes[i] = rune(b)
		}
		return string(runes), nil
	}
	if len(data)%2 != 0 {
		return "", newError("the bytes are no text in UTF-16: their number is odd")
	}
	order := endian.ByteOrder(endian.LittleEndian)
	if e == "utf16be" || e == "utf16" && len(data) > 1 && data[0] == 0xfe && data[1] == 0xff {
		order = endian.BigEndian
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	s := string(utf16.Decode(units))
	if e == "utf16" {
		s = strings.TrimPrefix(s, "\ufeff")
	}
	if strings.ContainsRune(s, utf8.RuneError) {
		return "", newError("the bytes are no text in UTF-16")
	}
	return s, nil
}
