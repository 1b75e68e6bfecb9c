package jinja

import (
	"strings"
	"sync"

	"fleet/internal/source"
)

// Text is text of the operator with template markers in it: a Lazy value. It is
// safe for concurrent use.
type Text struct {
	src string
	pos source.Pos

	once sync.Once
	t    *Template
	err  error
}

// IsTemplate reports whether s has a template marker: {{, {% or {#.
func IsTemplate(s string) bool {
	for {
		i := strings.IndexByte(s, '{')
		if i < 0 || i+1 >= len(s) {
			return false
		}
		if c := s[i+1]; c == '{' || c == '%' || c == '#' {
			return true
		}
		s = s[i+1:]
	}
}

// NewText returns s as a value that is evaluated where it is used. Mistakes in
// it are kept: Check returns them, and so does its evaluation.
func NewText(s string, pos source.Pos) *Text { return &Text{src: s, pos: pos} }

// Template returns the parsed text.
func (t *Text) Template() (*Template, error) {
	t.once.Do(func() { t.t, t.err = Parse(t.src, t.pos, ForText()) })
	return t.t, t.err
}

// Check returns the text's syntax error, with its position.
func (t *Text) Check() error {
	_, err := t.Template()
	return err
}

// Source returns the text as written.
func (t *Text) Source() string { return t.src }

// Pos returns where the text starts.
func (t *Text) Pos() source.Pos { return t.pos }

// String returns the text as written.
func (t *Text) String() string { return t.src }

// Names is as Template.Names; a text that does not parse has none.
func (t *Text) Names() []Ref {
	if p, err := t.Template(); err == nil {
		return p.Names()
	}
	return nil
}

// Calls is as Template.Calls.
func (t *Text) Calls() []Call {
	if p, err := t.Template(); err == nil {
		return p.Calls()
	}
	return nil
}

// Resolve evaluates the text: see Template.Native.
func (t *Text) Resolve(c *Context) (any, error) {
	p, err := t.Template()
	if err != nil {
		return nil, err
	}
	return p.Native(c)
}

// Plain returns the text as a value for a place that takes text alone: what it
// gives is not read as a list, a dictionary or a boolean, unless it is one single
// expression that gives one.
func (t *Text) Plain() Lazy { return plain{t} }

type plain struct{ t *Text }

func (p plain) Resolve(c *Context) (any, error) {
	t, err := p.t.Template()
	if err == nil && t.single == nil {
		return t.Render(c)
	}
	return p.t.Resolve(c)
}
