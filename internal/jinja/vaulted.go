package jinja

import (
	"strings"
	"sync"

	"fleet/internal/jinja/vault"
	"fleet/internal/source"
)

// Vaulted is an encrypted value of the operator's: Lazy, so that a value which
// nothing reads needs no password. What it holds is text, and no template. It is
// safe for concurrent use.
type Vaulted struct {
	node source.Node

	once sync.Once
	text string
	err  error
}

// Vault returns the value as it is written: encrypted.
func (v *Vaulted) Vault() string { return strings.TrimSpace(v.node.Text()) + "\n" }

// Resolve decrypts the value, once.
func (v *Vaulted) Resolve(*Context) (any, error) {
	v.once.Do(func() { v.text, v.err = v.node.Decrypt() })
	if v.err != nil {
		return nil, v.err
	}
	return v.text, nil
}

// wrap notes that a vault stands for an encrypted value, as long as the evaluation
// lasts: it stays a text, and YAML has it with the tag !vault.
func (c *Context) wrap(vault string) {
	if c.left.wrapped == nil {
		c.left.wrapped = map[string]bool{}
	}
	c.left.wrapped[vault] = true
}

// wrapped reports whether a value is such a vault.
func (c *Context) wrapped(v any) bool {
	s, isText := v.(string)
	return isText && c.left.wrapped[s]
}

// vaulted is what a value that is written encrypted is for tests that ask for that,
// instead of the text in it.
func (f *frame) vaulted(x expr) (*Vaulted, bool) {
	switch x := x.(type) {
	case *nameExpr:
		if g, _ := f.find(x.name); g != nil || f.bare {
			return nil, false
		}
		v, _ := f.c.Scope.Lookup(x.name)
		secret, ok := v.(*Vaulted)
		return secret, ok
	case *attrExpr:
		if from, err := x.obj.eval(f); err == nil {
			if m, isMap := from.(*Map); isMap {
				v, _ := m.Get(x.name)
				secret, ok := v.(*Vaulted)
				return secret, ok
			}
		}
	}
	return nil, false
}

// testVaultedFile says whether a file of the controller is a vault.
func testVaultedFile(c *Context, v any, _ []any) (any, error) {
	path, err := textArg("path", v)
	if err != nil {
		return nil, err
	}
	if c.Env.Head == nil {
		return nil, newError("files cannot be looked at here")
	}
	head, err := c.Env.Head(path, len(vault.Magic)+1)
	if err != nil {
		return nil, newError("cannot read the file %s: %w", Repr(path), err)
	}
	return vault.IsVault(string(head)), nil
}
