package archives

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"fleet/internal/archive"
	"fleet/internal/tasks/sys"
)

// unpacking is one call of unarchive with its archive.
type unpacking struct {
	*unarchiveArgs
	opts    tarOptions
	m       *sys.Machine
	arc     *unpackable // nil until the bytes are needed
	work    string      // where it lies
	form    string
	each    func(visit func(archive.Member) error) error // of its members
	dest    string
	members []archive.Member
	differ  map[string]bool
}

// run finds out what differs, unpacks that, and gives everything its permissions.
func (u *unpacking) run(ctx context.Context) error {
	u.differ = map[string]bool{}
	root, err := os.OpenRoot(u.m.Path(u.dest))
	if err == nil {
		defer root.Close()
	} else if !u.m.Check || !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("open folder %q: %w", u.dest, sys.Inner(err))
	}
	if err := u.plan(root); err != nil {
		return fmt.Errorf("archive %q: %w", u.Src, err)
	}
	if len(u.differ) > 0 {
		err := u.m.Change(ctx, sys.Change{
			What:       fmt.Sprintf("unpack %d of %d files of %s into %s", len(u.differ), len(u.members), path.Base(u.Src), u.dest),
			BeforeName: u.dest, AfterName: u.dest, After: u.text(),
			Do: func(ctx context.Context) error { return u.extract(ctx, root) },
		})
		if err != nil {
			return err
		}
	}
	for _, mb := range u.members {
		if u.m.Check && u.differ[mb.Name] {
			continue
		}
		if err := u.m.SetPerms(ctx, path.Join(u.dest, mb.Name), u.Perms, false); err != nil {
			return err
		}
	}
	return nil
}

// text lists what is unpacked, up to a bound.
func (u *unpacking) text() string {
	var b strings.Builder
	for _, mb := range u.members {
		if b.Len() > 16<<10 {
			b.WriteString("...\n")
			break
		}
		if u.differ[mb.Name] {
			b.WriteString(mb.Name + "\n")
		}
	}
	return b.String()
}

func (u *unpacking) names() []string {
	names := make([]string, len(u.members))
	for i, mb := range u.members {
		names[i] = mb.Name
		if mb.Kind == fs.ModeDir {
			names[i] += "/"
		}
	}
	return names
}

// place gives the member its name below dest. False leaves it out.
func (u *unpacking) place(mb *archive.Member) (bool, error) {
	name, err := localName(mb.Name)
	if err != nil {
		return false, err
	}
	take := u.selects(name) && (name != "." || mb.Kind == fs.ModeDir) // as tar does: ./ gives dest its owner and mode
	if name = strip(name, u.opts.strip); name == "" || !take {
		return false, nil
	}
	mb.Name = name
	if mb.CRC != nil && mb.Kind == 0 && mb.Mode == 0 {
		mb.Mode = 0o666 &^ sys.Umask() // packed where files have no permissions
	}
	if mb.Hard {
		target, err := localName(mb.Target)
		if err != nil {
			return false, err
		}
		mb.Target = strip(target, u.opts.strip)
	}
	return true, nil
}

// localName refuses names that lead out of the folder. A slash in front is
// dropped, as tar does.
func localName(name string) (string, error) {
	clean := path.Clean(strings.TrimLeft(name, "/"))
	if !filepath.IsLocal(clean) || strings.Contains(name, "\x00") {
		return "", fmt.Errorf("%q leads out of dest; nothing was unpacked", name)
	}
	return clean, nil
}

func strip(name string, n int) string {
	for ; n > 0; n-- {
		_, rest, ok := strings.Cut(name, "/")
		if !ok {
			return ""
		}
		name = rest
	}
	return name
}

// plan holds what is in the archive against the folder.
func (u *unpacking) plan(root *os.Root) error {
	seen := map[string]int{}
	return u.each(func(mb archive.Member) error {
		ok, err := u.place(&mb)
		if err != nil || !ok {
			return err
		}
		// A member that comes twice is what it is last.
		if i, again := seen[mb.Name]; again {
			u.members[i] = mb
		} else {
			seen[mb.Name] = len(u.members)
			u.members = append(u.members, mb)
		}
		delete(u.differ, mb.Name)
		if root == nil || !u.same(root, mb) {
			u.differ[mb.Name] = true
		}
		return nil
	})
}

// same reports whether the folder has the member as it is in the archive.
func (u *unpacking) same(root *os.Root, mb archive.Member) bool {
	info, err := root.Lstat(mb.Name)
	if err != nil {
		return false
	}
	if mb.Hard {
		target, err := root.Lstat(mb.Target)
		return err == nil && os.SameFile(info, target)
	}
	if mb.Kind == fs.ModeDir && info.Mode()&fs.ModeSymlink != 0 {
		to, err := root.Stat(mb.Name)
		return err == nil && to.IsDir()
	}
	if info.Mode().Type() != mb.Kind {
		return false
	}
	if u.KeepNewer && mb.Kind == 0 && info.ModTime().After(mb.MTime) {
		return true
	}
	st := info.Sys().(*syscall.Stat_t)
	uid, gid := u.ids(mb)
	if uid != -1 && u.Owner == "" && int(st.Uid) != uid || gid != -1 && u.Group == "" && int(st.Gid) != gid {
		return false
	}
	if mb.Kind == fs.ModeSymlink {
		target, err := root.Readlink(mb.Name)
		return err == nil && target == mb.Target
	}
	if u.Mode == nil && st.Mode&0o7777 != u.mode(mb) {
		return false
	}
	return mb.Kind == fs.ModeDir || u.sameBytes(root, mb, info)
}

// sameBytes compares what is cheap: in a tar archive size and time, in a zip
// archive, whose times have no zone, size and checksum.
func (u *unpacking) sameBytes(root *os.Root, mb archive.Member, info fs.FileInfo) bool {
	if info.Size() != mb.Size {
		return false
	}
	if mb.CRC == nil {
		return info.ModTime().Unix() == mb.MTime.Unix()
	}
	f, err := root.Open(mb.Name)
	if err != nil {
		return false
	}
	defer f.Close()
	sum, err := crcOf(f)
	return err == nil && sum == *mb.CRC
}

// mode returns the permissions that the member gets: root takes them as they
// are, others less the umask and the set-id bits.
func (u *unpacking) mode(mb archive.Member) uint32 {
	if os.Geteuid() == 0 && mb.Owned {
		return mb.Mode
	}
	return mb.Mode & 0o777 &^ sys.Umask()
}

// ids returns the owner that the member gets, or -1 for whoever unpacks it.
func (u *unpacking) ids(mb archive.Member) (uid, gid int) {
	if !u.opts.sameOwner || !mb.Owned {
		return -1, -1
	}
	uid, gid = mb.UID, mb.GID
	if who, err := u.m.LookupUser(mb.Owner); mb.Owner != "" && err == nil {
		uid = who.UID
	}
	if who, err := u.m.LookupGroup(mb.Group); mb.Group != "" && err == nil {
		gid = who.GID
	}
	return uid, gid
}
