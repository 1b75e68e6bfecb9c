package charset

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"unicode/utf16"
)

// wide is UTF-16. With a mark the text's first bytes say their order.
type wide struct{ big, mark bool }

func (w wide) order() interface {
	binary.ByteOrder
	binary.AppendByteOrder
} {
	if w.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func (w wide) encode(text string) ([]byte, error) {
	if w.mark {
		text = mark + text
	}
	out := make([]byte, 0, 2*len(text))
	for _, unit := range utf16.Encode([]rune(text)) {
		out = w.order().AppendUint16(out, unit)
	}
	return out, nil
}

func (w wide) decode(data []byte) (string, error) {
	if len(data)%2 != 0 {
		return "", errors.New("an odd number of bytes is no text")
	}
	if w.mark && len(data) > 0 && data[0] == 0xfe && data[1] == 0xff {
		w.big = true
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = w.order().Uint16(data[2*i:])
	}
	runes := utf16.Decode(units)
	if !slices.Equal(utf16.Encode(runes), units) {
		return "", errors.New("half a pair of surrogates is no text")
	}
	text := string(runes)
	if w.mark {
		text = strings.TrimPrefix(text, mark)
	}
	return text, nil
}
