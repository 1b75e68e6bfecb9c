package jinja

import (
	"fmt"
	"regexp"
	"strings"
)

const yamlBreaks = "\n\u0085\u2028\u2029"

// What PyYAML reads as a number, a date or a special value beyond the values
// that source.Resolve knows.
var yamlSpecial = regexp.MustCompile(`^(?:` +
	`yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF|` +
	`[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|` +
	`[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|` +
	`[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+|` +
	`<<|~|null|Null|NULL||=|[!&*]|[0-9]{4}-[0-9]{2}-[0-9]{2}|` +
	`[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:[Tt]|[ \t]+)[0-9][0-9]?:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9][0-9]?(?::[0-9]{2})?))?` +
	`)$`)

// ambiguous reports whether a text would be read as something else.
func ambiguous(s string) bool { return yamlSpecial.MatchString(s) }

// yamlShape is what a text allows for its notation.
type yamlShape struct {
	empty, multiline              bool
	flowPlain, blockPlain, single bool
}

func isBlank(r rune) bool { return strings.ContainsRune("\x00 \t\r"+yamlBreaks, r) }

// shapeOf looks at a text.
func shapeOf(text string, ascii bool) yamlShape {
	s := []rune(text)
	if len(s) == 0 {
		return yamlShape{empty: true, blockPlain: true, single: true}
	}
	block := strings.HasPrefix(text, "---") || strings.HasPrefix(text, "...")
	flow := block
	var breaks, special, breakSpace, spaceBreak bool
	for i, r := range s {
		before := i == 0 || isBlank(s[i-1])
		after := i+1 >= len(s) || isBlank(s[i+1])
		b, f := indicates(r, i == 0, before, after)
		block, flow = block || b, flow || f
		isBreak := strings.ContainsRune(yamlBreaks, r)
		breaks = breaks || isBreak
		special = special || !printable(r, ascii)
		if i > 0 {
			breakSpace = breakSpace || r == ' ' && strings.ContainsRune(yamlBreaks, s[i-1])
			spaceBreak = spaceBreak || isBreak && s[i-1] == ' '
		}
	}
	edge := func(r rune) bool { return r == ' ' || strings.ContainsRune(yamlBreaks, r) }
	plain := !edge(s[0]) && !edge(s[len(s)-1]) && !breakSpace && !spaceBreak && !special && !breaks
	return yamlShape{
		multiline: breaks,
		flowPlain: plain && !flow, blockPlain: plain && !block,
		single: !breakSpace && !spaceBreak && !special,
	}
}

// indicates reports whether a character has a meaning in block and in flow
// context.
func indicates(r rune, first, before, after bool) (block, flow bool) {
	switch {
	case first && strings.ContainsRune("#,[]{}&*!|>'\"%@`", r):
		return true, true
	case first && (r == '?' || r == ':'):
		return after, true
	case first && r == '-' && after:
		return true, true
	case first:
		return false, false
	case strings.ContainsRune(",?[]{}", r):
		return false, true
	case r == ':':
		return after, true
	case r == '#' && before:
		return true, true
	}
	return false, false
}

func printable(r rune, ascii bool) bool {
	if r == '\n' || r >= ' ' && r <= '~' {
		return true
	}
	wide := r >= 0xa0 && r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd // libyaml escapes what is beyond
	return wide && r != 0xfeff && !ascii
}

// scalar writes a text in the simplest notation that keeps it.
func (w *yamlWriter) scalar(s string, plain bool, at yamlPlace) {
	shape := shapeOf(s, w.ascii)
	fits := w.flow > 0 && shape.flowPlain || w.flow == 0 && shape.blockPlain
	switch {
	case plain && fits && !(at.key && (shape.empty || shape.multiline)):
		w.plain(s, at.key)
	case shape.single && !(at.key && shape.multiline):
		w.indicator("'", true, false, false)
		w.fold(strings.ReplaceAll(s, "'", "''"), !at.key, true)
		w.indicator("'", false, false, false)
	default:
		w.double([]rune(s), !at.key)
	}
}

// vault writes an encrypted value, whose lines stand below its tag where there is
// room for them.
func (w *yamlWriter) vault(s string, at yamlPlace) {
	w.indicator("!vault", true, false, false)
	if w.flow > 0 || at.key {
		w.scalar(s, false, at)
		return
	}
	w.indicator("|", true, false, false)
	for line := range strings.Lines(s) {
		w.lineBreak("\n")
		w.text(strings.Repeat(" ", max(w.indent, 0)) + strings.TrimSuffix(line, "\n"))
	}
	w.lineBreak("\n")
}

func (w *yamlWriter) plain(s string, key bool) {
	if s == "" {
		return
	}
	if !w.whitespace {
		w.text(" ")
	}
	w.whitespace, w.indention = false, false
	w.fold(s, !key, false)
}

// fold writes a text; with split, it breaks long lines at single blanks.
func (w *yamlWriter) fold(s string, split, quoted bool) {
	for rest := s; rest != ""; {
		n := len(rest) - len(strings.TrimLeft(rest, " "))
		if n > 0 {
			inner := len(rest) < len(s) && n < len(rest)
			if n == 1 && w.col > w.width && split && (inner || !quoted) {
				w.newLevelLine()
				w.whitespace, w.indention = quoted, quoted
			} else {
				w.text(rest[:n])
			}
			rest = rest[n:]
			continue
		}
		if n = len(rest) - len(strings.TrimLeft(rest, yamlBreaks)); n > 0 {
			if rest[0] == '\n' {
				w.lineBreak("\n")
			}
			for _, r := range rest[:n] {
				w.lineBreak(string(r))
			}
			w.newLevelLine()
			rest = rest[n:]
			continue
		}
		if n = strings.IndexAny(rest, " "+yamlBreaks); n < 0 {
			n = len(rest)
		}
		w.text(rest[:n])
		w.whitespace, w.indention = false, false
		rest = rest[n:]
	}
}

var yamlEscapes = map[rune]string{
	0: "0", 7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 27: "e", '"': `"`, '\\': `\`,
	0x85: "N", 0xa0: "_", 0x2028: "L", 0x2029: "P",
}

// double writes a text in double quotes; with split, it breaks long lines at
// blanks.
func (w *yamlWriter) double(s []rune, split bool) {
	w.indicator(`"`, true, false, false)
	spaces := false
	for i, r := range s {
		switch {
		case mustEscape(r, w.ascii):
			w.text(escapeYAML(r))
			spaces = false
		case r != ' ':
			w.text(string(r))
			spaces = false
		case split && !spaces && w.col > w.width && i > 0 && i < len(s)-1:
			w.whitespace, w.indention = false, false
			w.newLevelLine()
			if s[i+1] == ' ' {
				w.text(`\`)
			}
			spaces = true
		default:
			w.text(" ")
			spaces = true
		}
	}
	w.indicator(`"`, false, false, false)
}

func mustEscape(r rune, ascii bool) bool {
	if strings.ContainsRune("\"\\\u0085\u2028\u2029\uFEFF", r) {
		return true
	}
	if r >= ' ' && r <= '~' {
		return false
	}
	return ascii || r < 0xa0 || r > 0xfffd
}

func escapeYAML(r rune) string {
	if e, ok := yamlEscapes[r]; ok {
		return `\` + e
	}
	switch {
	case r <= 0xff:
		return fmt.Sprintf(`\x%02X`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04X`, r)
	}
	return fmt.Sprintf(`\U%08X`, r)
}
