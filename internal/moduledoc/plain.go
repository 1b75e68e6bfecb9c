package moduledoc

import (
	"strings"
	"unicode/utf8"
)

// Plain renders a page for a terminal of the given width, without Markdown's
// signs: a table's rows become entries whose last cell stands below the first.
// Mark, where it is not nil, dresses headings and names.
func Plain(page string, width int, mark func(string) string) string {
	r := renderer{width: max(40, min(width, 100)), mark: mark}
	if mark == nil {
		r.mark = func(s string) string { return s }
	}
	inCode := false
	rows := 0
	for line := range strings.Lines(page) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "```") {
			inCode = !inCode
			continue
		}
		if !strings.HasPrefix(line, "|") || inCode {
			rows = 0
		}
		switch {
		case inCode:
			r.raw("    " + line)
		case strings.HasPrefix(line, "|"):
			if rows++; rows > 2 { // below the titles and the rule
				r.row(splitRow(line))
			}
		case strings.HasPrefix(line, "#"):
			r.raw(r.mark(strings.ToUpper(strings.TrimLeft(line, "# "))))
		default:
			r.wrap(line, "")
		}
	}
	return r.b.String()
}

type renderer struct {
	b     strings.Builder
	width int
	mark  func(string) string
}

func (r *renderer) raw(line string) {
	r.b.WriteString(strings.TrimRight(line, " ") + "\n")
}

// row writes "name (type, default x)" and the text below it.
func (r *renderer) row(cells []string) {
	if len(cells) < 2 {
		return
	}
	name, required := strings.CutSuffix(cells[0], ", required")
	details := ""
	if len(cells) > 2 {
		details = cells[1]
	}
	if required {
		details += ", required"
	}
	if len(cells) > 3 && cells[2] != "" {
		details += ", default " + plainText(cells[2])
	}
	head := "  " + r.mark(plainText(name))
	if details != "" {
		head += " (" + details + ")"
	}
	r.raw(head)
	r.wrap(cells[len(cells)-1], "      ")
}

// wrap writes a paragraph in lines of the width.
func (r *renderer) wrap(text, indent string) {
	line := indent
	for _, word := range strings.Fields(plainText(text)) {
		if line != indent && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > r.width {
			r.raw(line)
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	r.raw(line)
}

func plainText(text string) string { return strings.ReplaceAll(text, "`", "") }

func splitRow(line string) []string {
	line = strings.ReplaceAll(line, `\|`, "\x00")
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(strings.TrimSpace(c), "\x00", "|")
	}
	return cells
}
