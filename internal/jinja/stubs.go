package jinja

import (
	"errors"

	"fleet/internal/source"
)

// Options are how a template text is read.
type Options struct {
	// TrimBlocks removes the newline after a block tag.
	TrimBlocks bool
	// LstripBlocks removes the blanks between a line's start and a block tag.
	LstripBlocks bool
	// KeepTrailingNewline keeps the newline that ends the text, as Jinja's option.
	KeepTrailingNewline bool
	// PreserveNewlines gives the result at least as many newlines at its end as
	// the text has, which is what Ansible does for variables and template files.
	PreserveNewlines bool
	// RawBackslashes leaves backslashes of strings inside {{ }} alone, which is
	// what Ansible does for text in playbooks (not in template files).
	RawBackslashes bool
	// Delimiters; the zero values are {{ }} {% %} {# #}.
	VariableStart, VariableEnd, BlockStart, BlockEnd, CommentStart, CommentEnd string
	// NewlineSequence ends the lines of the result; "\n" where empty.
	NewlineSequence string
}

// ForFile and ForText are the options of Ansible for template files and for text
// in playbooks and variable files.
var (
	ForFile = Options{TrimBlocks: true, PreserveNewlines: true}
	ForText = Options{TrimBlocks: true, PreserveNewlines: true, RawBackslashes: true}
)

var errStub = errors.New("jinja: not built yet")

type Template struct{}
type Expr struct{}
type Macro struct{}
type Namespace struct{}
type Text struct{ src string }
type render struct{}
type tables struct{}

func builtin() *tables            { return nil }
func Repr(v any) string           { return "" }
func Str(v any) string            { return "" }
func describe(v any) string       { return "" }
func sorted(l []string) []string  { return l }

var errBreak, errContinue error

// Parse reads a template that starts at pos. Unknown filters and tests are errors.
func Parse(src string, pos source.Pos, o Options) (*Template, error) { return nil, errStub }

// Render returns the text.
func (t *Template) Render(c *Context) (string, error) { return "", errStub }

// Native returns the value of a template that is one single expression with its
// own type, and the text of every other.
func (t *Template) Native(c *Context) (any, error) { return nil, errStub }

// Names returns the variables that the template does not define itself.
func (t *Template) Names() []Ref { return nil }

// Calls returns the filters, tests and lookups in use.
func (t *Template) Calls() []Call { return nil }

// ParseExpr reads a bare expression: when, until, changed_when.
func ParseExpr(src string, pos source.Pos) (*Expr, error) { return nil, errStub }

// Value returns the expression's value, resolved; something undefined is an error.
func (e *Expr) Value(c *Context) (any, error) { return nil, errStub }

// Truth returns whether Python holds the value to be true.
func (e *Expr) Truth(c *Context) (bool, error) { return false, errStub }

// Names is as Template.Names.
func (e *Expr) Names() []Ref { return nil }

// Calls is as Template.Calls.
func (e *Expr) Calls() []Call { return nil }

// IsTemplate reports whether s has a template marker: {{, {% or {#.
func IsTemplate(s string) bool { return false }

// NewText returns s as a value that is evaluated where it is used. Mistakes in
// it are kept: Check returns them, and so does its evaluation.
func NewText(s string, pos source.Pos) *Text { return &Text{s} }

// Check returns the text's syntax error, with its position.
func (t *Text) Check() error { return nil }

// Source returns the text as written; Pos says where.
func (t *Text) Source() string  { return t.src }
func (t *Text) Pos() source.Pos { return source.Pos{} }

// Names and Calls are as Template.Names and Template.Calls.
func (t *Text) Names() []Ref  { return nil }
func (t *Text) Calls() []Call { return nil }

// Resolve evaluates the text: see Template.Native.
func (t *Text) Resolve(c *Context) (any, error) { return nil, errStub }

// FromYAML returns what a node of the operator's own file stands for: text with
// a template marker is a *Text, unless it is tagged !unsafe.
func FromYAML(n source.Node) any { return nil }

// Plain is FromYAML where nothing is a template.
func Plain(n source.Node) any { return nil }

// FromJSON reads JSON: ordered maps, integers stay integers.
func FromJSON(data []byte) (any, error) { return nil, errStub }

// ToJSON writes v, resolved before, compactly and in its order.
func ToJSON(v any) ([]byte, error) { return nil, errStub }

// Truth returns whether Python holds v, resolved before, to be true.
func Truth(v any) (bool, error) { return false, errStub }

// Filters, Tests and Lookups return the names there are, sorted.
func Filters() []string { return nil }
func Tests() []string   { return nil }
func Lookups() []string { return nil }
