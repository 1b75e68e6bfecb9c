// Package source knows where text came from: positions in files, errors that
// show a position and a next step, and YAML that keeps the position of every
// node. It runs on the controller, and of the project it knows only which names
// are near and what a vault looks like.
package source

import (
	"errors"
	"fmt"
	"strconv"
)

// Pos is a place in a file. Line and Col count from 1; 0 means unknown. Col
// counts bytes, as the YAML and Go tool chains do.
type Pos struct {
	File string
	Line int
	Col  int
	// Indent is the number of bytes that the source has before each further
	// line of a multi-line text that starts here (a YAML block scalar).
	Indent int
}

// String returns "file:line:col", leaving out what is unknown.
func (p Pos) String() string {
	s := p.File
	if p.Line > 0 {
		s += ":" + strconv.Itoa(p.Line)
		if p.Col > 0 {
			s += ":" + strconv.Itoa(p.Col)
		}
	}
	return s
}

// IsZero reports whether nothing is known about the place.
func (p Pos) IsZero() bool { return p == Pos{} }

// At returns the position of the byte that stands offset bytes into text, where
// text itself starts at p.
func (p Pos) At(text string, offset int) Pos {
	if p.Line == 0 {
		return p
	}
	offset = min(max(offset, 0), len(text))
	for i := 0; i < offset; i++ {
		if text[i] == '\n' {
			p.Line++
			p.Col = p.Indent + 1
		} else {
			p.Col++
		}
	}
	return p
}

// Error is a mistake in something the user wrote: where, what, and the next
// step. Error() is "where: what"; the hint is printed on a line of its own.
type Error struct {
	Pos  Pos
	Msg  string
	Hint string // the next step, or empty
	Err  error  // the cause, or nil; already part of Msg
}

func (e *Error) Error() string {
	if e.Pos.IsZero() {
		return e.Msg
	}
	return e.Pos.String() + ": " + e.Msg
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error at pos. As with fmt.Errorf, %w keeps the cause.
func Errorf(pos Pos, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Pos: pos, Msg: err.Error(), Err: errors.Unwrap(err)}
}

// WithHint sets the hint and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = format
	if len(args) > 0 {
		e.Hint = fmt.Sprintf(format, args...)
	}
	return e
}

// HintOf returns the hint of the first Error in err's chain that has one.
func HintOf(err error) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}
