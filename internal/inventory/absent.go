package inventory

import (
	"errors"
	"io/fs"
	"strings"

	"fleet/internal/source"
)

// Absent says what becomes of sources that are not there.
type Absent int

// What becomes of them.
const (
	// AbsentFails: each is an error.
	AbsentFails Absent = iota
	// AbsentWarns: each is a warning where no source is there at all, so that what
	// needs no inventory goes on; where others are, it is an error: half of an
	// inventory is worse than none.
	AbsentWarns
	// AbsentPasses: each is a warning.
	AbsentPasses
)

// absent notes a source that cannot be found.
func (r *reader) absent(name string) {
	_, err := source.ReadYAML(name)
	e := &source.Error{Pos: source.Pos{File: name}, Msg: "no such inventory", Err: err}
	if !strings.ContainsAny(name, "/.") {
		e.WithHint("to name hosts instead of a file, end with a comma: %q", name+",")
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		e.Msg = strings.Replace(err.(*source.Error).Msg, "cannot read", "cannot read the inventory", 1)
		r.fail(e)
		return
	}
	r.gone = append(r.gone, e)
}

// judgeAbsent says what the sources that are not there mean, of so many.
func (r *reader) judgeAbsent(sources int) {
	none := sources > 0 && len(r.gone) == sources
	if r.Absent == AbsentFails || r.Absent == AbsentWarns && !none {
		for _, e := range r.gone {
			r.fail(e)
		}
		return
	}
	for _, e := range r.gone {
		r.warn(source.Errorf(source.Pos{}, "Unable to parse %s as an inventory source: it does not exist", e.Pos.File).WithHint("%s", e.Hint))
	}
	if none {
		r.inv.unread = true
		r.warn(source.Errorf(source.Pos{}, "No inventory was parsed, only implicit localhost is available"))
	}
}

// Unread reports whether sources were named, and none of them was there.
func (inv *Inventory) Unread() bool { return inv.unread }
