package sys

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// labelName is where SELinux keeps a file's label.
const labelName = "security.selinux"

// Extras are the arguments about a file that are seldom used.
type Extras struct {
	// Flags of the file system, as chattr has them: "+i", "-i", or those that it
	// shall have and no others.
	Attributes *string `arg:"attributes" alias:"attr"`
	// The user of the file's SELinux label. Without SELinux the four have no effect.
	Seuser string `arg:"seuser"`
	// The role of its SELinux label.
	Serole string `arg:"serole"`
	// The type of its SELinux label.
	Setype string `arg:"setype"`
	// The level of its SELinux label.
	Selevel string `arg:"selevel"`
	// Writes into a file in place where it cannot be replaced, because it is mounted
	// on its own or its folder lets nothing be made. Who reads it meanwhile may see
	// half of it. The default is ANSIBLE_UNSAFE_WRITES of the task's environment, or
	// no.
	UnsafeWrites *bool `arg:"unsafe_writes"`
}

func (e *Extras) given() bool {
	return e.Attributes != nil || e.Seuser != "" || e.Serole != "" || e.Setype != "" || e.Selevel != ""
}

// setExtras gives an existing file its flags and its label, through the door.
func (m *Machine) setExtras(ctx context.Context, path string, e Extras) error {
	if !e.given() {
		return nil
	}
	info, err := os.Lstat(m.Path(path))
	if err != nil || info.Mode()&fs.ModeSymlink != 0 {
		return nil // check mode, or a link, which has neither of its own
	}
	if err := m.setLabel(ctx, path, e); err != nil {
		return err
	}
	return m.setFlags(ctx, path, e)
}

// setFlags compares the flags as lsattr shows them, and lets chattr change them.
func (m *Machine) setFlags(ctx context.Context, path string, e Extras) error {
	if e.Attributes == nil {
		return nil
	}
	have := ""
	out, err := m.Run(ctx, Command{Argv: []string{"lsattr", "-d", m.Path(path)}, Env: []string{"LC_ALL=C"}})
	if fields := strings.Fields(out.Stdout); err == nil && out.Code == 0 && len(fields) > 0 {
		have = strings.ReplaceAll(fields[0], "-", "")
	}
	want, sign := *e.Attributes, "="
	if want != "" && strings.ContainsRune("+-=", rune(want[0])) {
		sign, want = want[:1], want[1:]
	}
	same := true
	for _, flag := range want {
		same = same && strings.ContainsRune(have, flag) == (sign != "-")
	}
	if sign == "=" {
		for _, flag := range have { // what the file system sets by itself does not count
			same = same && (strings.ContainsRune(want, flag) || strings.ContainsRune("eINVE", flag))
		}
	}
	if same {
		return nil
	}
	return m.Change(ctx, Change{
		What:  "set the flags of " + path,
		Attrs: []Attr{{"attributes", have, *e.Attributes}}, BeforeName: path, AfterName: path,
		Do: func(ctx context.Context) error {
			_, err := m.Must(ctx, "chattr", sign+want, m.Path(path))
			return err
		},
	})
}

// setLabel changes the parts of the label that are given, where SELinux is on.
func (m *Machine) setLabel(ctx context.Context, path string, e Extras) error {
	if _, err := os.Stat(m.Path("/sys/fs/selinux/enforce")); err != nil {
		return nil
	}
	buf := make([]byte, 1024)
	n, err := syscall.Getxattr(m.Path(path), labelName, buf)
	if err != nil {
		return nil // the file system has no labels
	}
	old := strings.TrimRight(string(buf[:n]), "\x00")
	parts := strings.SplitN(old, ":", 4)
	for i, part := range []string{e.Seuser, e.Serole, e.Setype, e.Selevel} {
		if part != "" && part != "_default" && i < len(parts) {
			parts[i] = part
		}
	}
	next := strings.Join(parts, ":")
	if next == old {
		return nil
	}
	return m.Change(ctx, Change{
		What:  "set the SELinux label of " + path,
		Attrs: []Attr{{"secontext", old, next}}, BeforeName: path, AfterName: path,
		Do: func(context.Context) error {
			return denied("label", path, syscall.Setxattr(m.Path(path), labelName, []byte(next+"\x00"), 0))
		},
	})
}

// setExtrasBelow is setExtras for all that is below a folder.
func (m *Machine) setExtrasBelow(ctx context.Context, folder string, e Extras) error {
	if !e.given() {
		return nil
	}
	root := m.Path(folder)
	return filepath.WalkDir(root, func(real string, _ fs.DirEntry, err error) error {
		if err != nil || real == root {
			return err
		}
		return m.setExtras(ctx, filepath.Join(folder, strings.TrimPrefix(real, root)), e)
	})
}

// unsafeWrites reports whether files may be written in place.
func (m *Machine) unsafeWrites(e *Extras) bool {
	if e.UnsafeWrites != nil {
		return *e.UnsafeWrites
	}
	return slices.Contains([]string{"1", "true", "yes", "on", "y", "t"}, strings.ToLower(m.Env["ANSIBLE_UNSAFE_WRITES"]))
}

// overwrite copies the new file's bytes into the old file, which keeps its inode.
func overwrite(temp, real string) error {
	from, err := os.Open(temp)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(real, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if cerr := to.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("the file may be half written: %w", err)
	}
	return nil
}
