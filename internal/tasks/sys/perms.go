package sys

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Perms are the arguments about a file's permissions that modules share. An
// empty field leaves the file as it is.
type Perms struct {
	// The permissions, as octal digits in quotes ("0644") or as chmod's symbolic
	// changes ("u=rw,g+x"). Without it a new file gets what the umask leaves, and
	// an existing file keeps its own.
	Mode any `arg:"mode" form:"mode"`
	// The user that owns the file, by name or number.
	Owner string `arg:"owner"`
	// The group that the file belongs to, by name or number.
	Group string `arg:"group"`
	Extras
}

// unknownID stands for an account that does not exist yet, in check mode.
const unknownID = -2

// wanted is Perms with its names looked up. An id of -1 is left as it is.
type wanted struct {
	mode         ModeSpec
	uid, gid     int
	owner, group string
}

func (m *Machine) wanted(p Perms) (w wanted, err error) {
	w = wanted{uid: -1, gid: -1, owner: p.Owner, group: p.Group}
	if w.mode, err = ParseMode(p.Mode); err != nil {
		return w, err
	}
	if p.Owner != "" {
		w.uid, err = m.accountID("owner", p.Owner, func() (int, error) {
			u, err := m.LookupUser(p.Owner)
			return u.UID, err
		})
		if err != nil {
			return w, err
		}
	}
	if p.Group != "" {
		w.gid, err = m.accountID("group", p.Group, func() (int, error) {
			g, err := m.LookupGroup(p.Group)
			return g.GID, err
		})
	}
	return w, err
}

func (m *Machine) accountID(arg, name string, lookup func() (int, error)) (int, error) {
	id, err := lookup()
	if err == nil {
		return id, nil
	}
	if n, nerr := strconv.Atoi(name); nerr == nil && n >= 0 {
		return n, nil
	}
	if m.Check && errors.Is(err, ErrNoAccount) {
		// An earlier step may be the one that would have created it.
		return unknownID, nil
	}
	return 0, fmt.Errorf("argument %q: %w", arg, err)
}

// permState is what can be compared of a file.
type permState struct {
	mode     uint32
	uid, gid int
}

func permsOf(info fs.FileInfo) permState {
	st := info.Sys().(*syscall.Stat_t)
	return permState{st.Mode & modeBits, int(st.Uid), int(st.Gid)}
}

// SetPerms gives an existing file or folder the permissions p, through the door.
// Where path is a symbolic link, follow says whether its target is meant; a
// link itself has no mode. In check mode a file may be missing.
func (m *Machine) SetPerms(ctx context.Context, path string, p Perms, follow bool) error {
	w, err := m.wanted(p)
	if err != nil {
		return err
	}
	if err := m.setPerms(ctx, path, w, follow); err != nil {
		return err
	}
	return m.setExtras(ctx, path, p.Extras)
}

func (m *Machine) setPerms(ctx context.Context, path string, w wanted, follow bool) error {
	stat := os.Lstat
	if follow {
		stat = os.Stat
	}
	info, err := stat(m.Path(path))
	if errors.Is(err, fs.ErrNotExist) && m.Check {
		return nil
	}
	if err != nil {
		return cause("look at", path, err)
	}
	link := info.Mode()&fs.ModeSymlink != 0
	old := permsOf(info)
	next := w.over(old, info.IsDir())
	if link {
		next.mode = old.mode
	}
	if next == old {
		return nil
	}
	attrs := m.permAttrs(old, next, w)
	return m.Change(ctx, Change{
		What: "set " + names(attrs) + " of " + path, Attrs: attrs, BeforeName: path, AfterName: path,
		Do: func(context.Context) error { return denied("change", path, applyPerms(m.Path(path), old, next, link)) },
	})
}

func denied(verb, path string, err error) error {
	if err == nil {
		return nil
	}
	switch {
	case errors.Is(err, syscall.EPERM) && os.Geteuid() == 0:
		return fmt.Errorf("%w; it may be immutable (lsattr)", cause(verb, path, err))
	case errors.Is(err, syscall.EPERM):
		return fmt.Errorf("%w; only root can give files away, and only the owner can change the mode (become: true?)", cause(verb, path, err))
	}
	return cause(verb, path, err)
}

// over returns the state that a file in the state old should have.
func (w wanted) over(old permState, dir bool) permState {
	next := permState{w.mode.Apply(old.mode, dir), old.uid, old.gid}
	if w.uid != -1 {
		next.uid = w.uid
	}
	if w.gid != -1 {
		next.gid = w.gid
	}
	return next
}

// applyPerms changes the owner first, because that clears the set-id bits.
func applyPerms(real string, old, next permState, link bool) error {
	if next.uid != old.uid || next.gid != old.gid {
		if err := os.Lchown(real, next.uid, next.gid); err != nil {
			return err
		}
		old.mode &^= setUID | setGID
	}
	if link || old.mode == next.mode {
		return nil
	}
	return syscall.Chmod(real, next.mode)
}

// permAttrs returns what differs.
func (m *Machine) permAttrs(old, next permState, w wanted) (attrs []Attr) {
	if old.mode != next.mode {
		attrs = append(attrs, Attr{"mode", octal(old.mode), octal(next.mode)})
	}
	if old.uid != next.uid {
		attrs = append(attrs, Attr{"owner", m.UserName(old.uid), w.owner})
	}
	if old.gid != next.gid {
		attrs = append(attrs, Attr{"group", m.GroupName(old.gid), w.group})
	}
	return attrs
}

func names(attrs []Attr) string {
	words := make([]string, len(attrs))
	for i, a := range attrs {
		words[i] = a.Name
	}
	return strings.Join(words, " and ")
}

// octal writes a mode as Ansible does: its digits behind a zero.
func octal(mode uint32) string { return fmt.Sprintf("0%03o", mode) }

// UserName returns the user's name, or the number as text where there is none.
func (m *Machine) UserName(uid int) string {
	if u, err := m.LookupUID(uid); err == nil {
		return u.Name
	}
	return strconv.Itoa(uid)
}

// GroupName returns the group's name, or the number as text where there is none.
func (m *Machine) GroupName(gid int) string {
	if g, err := m.LookupGID(gid); err == nil {
		return g.Name
	}
	return strconv.Itoa(gid)
}
