// Package reason says what Go's own library says of a failure in an operator's
// words: who was asked, what happened, and what to look at next. Both sides use
// it. What other programs and fleet itself say stays as it is.
package reason

import (
	"errors"
	"strings"
)

// words are what is said in place of an error of Go's library.
type words struct {
	said string // what happened, with the address, file or program
	hint string // the next step, or empty
}

// A Say returns what is said in place of an error itself, not of one that wraps
// it, and the next step or "". False stands for an error that it does not know.
type Say func(err error) (said, hint string, known bool)

// Of returns the error's text, in which each error of Go's library that it wraps
// is put into words, and the next step, or "" where none is known. also knows
// more errors, or is nil.
func Of(err error, also Say) (text, hint string) {
	text = err.Error()
	visit(err, func(e error) bool {
		w, known := say(e)
		if !known && also != nil {
			w.said, w.hint, known = also(e)
		}
		before, after, inside := strings.Cut(text, e.Error())
		if !known || !inside {
			return known
		}
		if path, bare := file(e); path != "" && strings.Contains(before, path) {
			w.said = bare // the words around it name the file already
		}
		text = before + w.said + after
		if hint == "" {
			hint = w.hint
		}
		return true
	})
	return text, hint
}

// Text returns what Of does as one text, with the hint on a line of its own
// unless the error has one itself.
func Text(err error, also Say) string {
	text, hint := Of(err, also)
	if hint == "" || strings.Contains(text, "\nhint: ") {
		return text
	}
	return text + "\nhint: " + hint
}

// visit calls known for the error and those that it wraps, outermost first, and
// looks into none that is known.
func visit(err error, known func(error) bool) {
	if err == nil || known(err) {
		return
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			visit(e, known)
		}
		return
	}
	visit(errors.Unwrap(err), known)
}
