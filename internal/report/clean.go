package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLine is how many bytes of one line of a target's text are shown.
const maxLine = 4000

// clean makes a target's text safe for a terminal: control characters, and
// those that turn the direction of writing, are shown as escapes. Tabs and line
// ends stay; of a line that overwrites itself with carriage returns (progress
// bars) the last state stays.
func clean(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if !strings.ContainsFunc(text, isUnsafe) && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		body := strings.TrimRight(line, "\r\n")
		if i := strings.LastIndexByte(body, '\r'); i >= 0 {
			body = body[i+1:]
		}
		escape(&b, body)
		if strings.HasSuffix(line, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func escape(b *strings.Builder, line string) {
	for i, r := range line {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(line[i:], "\uFFFD"):
			fmt.Fprintf(b, `\x%02x`, line[i])
		case !isUnsafe(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(b, `\x%02x`, r)
		default:
			fmt.Fprintf(b, `\u%04x`, r)
		}
	}
}

func isUnsafe(r rune) bool {
	if r == '\n' || r == '\t' {
		return false
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

// lines splits a target's text into clean lines, each cut at maxLine. Blank
// lines at the end are dropped.
func lines(text string) []string {
	text = strings.TrimRight(clean(text), " \t\n")
	if text == "" {
		return nil
	}
	list := strings.Split(text, "\n")
	for i, line := range list {
		list[i] = shorten(line)
	}
	return list
}

func shorten(line string) string {
	if len(line) <= maxLine {
		return line
	}
	return strings.ToValidUTF8(line[:maxLine], "") + fmt.Sprintf(" … (%d more bytes)", len(line)-maxLine)
}

// tail returns the last max lines, below a line that counts the others.
func tail(list []string, max int) []string {
	if len(list) <= max {
		return list
	}
	left := fmt.Sprintf("… %d lines above are left out", len(list)-max)
	return append([]string{left}, list[len(list)-max:]...)
}

// oneLine returns a target's text on one line, cut at max bytes.
func oneLine(text string, max int) string {
	text = strings.Join(strings.Fields(clean(text)), " ")
	if len(text) > max {
		text = strings.ToValidUTF8(text[:max], "") + "…"
	}
	return text
}
