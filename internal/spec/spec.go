// Package spec describes the arguments of modules and holds given arguments
// against the description. Both sides use it: the controller before it
// connects, the target before it runs. It refuses what it does not know; it
// never guesses.
package spec

import (
	"slices"
	"strings"
)

// Type is the type of an argument, by the name Ansible's documentation uses.
type Type string

// The types of arguments.
const (
	Str   Type = "str"
	Path  Type = "path" // text; the target expands a leading ~
	Int   Type = "int"
	Float Type = "float"
	Bool  Type = "bool"
	List  Type = "list"
	Dict  Type = "dict"
	Raw   Type = "raw" // anything
)

// Arg is one argument of a module.
type Arg struct {
	Name     string
	Aliases  []string
	Type     Type
	Elem     Type // of the elements, where Type is List
	Required bool
	Default  string // as it would be written in a playbook, or empty
	Choices  []string
	Form     Form // what a text, or a number, stands for
	Secret   bool // the value must never be shown
	Plain    bool // text only: a list or a mapping does not become text
	// Gives are the fields of the result, with dots between their steps, that are
	// there only because of this argument, which is a Bool: set to no it has no other
	// effect, and so may be no where nobody can read them.
	Gives []string
	Sub   []Arg // of a Dict, or of the Dicts of a List
}

// A Form is a language that an argument is written in. Types know nothing of it:
// whoever checks playbooks may, and the module says it at run time.
type Form string

const (
	Regexp Form = "regexp" // a regular expression, as Python has them
	Mode   Form = "mode"   // the permissions of a file
)

// Module is what the controller knows of a module.
type Module struct {
	Name     string   // the short name, as "copy"
	Names    []string // the fully qualified names, as "ansible.builtin.copy"
	FreeForm string   // the argument that text behind "module:" stands for, or empty
	// Declares returns the arguments, as Lazily makes it; nil declares none.
	Declares func() []Arg
	// Each Exclusive group takes one argument at most, each OneOf group needs at
	// least one, each Together group all or none.
	Exclusive, OneOf, Together [][]string
	// DiffList says that the result's diff is a list even where one text changed.
	DiffList bool
	// File is the controller's file of a module of the user's own, whose arguments
	// are not known: it takes any.
	File string
	// Facts names the facts that a result may hold; one that ends in * stands for
	// all names that begin so.
	Facts []string
	// OwnNeeds leaves it to the module, or to the controller's part in it, to say at
	// run time what does not fit these groups and which arguments are missing: it has
	// more to say than this.
	OwnNeeds bool
	// Gets names the arguments whose value, or part of it, may be an address of the
	// web that the module fetches.
	Gets []string
}

// Args returns the module's arguments. The caller must not change them.
func (m *Module) Args() []Arg {
	if m.Declares == nil {
		return nil
	}
	return m.Declares()
}

// Finds reports whether the module's result may hold this fact. What a module of
// the user's own may find is not known.
func (m *Module) Finds(name string) bool {
	return m.File != "" || slices.ContainsFunc(m.Facts, func(fact string) bool {
		prefix, all := strings.CutSuffix(fact, "*")
		return fact == name || all && strings.HasPrefix(name, prefix)
	})
}

// Find returns the argument with this name or alias.
func Find(args []Arg, name string) (Arg, bool) {
	for i := range args {
		if args[i].Name == name || slices.Contains(args[i].Aliases, name) {
			return args[i], true
		}
	}
	return Arg{}, false
}

// Join returns args and those of more. An argument that both have is that of args,
// with the aliases and the choices of both; a name in args is no alias in more.
func Join(args, more []Arg) []Arg {
	out := slices.Clone(args)
	for _, m := range more {
		i := slices.IndexFunc(out, func(a Arg) bool { return a.Name == m.Name })
		if i < 0 {
			m.Aliases = slices.DeleteFunc(slices.Clone(m.Aliases), func(alias string) bool {
				_, taken := Find(args, alias)
				return taken
			})
			out = append(out, m)
			continue
		}
		out[i].Aliases = union(out[i].Aliases, m.Aliases)
		if out[i].Choices != nil && m.Choices != nil {
			out[i].Choices = union(out[i].Choices, m.Choices)
		}
	}
	return out
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, word := range b {
		if !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}

// Names returns the names of the arguments, without aliases.
func Names(args []Arg) []string {
	names := make([]string, len(args))
	for i, a := range args {
		names[i] = a.Name
	}
	return names
}

// Error is an argument that does not fit. Key names it as the user wrote it,
// with dots and indexes for nested ones ("ports[0].target").
type Error struct {
	Key string
	Msg string
	// Written says that a list or a mapping stands where text belongs: whoever
	// evaluates the arguments writes it out, as AsText says.
	Written bool
	// Known are the names that could have been meant, for a hint.
	Known []string
}

// AsText reports whether a list or a mapping that is given for a becomes text,
// as Python's str() writes it. That is the controller's to do, which knows the
// order of a mapping: Check and Decode take no such value.
func (a Arg) AsText() bool { return (a.Type == Str || a.Type == Path) && !a.Plain }

func (e *Error) Error() string { return e.Msg }

func quoteList(names []string) string { return strings.Join(names, ", ") }
