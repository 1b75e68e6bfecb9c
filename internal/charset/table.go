package charset

import "fmt"

// table is an encoding with a byte for each character: that of its number, but for
// those that differ.
type table struct {
	limit   int // the first number that has no byte
	differs map[byte]rune
}

// none stands for a byte that is no character.
const none = -1

// latin9 is ISO 8859-15.
var latin9 = table{0x100, map[byte]rune{0xa4: '€', 0xa6: 'Š', 0xa8: 'š', 0xb4: 'Ž', 0xb8: 'ž', 0xbc: 'Œ', 0xbd: 'œ', 0xbe: 'Ÿ'}}

// cp1252 is Windows' encoding for Western Europe.
var cp1252 = table{0x100, map[byte]rune{
	0x80: '€', 0x81: none, 0x82: '‚', 0x83: 'ƒ', 0x84: '„', 0x85: '…', 0x86: '†', 0x87: '‡',
	0x88: 'ˆ', 0x89: '‰', 0x8a: 'Š', 0x8b: '‹', 0x8c: 'Œ', 0x8d: none, 0x8e: 'Ž', 0x8f: none,
	0x90: none, 0x91: '‘', 0x92: '’', 0x93: '“', 0x94: '”', 0x95: '•', 0x96: '–', 0x97: '—',
	0x98: '˜', 0x99: '™', 0x9a: 'š', 0x9b: '›', 0x9c: 'œ', 0x9d: none, 0x9e: 'ž', 0x9f: 'Ÿ',
}}

func (t table) encoding() Encoding { return Encoding{encode: t.encode, decode: t.decode} }

// char returns a byte's character, or none.
func (t table) char(b byte) rune {
	if r, ok := t.differs[b]; ok {
		return r
	}
	if int(b) >= t.limit {
		return none
	}
	return rune(b)
}

func (t table) encode(text string) ([]byte, error) {
	bytes := make(map[rune]byte, len(t.differs))
	for b, r := range t.differs {
		bytes[r] = b
	}
	out := make([]byte, 0, len(text))
	for i, r := range text {
		b, ok := bytes[r]
		if !ok && (int(r) >= t.limit || t.char(byte(r)) != r) {
			return nil, fmt.Errorf("the character %q at byte %d cannot be written", r, i)
		}
		if !ok {
			b = byte(r)
		}
		out = append(out, b)
	}
	return out, nil
}

func (t table) decode(data []byte) (string, error) {
	runes := make([]rune, len(data))
	for i, b := range data {
		if runes[i] = t.char(b); runes[i] == none {
			return "", fmt.Errorf("the byte %#02x at %d is no character", b, i)
		}
	}
	return string(runes), nil
}
