// Package csv reads tables in text as Python's csv module does, by which Ansible
// reads them: quotes in the middle of a field are text, and what follows a closing
// quote belongs to the field. It runs on the controller.
package csv

import (
	"errors"
	"fmt"
	"strings"
)

// Format says how a table is written.
type Format struct {
	Delimiter rune
	// SkipSpace says that blanks behind a delimiter do not count.
	SkipSpace bool
	// Strict says that what follows a closing quote, and a quote that is not closed,
	// are mistakes.
	Strict bool
}

var errReturn = errors.New("there is a carriage return in the middle of a line: quote the field")

// Read returns the rows of a table. An empty line is a row without fields.
func Read(text string, f Format) ([][]string, error) {
	r := reader{Format: f, rest: text}
	var rows [][]string
	for r.rest != "" {
		row, err := r.row()
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", len(rows)+1, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

type reader struct {
	Format
	rest string
}

func (r *reader) row() (row []string, err error) {
	if ended, err := r.end(); ended || err != nil {
		return nil, err
	}
	for {
		field, err := r.field()
		if err != nil {
			return nil, err
		}
		row = append(row, field)
		if after, more := strings.CutPrefix(r.rest, string(r.Delimiter)); more {
			r.rest = after
			continue
		}
		_, err = r.end()
		return row, err
	}
}

// end goes over the end of a line, and reports whether it was there.
func (r *reader) end() (bool, error) {
	after := strings.TrimLeft(r.rest, "\r")
	switch {
	case after == "", after[0] == '\n':
		r.rest = strings.TrimPrefix(after, "\n")
		return true, nil
	case len(after) < len(r.rest):
		return true, errReturn
	}
	return false, nil
}

// field reads a field, as far as a delimiter, the end of the line or of the text.
func (r *reader) field() (string, error) {
	if r.SkipSpace {
		r.rest = strings.TrimLeft(r.rest, " ")
	}
	var out strings.Builder
	if inner, quoted := strings.CutPrefix(r.rest, `"`); quoted {
		for r.rest = inner; ; {
			part, after, closed := strings.Cut(r.rest, `"`)
			out.WriteString(part)
			if r.rest = after; !closed {
				if r.Strict {
					return "", errors.New("a quote is not closed")
				}
				return out.String(), nil
			}
			if !strings.HasPrefix(after, `"`) {
				break
			}
			out.WriteByte('"')
			r.rest = after[1:]
		}
	}
	end := strings.IndexAny(r.rest, string(r.Delimiter)+"\r\n")
	if end < 0 {
		end = len(r.rest)
	}
	if end > 0 && out.Len() > 0 && r.Strict {
		return "", fmt.Errorf("there is %q behind a closing quote", r.rest[:end])
	}
	out.WriteString(r.rest[:end])
	r.rest = r.rest[end:]
	return out.String(), nil
}
