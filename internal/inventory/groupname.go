package inventory

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"fleet/internal/source"
)

// GroupNames says what becomes of groups whose names cannot be a variable's, as
// Ansible's setting force_valid_group_names has it.
type GroupNames string

// What becomes of such names. The zero value keeps them.
const (
	KeepNames     GroupNames = "ignore"   // they stay
	WarnNames     GroupNames = "never"    // they stay, with a warning
	ReplaceNames  GroupNames = "always"   // "_" stands for each character, with a warning
	SilentlyNames GroupNames = "silently" // "_" stands for each character
)

var unsafeName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[0-9]|[^\pL\pN_]`)
})

// safeName is a group's name that can be a variable's too.
func safeName(name string) string { return unsafeName().ReplaceAllString(name, "_") }

// groupName returns the name that a group gets.
func (inv *Inventory) groupName(name string) string {
	if inv.names == ReplaceNames || inv.names == SilentlyNames {
		return safeName(name)
	}
	return name
}

// unsafeNames warns about names of groups that cannot be a variable's.
func (r *reader) unsafeNames() {
	var names []string
	for _, g := range r.inv.groupList {
		if g.Written != safeName(g.Written) {
			names = append(names, g.Written)
		}
	}
	if len(names) == 0 {
		return
	}
	slices.Sort(names)
	list := strings.Join(names, ", ")
	switch r.inv.names {
	case WarnNames:
		r.warn(source.Errorf(source.Pos{}, "Invalid characters were found in group names but not replaced: %s", list).
			WithHint(`a template reaches such a group as groups['%s'] only; "force_valid_group_names = ignore" says no more of it`, names[0]))
	case ReplaceNames:
		r.warn(source.Errorf(source.Pos{}, "Invalid characters were found in group names and automatically replaced: %s", list).
			WithHint("%s", fmt.Sprintf("%s is %s now", names[0], safeName(names[0]))))
	}
}
