// Package databasetest tests modules of databases against a server that plays a
// dialog. It is for tests only.
package databasetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// Exchange is one statement that a test expects, and what the server says to it.
type Exchange struct {
	SQL  string     // as it comes, or how it begins, before an ellipsis
	Rows [][]string // the first are the names of columns; nil: it is no query
	Done string     // what was done, in the words of the kind of server
	Code string     // of a refusal
	Text string
}

// ParseDialog reads exchanges, in which
//
//	> is a statement
//	| is a row, whose fields are parted by " | "; the first has the names
//	= is what was done
//	! is an error's code and text
func ParseDialog(text string) ([]Exchange, error) {
	var out []Exchange
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		sign, rest, _ := strings.Cut(line, " ")
		if sign == ">" {
			out = append(out, Exchange{SQL: rest})
			continue
		}
		if line == "" || len(out) == 0 {
			continue
		}
		switch e := &out[len(out)-1]; sign {
		case "|":
			e.Rows = append(e.Rows, strings.Split(rest, " | "))
		case "=":
			e.Done = rest
		case "!":
			e.Code, e.Text, _ = strings.Cut(rest, " ")
		default:
			return nil, fmt.Errorf("line %q", line)
		}
	}
	return out, nil
}

// Dialog is what a server plays, in its order. It may be used concurrently.
type Dialog struct {
	t    testing.TB
	mu   sync.Mutex
	left []Exchange
}

// NewDialog returns a Dialog of these exchanges.
func NewDialog(t testing.TB, steps []Exchange) *Dialog { return &Dialog{t: t, left: steps} }

// Next returns the exchange of a statement. One that does not come next fails the
// test, and the server should refuse it.
func (d *Dialog) Next(sql string) (e Exchange, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	want := "no more"
	if len(d.left) > 0 {
		e, want = d.left[0], d.left[0].SQL
		begin, open := strings.CutSuffix(want, "…")
		if ok = sql == want || open && strings.HasPrefix(sql, begin); ok {
			d.left = d.left[1:]
			return e, true
		}
	}
	d.t.Errorf("statement\n got %s\nwant %s", sql, want)
	return Exchange{}, false
}

// Done fails the test where statements were expected and did not come.
func (d *Dialog) Done(phase string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.left {
		d.t.Errorf("%s: the statement did not come: %s", phase, e.SQL)
	}
}
