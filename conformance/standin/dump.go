package standin

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// dump is a result as Ansible's reports print it: JSON with sorted keys, a blank
// behind colons and commas, and no private keys. indent is what a level is
// indented by; without it all stands on a line.
func dump(v any, indent string) string {
	var b strings.Builder
	write(&b, v, indent, "\n")
	return b.String()
}

func write(b *strings.Builder, v any, indent, margin string) {
	switch v := v.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		writeList(b, "{}", len(keys), indent, margin, func(i int, inner string) {
			b.WriteString(quote(keys[i]) + ": ")
			write(b, v[keys[i]], indent, inner)
		})
	case []any:
		writeList(b, "[]", len(v), indent, margin, func(i int, inner string) { write(b, v[i], indent, inner) })
	default:
		b.WriteString(quote(v))
	}
}

func writeList(b *strings.Builder, brackets string, n int, indent, margin string, item func(int, string)) {
	b.WriteByte(brackets[0])
	for i := range n {
		switch {
		case indent != "" && i > 0:
			b.WriteString("," + margin + indent)
		case indent != "":
			b.WriteString(margin + indent)
		case i > 0:
			b.WriteString(", ")
		}
		item(i, margin+indent)
	}
	if indent != "" && n > 0 {
		b.WriteString(margin)
	}
	b.WriteByte(brackets[1])
}

func quote(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return "null" // what came from JSON goes back to it
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// jsonText is the value that a JSON text has, or the text itself.
func jsonText(text string) any {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	return v
}
