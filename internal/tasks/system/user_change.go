package system

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/tasks/sys"
)

// userEdit is one thing that a command line changes. A name that is empty is for
// flags that go with another edit.
type userEdit struct {
	name, was, is string
	flags         []string
}

// apply runs one command with the flags of all edits, in their order.
func (r *userRun) apply(ctx context.Context, program, what, before string, edits []userEdit) error {
	argv, after := []string{program}, ""
	for _, e := range edits {
		argv = append(argv, e.flags...)
		if e.name == "" {
			continue
		}
		if program == "usermod" {
			before += e.name + ": " + e.was + "\n"
		}
		after += e.name + ": " + e.is + "\n"
	}
	argv = append(argv, r.a.Name)
	return r.m.Change(ctx, sys.Change{What: what + " user " + r.a.Name, Before: before, After: after,
		BeforeName: r.a.Name, AfterName: r.a.Name,
		Do: r.must(argv)})
}

// create makes a new user.
func (r *userRun) create(ctx context.Context) error {
	edits := append([]userEdit{{name: "state", is: "present"}}, r.identity(sys.User{UID: -1, GID: -1})...)
	if r.a.System {
		edits = append(edits, userEdit{"system", "", "true", []string{"-r"}})
	}
	edits = append(edits, userEdit{flags: r.rangeFlags()})
	if _, err := findGroup(r.m, r.a.Name); err == nil && r.a.Group == "" {
		// useradd would stumble over the group that it wants to make.
		edits = append(edits, userEdit{flags: []string{"-N"}})
	}
	if r.a.Groups != nil && len(*r.a.Groups) > 0 {
		list := strings.Join(*r.a.Groups, ",")
		edits = append(edits, userEdit{"groups", "", list, []string{"-G", list}})
	}
	if r.a.Expires != nil {
		date := expireDate(*r.a.Expires)
		edits = append(edits, userEdit{"expires", "", date, []string{"-e", date}})
	}
	edits = append(edits, userEdit{flags: r.homeFlags()})
	if r.a.SEUser != "" {
		edits = append(edits, userEdit{flags: []string{"-Z", r.a.SEUser}})
	}
	if err := r.apply(ctx, "useradd", "create", "state: absent\n", edits); err != nil {
		return err
	}
	return r.secrets(ctx, shadow{}, true)
}

// rangeFlags say from which numbers useradd takes that of a new user.
func (r *userRun) rangeFlags() (flags []string) {
	if r.a.UIDMin != nil {
		flags = append(flags, "-K", fmt.Sprintf("UID_MIN=%d", *r.a.UIDMin))
	}
	if r.a.UIDMax != nil {
		flags = append(flags, "-K", fmt.Sprintf("UID_MAX=%d", *r.a.UIDMax))
	}
	return flags
}

func (r *userRun) homeFlags() []string {
	if !r.a.CreateHome {
		return []string{"-M"}
	}
	flags := []string{"-m"}
	if r.a.Skeleton != "" {
		flags = append(flags, "-k", r.a.Skeleton)
	}
	if r.a.Umask != "" {
		flags = append(flags, "-K", "UMASK="+r.a.Umask)
	}
	return flags
}

// identity returns what differs from u in the fields of /etc/passwd.
func (r *userRun) identity(u sys.User) []userEdit {
	var edits []userEdit
	a := r.a
	if a.UID != nil && *a.UID != u.UID {
		uid := strconv.Itoa(*a.UID)
		edits = append(edits, userEdit{"uid", strconv.Itoa(u.UID), uid, []string{"-u", uid}})
		if a.NonUnique {
			edits = append(edits, userEdit{flags: []string{"-o"}})
		}
	}
	if g, err := findGroup(r.m, a.Group); a.Group != "" && (err != nil || g.GID != u.GID) {
		was := ""
		if u.GID >= 0 {
			was = r.m.GroupName(u.GID)
		}
		edits = append(edits, userEdit{"group", was, a.Group, []string{"-g", a.Group}})
	}
	if a.Comment != nil && *a.Comment != u.Gecos {
		edits = append(edits, userEdit{"comment", u.Gecos, *a.Comment, []string{"-c", *a.Comment}})
	}
	if a.Home != "" && a.Home != u.Home {
		flags := []string{"-d", a.Home}
		if a.MoveHome && u.Home != "" {
			flags = append(flags, "-m")
		}
		edits = append(edits, userEdit{"home", u.Home, a.Home, flags})
	}
	if a.Shell != "" && a.Shell != u.Shell {
		edits = append(edits, userEdit{"shell", u.Shell, a.Shell, []string{"-s", a.Shell}})
	}
	return edits
}

// modify brings a user who is there to what is asked for.
func (r *userRun) modify(ctx context.Context, u sys.User) error {
	edits := r.identity(u)
	if r.a.Groups != nil {
		if was, is := r.groups(u); !slices.Equal(was, is) {
			flags := []string{"-G", strings.Join(is, ",")}
			if r.a.Append {
				flags = []string{"-a", "-G", strings.Join(*r.a.Groups, ",")}
			}
			edits = append(edits, userEdit{"groups", strings.Join(was, ","), strings.Join(is, ","), flags})
		}
	}
	s := readShadow(r.m, r.a.Name)
	if r.a.Expires != nil && (s.missing || s.known && expireDate(*r.a.Expires) != s.expireDate()) {
		date := expireDate(*r.a.Expires)
		edits = append(edits, userEdit{"expires", s.expireDate(), date, []string{"-e", date}})
	}
	if len(edits) > 0 {
		if err := r.apply(ctx, "usermod", "change", "", edits); err != nil {
			return err
		}
	}
	return r.secrets(ctx, s, false)
}

// groups returns the other groups that the user is in, and should be in, sorted.
func (r *userRun) groups(u sys.User) (was, is []string) {
	primary := u.GID
	if g, err := findGroup(r.m, r.a.Group); r.a.Group != "" && err == nil {
		primary = g.GID
	}
	for _, g := range allGroups(r.m) {
		if slices.Contains(g.Members, u.Name) && g.GID != primary {
			was = append(was, g.Name)
		}
	}
	for _, name := range *r.a.Groups {
		if g, err := findGroup(r.m, name); err == nil {
			if g.GID == primary {
				continue
			}
			name = g.Name
		}
		is = append(is, name)
	}
	if r.a.Append {
		is = append(is, was...)
	}
	slices.Sort(was)
	slices.Sort(is)
	return slices.Compact(was), slices.Compact(is)
}
