package check

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"fleet/internal/source"
)

// outline is the shape of a text: which parts of it are evaluated only under a
// condition. It is rough, and errs towards "only under a condition".
type outline struct {
	lines []line
	tags  []tag
	src   string
}

// line is a line of the source: its offset in the text and its place in the file.
type line struct{ offset, number, col int }

// tag is a {{ }} or {% %} of the text, or all of a bare expression.
type tag struct {
	from, to int // without the delimiters
	depth    int // blocks around it
}

var (
	tagText = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?s)\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}`)
	})
	tagName = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[-+\s]*([a-z]+)`)
	})
	branches = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\b(if|and|or|else)\b`)
	})
	ifWord = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\bif\b`)
	})
)

// opening are the statements whose bodies may run never or several times.
var opening = []string{"block", "call", "filter", "for", "if", "macro"}

func newOutline(src string, pos source.Pos) *outline {
	o := &outline{src: src}
	at := 0
	for i, text := range strings.SplitAfter(src, "\n") {
		p := pos.At(src, at)
		o.lines = append(o.lines, line{at, pos.Line + i, p.Col})
		at += len(text)
	}
	depth := 0
	for _, m := range tagText().FindAllStringIndex(src, -1) {
		t := tag{m[0] + 2, m[1] - 2, depth}
		if src[m[0]+1] == '%' {
			if name := tagName().FindStringSubmatchIndex(src[t.from:t.to]); name != nil {
				word := src[t.from+name[2] : t.from+name[3]]
				t.from += name[3]
				switch {
				case slices.Contains(opening, word):
					depth++
				case slices.Contains(opening, strings.TrimPrefix(word, "end")):
					depth--
				}
			}
		}
		o.tags = append(o.tags, t)
	}
	if len(o.tags) == 0 {
		o.tags = []tag{{0, len(src), 0}}
	}
	return o
}

// always reports whether what stands at a place is evaluated whenever the text is.
func (o *outline) always(pos source.Pos) bool {
	offset := o.offset(pos)
	for _, t := range o.tags {
		if offset < t.from || offset >= t.to {
			continue
		}
		return t.depth == 0 && !branches().MatchString(o.src[t.from:offset]) && !ifWord().MatchString(o.src[offset:t.to])
	}
	return false
}

// offset returns the place in the text, or -1.
func (o *outline) offset(pos source.Pos) int {
	for i := len(o.lines) - 1; i >= 0; i-- {
		if l := o.lines[i]; l.number == pos.Line {
			return l.offset + pos.Col - l.col
		}
	}
	return -1
}
