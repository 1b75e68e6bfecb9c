package inventory

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// value reads one value.
func (p *tomlReader) value(depth int) (*yaml.Node, error) {
	if depth > maxNesting {
		return nil, p.errorf("the values nest more than %d levels deep", maxNesting)
	}
	at := p.i
	switch p.peek() {
	case '"', '\'':
		s, err := p.quoted()
		return textNode(s, p.pos(at)), err
	case '[':
		return p.array(depth)
	case '{':
		return p.inlineTable(depth)
	}
	for p.i < len(p.text) && strings.IndexByte(" \t\n,]}#", p.text[p.i]) < 0 {
		p.i++
	}
	word := p.text[at:p.i]
	if plain, ok := tomlScalar(word); ok {
		return plainNode(plain, p.pos(at)), nil
	}
	if tomlDate().MatchString(word) {
		return textNode(word, p.pos(at)), nil
	}
	p.i = at
	return nil, p.errorf("%q is no value: a text stands in quotes", word)
}

var tomlDate = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(\d{4}-\d\d-\d\d)?[Tt]?(\d\d:\d\d:\d\d(\.\d+)?([Zz]|[-+]\d\d:\d\d)?)?$`)
})

// tomlScalar returns a boolean or a number as YAML writes it.
func tomlScalar(word string) (string, bool) {
	switch strings.TrimPrefix(word, "+") {
	case "true", "false":
		return word, true
	case "inf", "nan":
		return "." + strings.TrimPrefix(word, "+"), true
	case "-inf":
		return "-.inf", true
	}
	digits := strings.ReplaceAll(word, "_", "")
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return strconv.FormatInt(n, 10), true
	}
	for prefix, base := range map[string]int{"0x": 16, "0o": 8, "0b": 2} {
		if rest, ok := strings.CutPrefix(digits, prefix); ok {
			n, err := strconv.ParseInt(rest, base, 64)
			return strconv.FormatInt(n, 10), err == nil
		}
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || strings.ContainsAny(digits, "xXpPnN") {
		return "", false
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text, true
}

func (p *tomlReader) array(depth int) (*yaml.Node, error) {
	at := p.pos(p.i)
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: at.Line, Column: at.Col}
	p.i++
	for {
		p.skip(true)
		if p.peek() == ']' {
			p.i++
			return list, nil
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list.Content = append(list.Content, v)
		p.skip(true)
		if p.peek() == ',' {
			p.i++
		} else if p.peek() != ']' {
			return nil, p.errorf(`the list has no end "]", or no comma here`)
		}
	}
}

func (p *tomlReader) inlineTable(depth int) (*yaml.Node, error) {
	table := p.mapping()
	p.i++
	for {
		p.skip(false)
		if p.peek() == '}' {
			p.i++
			return table, nil
		}
		if err := p.entry(table, depth+1); err != nil {
			return nil, err
		}
		p.skip(false)
		if p.peek() == ',' {
			p.i++
		} else if p.peek() != '}' {
			return nil, p.errorf(`the table has no end "}" on its line, or no comma here`)
		}
	}
}

// quoted reads a text in one or three quotes, simple or double.
func (p *tomlReader) quoted() (string, error) {
	quote := p.text[p.i : p.i+1]
	long := strings.HasPrefix(p.text[p.i:], strings.Repeat(quote, 3))
	if long {
		quote = strings.Repeat(quote, 3)
	}
	p.i += len(quote)
	if long && p.peek() == '\n' {
		p.i++
	}
	var b strings.Builder
	for p.i < len(p.text) {
		rest := p.text[p.i:]
		switch {
		case strings.HasPrefix(rest, quote):
			p.i += len(quote)
			for n := 0; long && n < 2 && p.peek() == quote[0]; n++ { // those in front of the end are the text's
				b.WriteByte(quote[0])
				p.i++
			}
			return b.String(), nil
		case rest[0] == '\n' && !long:
			return "", p.errorf("the text has no end %s on its line", quote)
		case rest[0] == '\\' && quote[0] == '"':
			if err := p.escape(&b, long); err != nil {
				return "", err
			}
		default:
			b.WriteByte(rest[0])
			p.i++
		}
	}
	return "", p.errorf("the text has no end %s", quote)
}

// escape reads what stands behind a backslash.
func (p *tomlReader) escape(b *strings.Builder, long bool) error {
	rest := p.text[p.i+1:]
	if long && strings.HasPrefix(strings.TrimLeft(rest, " \t"), "\n") { // the line goes on
		p.i += 1 + len(rest) - len(strings.TrimLeft(rest, " \t\n"))
		return nil
	}
	if rest != "" {
		if i := strings.IndexByte(`btnfr"\`, rest[0]); i >= 0 {
			b.WriteByte("\b\t\n\f\r\"\\"[i])
			p.i += 2
			return nil
		}
		if size := map[byte]int{'u': 4, 'U': 8}[rest[0]]; size > 0 && len(rest) > size {
			n, err := strconv.ParseUint(rest[1:1+size], 16, 32)
			if err == nil && utf8.ValidRune(rune(n)) {
				b.WriteRune(rune(n))
				p.i += 2 + size
				return nil
			}
		}
	}
	return p.errorf("unknown escape behind the backslash")
}
