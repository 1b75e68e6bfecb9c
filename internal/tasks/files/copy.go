package files

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
	"fleet/internal/wire"
)

// Copy puts files of the controller, or of the target itself, onto the target.
//
// Bytes are only sent where the target's file differs. A source folder whose
// name ends in a slash stands for what is in it.
//
// Example:
//
//	tasks:
//	  - name: Configure the time service
//	    copy:
//	      src: chrony.conf
//	      dest: /etc/chrony/chrony.conf
//	      mode: "0644"
//	      backup: true
var Copy = sys.Define(spec.Module{
	Name:      "copy",
	Names:     []string{"ansible.builtin.copy", "ansible.legacy.copy"},
	Exclusive: [][]string{{"src", "content"}},
	DiffList:  true,
	OwnNeeds:  true,
}, copy_)

type copyArgs struct {
	// What to copy: a file or folder of the controller, or of the target with remote_src.
	Src string `arg:"src" type:"path"`
	// The text of the file, in place of src. A mapping or list is written as JSON.
	Content any `arg:"content"`
	// Where to. A folder, or a path that ends in a slash, gets a file of src's name.
	Dest string `arg:"dest,required" type:"path"`
	sys.Perms
	// The permissions of folders that are created while a folder is copied.
	DirectoryMode any `arg:"directory_mode" form:"mode"`
	// Decrypts what is taken from the controller where it is a vault.
	Decrypt bool `arg:"decrypt" default:"yes"`
	// Keeps a file that is replaced under a name with the time in it.
	Backup bool `arg:"backup"`
	// Replaces a file that differs. With no, a file that is there is left alone.
	Force bool `arg:"force" default:"yes"`
	// A command that has to accept the new file before it is put in place, with %s
	// for its name.
	Validate string `arg:"validate"`
	// Takes src from the target.
	RemoteSrc bool `arg:"remote_src"`
	// Writes where dest points to, if it is a symbolic link, in place of replacing the link.
	Follow bool `arg:"follow"`
	// Copies what symbolic links in a source folder point to, in place of the links.
	LocalFollow *bool `arg:"local_follow"`
	// The SHA-1 digest that the source must have.
	Checksum string `arg:"checksum"`
}

type copyResult struct {
	// The path of the file, or of the folder, on the target.
	Dest string `json:"dest"`
	// The source.
	Src string `json:"src,omitempty"`
	// The file's SHA-1 digest.
	Checksum string `json:"checksum,omitempty"`
	// The file's MD5 digest.
	MD5 string `json:"md5sum,omitempty"`
	// The name of the backup, where one was made.
	BackupFile string `json:"backup_file,omitempty"`
	// Why nothing was done, where force: no kept the file.
	Msg string `json:"msg,omitempty"`
	sys.FileInfo
}

func copy_(ctx context.Context, m *sys.Machine, a *copyArgs) (any, error) {
	dest, err := m.Expand(a.Dest)
	if err != nil {
		return nil, err
	}
	entries, tree, err := copySource(m, a)
	if err != nil {
		return nil, err
	}
	if tree {
		return copyTree(ctx, m, a, dest, entries)
	}
	return copyFile(ctx, m, a, dest, entries[0])
}

// entry is one file to be copied, under its slash-separated name.
type entry struct {
	name    string
	dir     bool
	link    string
	mode    uint32
	content sys.Content
}

// copySource returns what is to be copied, and whether it is a folder.
func copySource(m *sys.Machine, a *copyArgs) (entries []entry, tree bool, err error) {
	if a.RemoteSrc {
		if a.Src == "" {
			return nil, false, errors.New(`argument "remote_src" needs "src"`)
		}
		return remoteSource(m, a)
	}
	if a.Content != nil && len(m.Files) == 0 {
		data, err := contentText(a.Content)
		return []entry{{name: contentName, content: sys.Bytes(data)}}, false, err
	}
	tree = strings.HasSuffix(a.Src, "/") || len(m.Files) > 1
	for _, f := range m.Files {
		e := sentEntry(m, f)
		if !filepath.IsLocal(e.name) {
			return nil, false, fmt.Errorf("file name %q leads out of dest", f.Name)
		}
		tree = tree || e.dir || strings.Contains(f.Name, "/")
		entries = append(entries, e)
	}
	if len(entries) == 0 && !tree {
		return nil, false, errors.New("src (or content) is required")
	}
	return entries, tree, nil
}

// contentName is the name of the file that the argument content stands for.
const contentName = "content"

func sentEntry(m *sys.Machine, f wire.File) entry {
	name, dir := strings.CutSuffix(f.Name, "/")
	return entry{name: name, dir: dir, link: f.Link, mode: f.Mode, content: m.Sent(f)}
}

func contentText(v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		return []byte(v), nil
	case bool:
		if v {
			return []byte("True"), nil
		}
		return []byte("False"), nil
	}
	return json.Marshal(v)
}

func copyFile(ctx context.Context, m *sys.Machine, a *copyArgs, dest string, e entry) (any, error) {
	dest, err := fileInto(ctx, m, a, dest, e)
	if err != nil {
		return nil, err
	}
	res := copyResult{Dest: dest, Src: a.Src}
	if !a.Force && m.Exists(dest) {
		res.Msg, res.FileInfo = "the file is there already", m.FileInfo(dest)
		return res, nil
	}
	if err := checkSum(ctx, a.Checksum, e.content); err != nil {
		return res, err
	}
	done, err := m.Write(ctx, a.write(dest, e))
	res.BackupFile = done.BackupFile
	if err != nil {
		return res, err
	}
	res.FileInfo = m.FileInfo(dest)
	if !m.Check || !m.Changed() {
		res.Checksum, _ = m.Digest(dest, "sha1")
		res.MD5, _ = m.Digest(dest, "md5")
	}
	return res, nil
}

// fileInto returns the path of the file itself where dest is a folder, which is
// created where it is only meant to be one.
func fileInto(ctx context.Context, m *sys.Machine, a *copyArgs, dest string, e entry) (string, error) {
	folder := strings.HasSuffix(dest, "/")
	if info, err := os.Stat(m.Path(dest)); !folder && (err != nil || !info.IsDir()) {
		return dest, nil
	}
	if e.name == contentName && a.Src == "" {
		return "", fmt.Errorf("can not use content with a dir as dest: %s", a.Dest)
	}
	if folder {
		perms := sys.Perms{Mode: a.DirectoryMode, Owner: a.Owner, Group: a.Group, Extras: a.Extras}
		if _, err := m.MakeDir(ctx, dest, perms); err != nil {
			return "", err
		}
	}
	return filepath.Join(dest, e.name), nil
}

func (a *copyArgs) write(dest string, e entry) sys.Write {
	w := sys.Write{Path: dest, Content: e.content, Perms: a.Perms, Follow: a.Follow, Backup: a.Backup, Validate: a.Validate}
	if a.Mode == "preserve" {
		w.Perms.Mode = int(e.mode)
	}
	return w
}

// checkSum holds the content against a SHA-1 digest, if there is one.
func checkSum(ctx context.Context, want string, c sys.Content) error {
	if want == "" {
		return nil
	}
	r, err := c.Open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	h := sha1.New()
	if _, err := io.Copy(h, r); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); !strings.EqualFold(got, want) {
		return fmt.Errorf("the source has the SHA-1 digest %s, not %s as argument %q wants", got, want, "checksum")
	}
	return nil
}
