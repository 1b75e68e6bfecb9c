package engine

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
)

// encode writes a text in the encoding of this name, as Python calls it. A character
// that the encoding has not is an error.
func encode(text, name string) ([]byte, error) {
	switch strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(name)) {
	case "", "utf-8", "utf8":
		return []byte(text), nil
	case "utf-8-sig":
		return []byte("\ufeff" + text), nil
	case "ascii", "us-ascii":
		return narrow(text, name, 0x7f)
	case "latin-1", "latin1", "iso-8859-1", "iso8859-1", "8859":
		return narrow(text, name, 0xff)
	case "utf-16", "utf16":
		return wide("\ufeff"+text, binary.LittleEndian), nil
	case "utf-16-le", "utf-16le":
		return wide(text, binary.LittleEndian), nil
	case "utf-16-be", "utf-16be":
		return wide(text, binary.BigEndian), nil
	}
	return nil, fmt.Errorf("the encoding %q is not supported; utf-8, utf-8-sig, ascii, latin-1, utf-16, utf-16-le and utf-16-be are", name)
}

// narrow writes a byte for each character up to the highest one.
func narrow(text, name string, highest rune) ([]byte, error) {
	out := make([]byte, 0, len(text))
	for i, r := range text {
		if r > highest {
			return nil, fmt.Errorf("the character %q at byte %d cannot be written in %s", r, i, name)
		}
		out = append(out, byte(r))
	}
	return out, nil
}

func wide(text string, order binary.AppendByteOrder) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return out
}
