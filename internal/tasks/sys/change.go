package sys

import (
	"context"
	"fmt"
	"strings"
)

// Change is one step that brings the machine nearer to what was asked.
type Change struct {
	// What says it in a few words, starting with a verb: "create /etc/motd".
	What string
	// Before and After are shown as a diff where they differ. Their names stand
	// above it; empty names are both What's object.
	Before, After         string
	BeforeName, AfterName string
	// Attrs stand in place of Before and After where single attributes of something
	// change.
	Attrs []Attr
	// Secret keeps Before and After out of every output.
	Secret bool
	// Do makes the change. It is not called in check mode.
	Do func(ctx context.Context) error
}

// Attr is one attribute before and after; nil where it was not there, or will not
// be. Its values print as fmt.Sprint has them.
type Attr struct {
	Name     string
	From, To any
}

// texts returns what the diff shows.
func (c *Change) texts() (before, after string) {
	if c.Attrs == nil {
		return c.Before, c.After
	}
	var b, a strings.Builder
	for _, attr := range c.Attrs {
		if attr.From != nil {
			fmt.Fprintf(&b, "%s: %v\n", attr.Name, attr.From)
		}
		if attr.To != nil {
			fmt.Fprintf(&a, "%s: %v\n", attr.Name, attr.To)
		}
	}
	return b.String(), a.String()
}

// Diff is a change's text before and after, by the names that Ansible uses.
type Diff struct {
	Before       string `json:"before"`
	After        string `json:"after"`
	BeforeHeader string `json:"before_header,omitempty"`
	AfterHeader  string `json:"after_header,omitempty"`
}

// Diff returns the change's texts as they may be shown.
func (c *Change) Diff() Diff {
	before, after := c.texts()
	if c.Secret && before != after {
		before, after = "(hidden)\n", "(hidden, changed)\n"
	}
	return Diff{before, after, c.BeforeName, c.AfterName}
}

// Change is the door: it records c and, unless in check mode, runs it. A change
// that fails is not recorded.
func (m *Machine) Change(ctx context.Context, c Change) error {
	if !m.Check {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.Do(ctx); err != nil {
			return err
		}
	}
	m.changes = append(m.changes, c)
	return nil
}

// Changed reports whether anything went through the door.
func (m *Machine) Changed() bool { return len(m.changes) > 0 }

// Changes returns what went through the door, in order.
func (m *Machine) Changes() []Change { return m.changes }

// Diffs returns the texts that changed, in order.
func (m *Machine) Diffs() []Diff {
	var diffs []Diff
	for _, c := range m.changes {
		if d := c.Diff(); d.Before != d.After {
			diffs = append(diffs, d)
		}
	}
	return diffs
}
