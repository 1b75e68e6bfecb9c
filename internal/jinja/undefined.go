package jinja

import (
	"errors"
	"strings"

	"fleet/internal/source"
)

// errUndefined is in the chain of every error about something undefined.
var errUndefined = errors.New("undefined")

// IsUndefined reports whether err says that something is undefined.
func IsUndefined(err error) bool { return errors.Is(err, errUndefined) }

// Undefined is a missing variable, attribute or item. It can be passed around,
// tested with `is defined` and replaced by default(); every other use is an error.
type Undefined struct {
	// Name is the missing name.
	Name string

	at      place
	owner   any             // what the attribute is missing from
	attr    bool            // an attribute or item, not a variable
	notText bool            // the item's key is a number or the like
	known   func() []string // the names there are, where the owner does not tell
	hint    string          // the message of undef()
	cause   error           // what resolving a lazy value said
	// lenient is the value of `a if b` where b is false: it is undefined, but
	// prints as nothing, is false and empty.
	lenient bool
	// start is where the text of the owner starts in its source, from 1.
	start int
}

// maxHintName is the length of a name up to which a similar one is looked for.
const maxHintName = 100

// Err returns the error of using u: where, what, and the nearest name. It quotes
// as Ansible does: playbooks look for "'x' is undefined" in a task's msg.
func (u *Undefined) Err() error {
	if u.cause != nil {
		return u.cause
	}
	name := short(u.Name)
	msg, hint := Repr(name)+" is undefined", ""
	switch {
	case u.hint != "":
		msg = u.hint
	case u.attr:
		msg = u.ownerText() + " has no attribute " + Repr(name)
	}
	if len(u.Name) <= maxHintName {
		hint = source.DidYouMean(u.Name, sorted(u.names()))
	}
	return &source.Error{Pos: u.at.pos(), Msg: msg, Hint: hint, Err: errUndefined}
}

// names returns the names that could have been meant.
func (u *Undefined) names() []string {
	if u.known != nil {
		return u.known()
	}
	switch owner := u.owner.(type) {
	case *Map:
		return owner.names()
	case *Namespace:
		return owner.vars.names()
	}
	return nil
}

// writeRepr writes u as Python shows the object that stands for it.
func (u *Undefined) writeRepr(b *strings.Builder, depth int) {
	if u.lenient {
		b.WriteString("Undefined")
		return
	}
	b.WriteString("AnsibleUndefined(hint=None, obj=")
	if u.attr {
		writeRepr(b, u.owner, depth+1)
	} else {
		b.WriteString("missing")
	}
	b.WriteString(", name=")
	if u.notText {
		b.WriteString(u.Name)
	} else {
		quote(b, u.Name)
	}
	b.WriteByte(')')
}

// ownerText is the owner as the template writes it, or what it is.
func (u *Undefined) ownerText() string {
	if u.start > 0 && u.start <= u.at.off && u.at.off <= len(u.at.text.src) {
		s := strings.TrimRight(u.at.text.src[u.start-1:u.at.off], " \t\r\n.[")
		if s != "" && len(s) <= 60 && !strings.Contains(s, "\n") {
			return Repr(s)
		}
	}
	return describe(u.owner)
}

// place is an offset in a source text; its position is computed when asked for.
type place struct {
	text *text
	off  int
}

// text is a parsed source and where it starts.
type text struct {
	src string
	pos source.Pos
}

func (p place) pos() source.Pos {
	if p.text == nil {
		return source.Pos{}
	}
	return p.text.pos.At(p.text.src, p.off)
}

// newError returns an error that gets its position on the way up.
func newError(format string, args ...any) *source.Error {
	return source.Errorf(source.Pos{}, format, args...)
}

// locate gives err the position where it has none.
func locate(err error, at place) error {
	var e *source.Error
	if errors.As(err, &e) {
		if !e.Pos.IsZero() {
			return err
		}
		if direct, ok := err.(*source.Error); ok {
			c := *direct
			c.Pos = at.pos()
			return &c
		}
	}
	if errors.Is(err, errBreak) || errors.Is(err, errContinue) {
		return err
	}
	return &source.Error{Pos: at.pos(), Msg: err.Error(), Hint: source.HintOf(err), Err: err}
}
