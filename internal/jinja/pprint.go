package jinja

import (
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"
)

const pprintWidth = 80

// maxPprint is the size up to which a value is laid out.
const maxPprint = 1 << 20

// pprint is Python's pprint.pformat: a value on one line where it fits, else an
// element a line and long texts in pieces; keys sorted.
func pprint(v any) string {
	if flat := Repr(v); len(flat) > maxPprint {
		return flat
	}
	var l layout
	l.value(sortKeys(v, 0), 0, 0, 1)
	return l.b.String()
}

// layout writes values that begin at a column and leave room for what follows.
type layout struct{ b strings.Builder }

func (l *layout) value(v any, column, room, level int) {
	flat := Repr(v)
	if level > maxDepth || utf8.RuneCountInString(flat) <= pprintWidth-column-room {
		l.b.WriteString(flat)
		return
	}
	switch x := v.(type) {
	case []any:
		l.items("[", x, "]", column, room, level)
	case Tuple:
		end := ")"
		if len(x) == 1 {
			end = ",)"
		}
		l.items("(", x, end, column, room, level)
	case *Map:
		l.b.WriteByte('{')
		for i, k := range x.keys {
			l.next(i, column+1)
			key := Repr(k)
			l.b.WriteString(key + ": ")
			l.value(x.vals[i], column+1+utf8.RuneCountInString(key)+2, roomBehind(i, x.Len(), room+1), level+1)
		}
		l.b.WriteByte('}')
	case string:
		l.text(x, column, room, level)
	default:
		l.b.WriteString(flat)
	}
}

func (l *layout) items(open string, items []any, end string, column, room, level int) {
	l.b.WriteString(open)
	for i, e := range items {
		l.next(i, column+1)
		l.value(e, column+1, roomBehind(i, len(items), room+len(end)), level+1)
	}
	l.b.WriteString(end)
}

// next starts the line of an element.
func (l *layout) next(i, column int) {
	if i > 0 {
		l.b.WriteString(",\n" + strings.Repeat(" ", column))
	}
}

// roomBehind is what an element leaves free: a comma, or the end of all.
func roomBehind(i, n, last int) int {
	if i == n-1 {
		return last
	}
	return 1
}

var wordText = regexp.MustCompile(`\S+\s*|\s+`)

// text writes a long text as several, cut behind blanks and line ends.
func (l *layout) text(s string, column, room, level int) {
	if level == 1 {
		column++
		room++
	}
	fits := func(s string, width int) bool { return utf8.RuneCountInString(Repr(s)) <= width }
	width := pprintWidth - column
	var chunks []string
	lines := splitLines(s, true)
	for i, line := range lines {
		behind := 0
		if i == len(lines)-1 {
			behind = room
		}
		if fits(line, width-behind) {
			chunks = append(chunks, line)
			continue
		}
		words := wordText.FindAllString(line, -1)
		current := ""
		for j, w := range words {
			limit := width
			if j == len(words)-1 {
				limit -= behind
			}
			if fits(current+w, limit) {
				current += w
				continue
			}
			if current != "" {
				chunks = append(chunks, current)
			}
			current = w
		}
		if current != "" {
			chunks = append(chunks, current)
		}
	}
	if len(chunks) == 1 {
		l.b.WriteString(Repr(chunks[0]))
		return
	}
	l.b.WriteString(map[bool]string{true: "("}[level == 1])
	for i, c := range chunks {
		if i > 0 {
			l.b.WriteString("\n" + strings.Repeat(" ", column))
		}
		l.b.WriteString(Repr(c))
	}
	l.b.WriteString(map[bool]string{true: ")"}[level == 1])
}

// sortKeys returns v with the keys of all dictionaries in order.
func sortKeys(v any, depth int) any {
	if depth > maxDepth {
		return v
	}
	switch x := v.(type) {
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = sortKeys(e, depth+1)
		}
		return out
	case Tuple:
		return Tuple(sortKeys([]any(x), depth).([]any))
	case *Map:
		keys := x.Keys()
		sort.SliceStable(keys, func(i, j int) bool {
			o, err := order(keys[i], keys[j])
			if err != nil {
				return typeName(keys[i]) < typeName(keys[j])
			}
			return o < 0
		})
		out := &Map{}
		for _, k := range keys {
			e, _ := x.Get(k)
			out.Set(k, sortKeys(e, depth+1))
		}
		return out
	}
	return v
}
