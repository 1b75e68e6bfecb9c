package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"fleet/internal/event"
	"fleet/internal/report"
	"fleet/internal/source"
)

// maxFailures is how many errors are printed at once.
const maxFailures = 20

// fail prints an error for a person: where and what on a line, the next step on
// a line of its own. Errors that were joined are printed one by one; exit codes
// have nothing to say.
func fail(w io.Writer, err error) {
	list := flatten(err)
	for i, e := range list {
		if i == maxFailures {
			fmt.Fprintf(w, "fleet: %d more errors\n", len(list)-i)
			return
		}
		text := indented(e.Error())
		if !strings.HasPrefix(text, "fleet ") { // a usage error names the command itself
			text = "fleet: " + text
		}
		fmt.Fprintln(w, text)
		if hint := source.HintOf(e); hint != "" {
			fmt.Fprintf(w, "hint: %s\n", hint)
		}
	}
}

// refuse says as events what a run was refused for, where events are wanted. The
// error is printed all the same.
func (a *app) refuse(json bool, err error) error {
	if !json {
		return err
	}
	out := report.NewJSON(a.out, a.secrets)
	for _, one := range flatten(err) {
		e := event.Refused{Msg: one.Error(), Hint: source.HintOf(one), Syntax: errors.Is(one, source.ErrSyntax)}
		var at *source.Error
		if errors.As(one, &at) && at.Error() == one.Error() {
			e.Pos, e.Msg = at.Pos, at.Msg
		}
		out.Emit(e)
	}
	return errors.Join(err, out.Close())
}

// indented returns a text whose further lines stand a little to the right.
func indented(text string) string {
	return strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}

// flatten returns the errors that were put together by errors.Join, or by a type
// like it, whose text is that of its errors and nothing else.
func flatten(err error) []error {
	if _, only := err.(exitCode); only || err == nil {
		return nil
	}
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return []error{err}
	}
	var texts []string
	for _, e := range joined.Unwrap() {
		if e != nil {
			texts = append(texts, e.Error())
		}
	}
	if strings.Join(texts, "\n") != err.Error() {
		return []error{err}
	}
	var list []error
	for _, e := range joined.Unwrap() {
		if e != nil {
			list = append(list, flatten(e)...)
		}
	}
	return list
}
