package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// File brings a file, folder or link to a state and to its permissions. It does
// not write content: that is what copy and template are for.
//
// Example:
//
//	tasks:
//	  - name: Have a folder for the data
//	    file:
//	      path: /srv/app/data
//	      state: directory
//	      owner: app
//	      mode: "0750"
var File = sys.Define(spec.Module{
	Name:  "file",
	Names: []string{"ansible.builtin.file", "ansible.legacy.file"},
}, file)

type fileArgs struct {
	// The file.
	Path string `arg:"path,required" type:"path" alias:"dest,name"`
	// What path shall be: a directory (with its parents), an empty file if there is
	// none (touch), a symbolic link or a hard link to src, absent, or a file, which
	// has to be there. Without it only the permissions of what is there are changed.
	State string `arg:"state" choices:"absent,directory,file,hard,link,touch"`
	// What the link points to. For a symbolic link it is written as it is.
	Src string `arg:"src"`
	sys.Perms
	// Gives the permissions to everything below a directory, too.
	Recurse bool `arg:"recurse"`
	// Makes a link to something that does not exist, or in place of a file or an
	// empty folder.
	Force bool `arg:"force"`
	// Changes what a symbolic link points to, in place of the link itself.
	Follow bool `arg:"follow" default:"yes"`
	// When the file was changed last: preserve, now, or a time in modification_time_format.
	ModificationTime string `arg:"modification_time"`
	// How modification_time is written, in the signs of strftime.
	ModificationTimeFormat string `arg:"modification_time_format" default:"%Y%m%d%H%M.%S"`
	// When the file was read last: preserve, now, or a time in access_time_format.
	AccessTime string `arg:"access_time"`
	// How access_time is written, in the signs of strftime.
	AccessTimeFormat string `arg:"access_time_format" default:"%Y%m%d%H%M.%S"`
	// Only looks whether the file is text: this is how Ansible's own steps ask.
	DiffPeek any `arg:"_diff_peek"`
}

type fileResult struct {
	// The path of the file.
	Path string `json:"path"`
	// The path of the file, as other modules call it.
	Dest string `json:"dest"`
	// What a link points to.
	Src string `json:"src,omitempty"`
	// What could not be known in check mode.
	Msg string `json:"msg,omitempty"`
	// Whether the file has a zero byte near its start, with _diff_peek.
	AppearsBinary *bool `json:"appears_binary,omitempty"`
	// What changes of the file's attributes: before and after. With --diff the former
	// has the path_content of a folder that goes, and both have others: what changes
	// of the files below, or of the folders above.
	Diff *fileDiff `json:"diff,omitempty"`
	// Owners and groups that are not there yet, in check mode.
	Warnings []string `json:"warnings,omitempty"`
	sys.FileInfo
}

// fileTask is one call of the module.
type fileTask struct {
	*fileArgs
	m    *sys.Machine
	path string
	was  string // the state that was found
	msg  string
	// content is what a folder that goes holds, where the diff is wanted.
	content *pathContent
}

func file(ctx context.Context, m *sys.Machine, a *fileArgs) (any, error) {
	t := fileTask{fileArgs: a, m: m}
	if err := t.prepare(); err != nil {
		return nil, err
	}
	res := fileResult{}
	var err error
	if a.DiffPeek != nil {
		binary := appearsBinary(m, t.path)
		res.AppearsBinary = &binary
	} else {
		err = t.bring(ctx)
		res.Diff, res.Warnings = t.diff(), t.warnings()
	}
	res.Path, res.Dest, res.Src, res.Msg, res.FileInfo = t.path, t.path, t.Src, t.msg, m.FileInfo(t.path)
	return res, err
}

// appearsBinary reports whether the first 8 KiB of a file hold a zero byte.
func appearsBinary(m *sys.Machine, path string) bool {
	f, err := m.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head, _ := io.ReadAll(io.LimitReader(f, 8<<10)) // a folder has no text
	return bytes.IndexByte(head, 0) >= 0
}

// prepare finds out what is there and what is wanted, as far as it is not said.
func (t *fileTask) prepare() (err error) {
	if t.path, err = t.m.Expand(t.Path); err != nil {
		return err
	}
	if t.path != "/" {
		t.path = strings.TrimSuffix(t.path, "/")
	}
	if strings.HasPrefix(t.Src, "~") {
		if t.Src, err = t.m.Expand(t.Src); err != nil {
			return err
		}
	}
	t.was = t.state(t.path)
	switch {
	case t.State == "" && t.was != "absent":
		t.State = t.was
	case t.State == "" && t.Recurse:
		t.State = "directory"
	case t.State == "":
		t.State = "file"
	}
	if t.Recurse && t.State != "directory" {
		return sys.Messagef("recurse option requires state to be 'directory', not '%s'", t.State)
	}
	if t.Src != "" && t.State != "link" && t.State != "hard" {
		return sys.Messagef("src option requires state to be 'link' or 'hard', not '%s'", t.State)
	}
	return nil
}

func (t *fileTask) state(path string) string {
	info, err := os.Lstat(t.m.Path(path))
	if err != nil {
		return "absent"
	}
	return sys.StateOf(info)
}

func (t *fileTask) bring(ctx context.Context) error {
	switch t.State {
	case "absent":
		if t.m.Diff && t.was == "directory" {
			t.content = list(t.m, t.path)
		}
		return t.m.Remove(ctx, t.path)
	case "directory":
		return t.directory(ctx)
	case "link":
		return t.link(ctx)
	case "touch":
		return t.touch(ctx)
	}
	if t.State == "hard" && (t.Src != "" || t.was != "hard") {
		return t.hard(ctx)
	}
	return t.file(ctx)
}

// throughLink replaces the path of a symbolic link by that of its target.
func (t *fileTask) throughLink() error {
	if !t.Follow || t.was != "link" {
		return nil
	}
	real, err := realPath(t.m, t.path)
	if errors.Is(err, fs.ErrNotExist) {
		to, _ := os.Readlink(t.m.Path(t.path))
		return fmt.Errorf("%q is a symbolic link to %q, which does not exist; follow: no means the link itself", t.Path, to)
	}
	if err != nil {
		return fmt.Errorf("follow %q: %w", t.Path, sys.Inner(err))
	}
	t.path, t.was = real, t.state(real)
	return nil
}

func (t *fileTask) file(ctx context.Context) error {
	if err := t.throughLink(); err != nil {
		return err
	}
	switch {
	case t.was == "absent" && t.m.Check:
		t.msg = "the file does not exist, so in check mode nothing is known of it"
		return nil
	case t.was == "absent":
		return sys.Messagef("file (%s) is absent, cannot continue\nhint: state: touch makes an empty file, copy or template one with content", t.path)
	case t.was != "file" && t.was != "hard":
		return sys.Messagef("file (%s) is %s, cannot continue", t.path, t.was)
	}
	return t.dress(ctx, "preserve")
}

// dress gives permissions and times to what is there now.
func (t *fileTask) dress(ctx context.Context, times string) error {
	if err := t.m.SetPerms(ctx, t.path, t.Perms, t.Follow); err != nil {
		return err
	}
	return t.setTimes(ctx, times)
}

func (t *fileTask) directory(ctx context.Context) error {
	if err := t.throughLink(); err != nil {
		return err
	}
	if t.was != "absent" && t.was != "directory" {
		return fmt.Errorf("%q is a %s, not a directory", t.Path, t.was)
	}
	if t.was == "absent" {
		if _, err := t.m.MakeDir(ctx, t.path, t.Perms); err != nil {
			return err
		}
		return t.setTimes(ctx, "preserve")
	}
	if err := t.dress(ctx, "preserve"); err != nil || !t.Recurse {
		return err
	}
	return t.m.SetPermsBelow(ctx, t.path, t.Perms, t.Follow)
}

func (t *fileTask) touch(ctx context.Context) error {
	if t.was == "link" && t.Follow && t.m.Exists(t.path) {
		if err := t.throughLink(); err != nil {
			return err
		}
	}
	if t.was != "absent" && (t.was != "link" || t.m.Exists(t.path)) {
		return t.dress(ctx, "now")
	}
	if _, err := t.m.Write(ctx, sys.Write{Path: t.path, Content: sys.Bytes(nil), Perms: t.Perms, Follow: true}); err != nil {
		return err
	}
	// A new file has the time of now already.
	return t.setTimes(ctx, "preserve")
}

// target returns the path of src, which may be relative to the link.
func (t *fileTask) target() string {
	if filepath.IsAbs(t.Src) {
		return t.Src
	}
	return filepath.Join(filepath.Dir(t.path), t.Src)
}
