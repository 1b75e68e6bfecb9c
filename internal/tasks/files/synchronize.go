package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Synchronize brings a folder of the target to what a folder of the controller
// holds.
//
// It goes over fleet's own connection, and neither side needs rsync: what differs
// is found by digests, so that only this is sent. Permissions and symbolic links
// are kept. Owners and times are not: what is new belongs to the user who runs
// the task. Of rsync_opts, --exclude is known. Getting files (mode: pull) and
// copying within the target (delegate_to) are refused: see fetch, and copy with
// remote_src.
//
// Example:
//
//	tasks:
//	  - name: Publish the site
//	    synchronize:
//	      src: site/
//	      dest: /srv/www
//	      delete: true
//	      rsync_opts:
//	        - --exclude=.git
var Synchronize = sys.Define(spec.Module{
	Name:  "synchronize",
	Names: []string{"ansible.posix.synchronize"},
}, synchronize)

type synchronizeArgs struct {
	// The folder or file of the controller. With a slash at its end, what is in the
	// folder is meant.
	Src string `arg:"src,required"`
	// The folder on the target.
	Dest string `arg:"dest,required" type:"path"`
	// Which way; only push is there.
	Mode string `arg:"mode" choices:"pull,push" default:"push"`
	// Takes folders with all that is in them, and keeps symbolic links and
	// permissions.
	Archive bool `arg:"archive" default:"true"`
	// Takes what is below the folder; the default is archive's.
	Recursive *bool `arg:"recursive"`
	// Keeps symbolic links; the default is archive's.
	Links *bool `arg:"links"`
	// Copies what symbolic links point to.
	CopyLinks bool `arg:"copy_links"`
	// Keeps permissions; the default is archive's.
	Perms *bool `arg:"perms"`
	// Keeping the owner is not there; no says that it is not wanted.
	Owner *bool `arg:"owner"`
	// Keeping the group is not there; no says that it is not wanted.
	Group *bool `arg:"group"`
	// Keeping the times is not there; no says that it is not wanted.
	Times *bool `arg:"times"`
	// Removes from the target's folder what is not in the source.
	Delete bool `arg:"delete"`
	// Makes nothing new: only what is there already is brought up to date.
	ExistingOnly bool `arg:"existing_only"`
	// Options of rsync: --exclude=PATTERN is known.
	RsyncOpts []string `arg:"rsync_opts"`
	// Digests are always compared.
	Checksum bool `arg:"checksum"`
	// What shrinks is always sent compressed.
	Compress bool `arg:"compress" default:"true"`
	// Every file is put in place in one step, and not before it is whole.
	DelayUpdates bool `arg:"delay_updates" default:"true"`
	// As delay_updates: there are no partial files.
	Partial bool `arg:"partial"`
	// The connection is fleet's own, whose port the inventory has.
	DestPort *int `arg:"dest_port"`
	// rsync is not used.
	RsyncPath string `arg:"rsync_path"`
	// rsync is not used.
	RsyncTimeout int `arg:"rsync_timeout"`
	// The connection is fleet's own, whose user the inventory has.
	SetRemoteUser bool `arg:"set_remote_user" default:"true"`
	// The connection is fleet's own.
	UseSSHArgs bool `arg:"use_ssh_args"`
	// The connection is fleet's own.
	SSHConnectionMultiplexing bool `arg:"ssh_connection_multiplexing"`
	// The connection is fleet's own, which always knows the host.
	VerifyHost bool `arg:"verify_host"`
	// The connection is fleet's own, whose key the inventory has.
	PrivateKey string `arg:"private_key"`
}

type synchronizeResult struct {
	// What was done, a line each.
	Msg string `json:"msg"`
	// 0, as rsync's exit code.
	RC int `json:"rc"`
	// What was done.
	StdoutLines []string `json:"stdout_lines"`
}

func synchronize(ctx context.Context, m *sys.Machine, a *synchronizeArgs) (any, error) {
	res := &synchronizeResult{StdoutLines: []string{}}
	excludes, err := a.refuse()
	if err != nil {
		return nil, err
	}
	c := &copyArgs{Src: a.Src, Dest: a.Dest, Force: true}
	if given(a.Perms, a.Archive) {
		c.Mode = "preserve"
	}
	dest, err := m.Expand(a.Dest)
	if err != nil {
		return nil, err
	}
	entries, tree, err := copySource(m, c)
	if err != nil {
		return nil, err
	}
	entries = slices.DeleteFunc(entries, func(e entry) bool {
		return excludes.match(e.name, e.dir) || a.ExistingOnly && !there(m, filepath.Join(dest, e.name))
	})
	switch {
	case tree && !given(a.Recursive, a.Archive):
		return nil, errors.New("src is a folder, which archive: true or recursive: true takes")
	case tree:
		_, err = copyTree(ctx, m, c, dest, entries)
		if err == nil && c.Mode != nil {
			err = folderModes(ctx, m, dest, entries)
		}
	case len(entries) > 0:
		_, err = copyFile(ctx, m, c, dest, entries[0])
	}
	if err == nil && a.Delete && tree {
		err = a.deleteOthers(ctx, m, dest, entries, excludes)
	}
	for _, change := range m.Changes() {
		res.StdoutLines = append(res.StdoutLines, change.What)
	}
	res.Msg = strings.Join(res.StdoutLines, "\n")
	return res, err
}

func given(flag *bool, otherwise bool) bool {
	if flag != nil {
		return *flag
	}
	return otherwise
}

func there(m *sys.Machine, path string) bool {
	_, err := os.Lstat(m.Path(path))
	return err == nil
}

// refuse says what cannot be, and returns what is to be left out.
func (a *synchronizeArgs) refuse() (excludes, error) {
	if a.Mode == "pull" {
		return nil, errors.New("synchronize cannot get files from the target (mode: pull); fetch gets single ones")
	}
	for name, flag := range map[string]*bool{"owner": a.Owner, "group": a.Group, "times": a.Times} {
		if given(flag, false) {
			return nil, fmt.Errorf("synchronize cannot keep the %s of files (argument %q)", name, name)
		}
	}
	return parseExcludes(a.RsyncOpts)
}

// folderModes gives the folders that were there already the source's permissions.
func folderModes(ctx context.Context, m *sys.Machine, dest string, entries []entry) error {
	for _, e := range entries {
		if !e.dir || e.mode == 0 {
			continue
		}
		if err := m.SetPerms(ctx, filepath.Join(dest, e.name), sys.Perms{Mode: int(e.mode)}, true); err != nil {
			return err
		}
	}
	return nil
}

// deleteOthers removes what is in the target's folder and not in the source. What
// is excluded stays, and so does a folder that holds such a thing.
func (a *synchronizeArgs) deleteOthers(ctx context.Context, m *sys.Machine, dest string, entries []entry, ex excludes) error {
	dest = strings.TrimSuffix(dest, "/")
	keep := map[string]bool{}
	root := dest
	for i, e := range entries {
		if i == 0 && !strings.HasSuffix(a.Src, "/") {
			root = filepath.Join(dest, strings.SplitN(e.name, "/", 2)[0])
		}
		for name := e.name; name != "."; name = filepath.Dir(name) {
			keep[name] = true
		}
	}
	var gone []string
	err := filepath.WalkDir(m.Path(root), func(real string, d fs.DirEntry, err error) error {
		name, rerr := filepath.Rel(m.Path(dest), real)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil || rerr != nil:
			return errors.Join(err, rerr)
		case real == m.Path(root) || keep[name]:
			return nil
		case ex.match(name, d.IsDir()):
			if d.IsDir() {
				return fs.SkipDir
			}
			for up := filepath.Dir(name); up != "."; up = filepath.Dir(up) {
				keep[up] = true
			}
			return nil
		}
		gone = append(gone, name)
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range gone {
		// What lies in a folder that was removed is gone with it, but in check mode.
		if keep[name] || slices.Contains(gone, filepath.Dir(name)) && !keep[filepath.Dir(name)] {
			continue
		}
		if err := m.Remove(ctx, filepath.Join(dest, name)); err != nil {
			return err
		}
	}
	return nil
}
