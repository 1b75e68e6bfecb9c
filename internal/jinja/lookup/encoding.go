package lookup

import (
	"strings"

	"fleet/internal/jinja"
)

// latin9 has the characters that ISO 8859-15 has in place of those of ISO 8859-1.
var latin9 = map[byte]rune{0xa4: '€', 0xa6: 'Š', 0xa8: 'š', 0xb4: 'Ž', 0xb8: 'ž', 0xbc: 'Œ', 0xbd: 'œ', 0xbe: 'Ÿ'}

// decode returns text that is in the encoding which an option names, as UTF-8.
func decode(s string, options *jinja.Map) (string, error) {
	name := strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(option(options, "encoding", "utf-8")))
	switch name {
	case "utf8", "usascii", "ascii", "utf8sig":
		return strings.TrimPrefix(s, "\ufeff"), nil
	case "latin1", "iso88591", "l1":
		return single(s, nil), nil
	case "latin9", "iso885915", "l9":
		return single(s, latin9), nil
	}
	e := failed("the encoding %q is not supported", option(options, "encoding", ""))
	return "", e.WithHint("it is one of utf-8, ascii, iso8859-1, iso8859-15")
}

// single decodes text of which each byte is a character.
func single(s string, differs map[byte]rune) string {
	var b strings.Builder
	for i := range len(s) {
		if r, ok := differs[s[i]]; ok {
			b.WriteRune(r)
		} else {
			b.WriteRune(rune(s[i]))
		}
	}
	return b.String()
}
