package lookup

import (
	"iter"
	"strings"
)

// rows yields the rows of a table in text. Quotes at the begin of a field hold
// delimiters and line ends together, and are doubled to stand for themselves; what
// follows the closing quote belongs to the field, and other quotes are text.
func rows(text string, delimiter rune) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		text = strings.ReplaceAll(text, "\r\n", "\n")
		for text != "" {
			var row []string
			for more := true; more; {
				var f string
				f, text, more = field(text, delimiter)
				row = append(row, f)
			}
			if !yield(row) {
				return
			}
		}
	}
}

// field reads one field. more says that its row goes on behind it.
func field(text string, delimiter rune) (value, rest string, more bool) {
	var out strings.Builder
	if quoted, ok := strings.CutPrefix(text, `"`); ok {
		for text = quoted; ; {
			part, after, closed := strings.Cut(text, `"`)
			out.WriteString(part)
			text = after
			if !closed || !strings.HasPrefix(text, `"`) {
				break
			}
			out.WriteByte('"')
			text = text[1:]
		}
	}
	end := strings.IndexAny(text, string(delimiter)+"\n")
	if end < 0 {
		return out.String() + text, "", false
	}
	out.WriteString(text[:end])
	if text[end] == '\n' {
		return out.String(), text[end+1:], false
	}
	return out.String(), text[end+len(string(delimiter)):], true
}
