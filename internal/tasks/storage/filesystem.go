package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Filesystem makes a file system on a device or in a file, lets it grow to the
// size of what it lies on, or wipes it. What is there already is never
// overwritten without force.
//
// Example:
//
//	tasks:
//	  - name: Have a file system for the data
//	    filesystem:
//	      dev: /dev/sdb1
//	      fstype: ext4
//	      opts: -L data
var Filesystem = sys.Define(spec.Module{
	Name:  "filesystem",
	Names: []string{"community.general.filesystem"},
}, filesystem)

type filesystemArgs struct {
	// Whether a file system should be there; absent wipes what tells that there is one.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// The kind of file system; lvm is a physical volume.
	Fstype string `arg:"fstype" alias:"type" choices:"btrfs,ext2,ext3,ext4,ext4dev,f2fs,lvm,ocfs2,reiserfs,swap,vfat,xfs"`
	// The device, or a file that holds a file system.
	Dev string `arg:"dev,required" type:"path" alias:"device"`
	// Overwrite a file system of another kind, and make one of the same kind anew.
	Force bool `arg:"force"`
	// Let the file system grow to the size of the device. xfs and btrfs have to be
	// mounted for that.
	Resizefs bool `arg:"resizefs"`
	// Options for the program that makes the file system.
	Opts string `arg:"opts"`
}

type filesystemResult struct {
	// What is the case.
	Msg string `json:"msg,omitempty"`
}

func filesystem(ctx context.Context, m *sys.Machine, a *filesystemArgs) (any, error) {
	res := &filesystemResult{}
	if a.State == "present" && a.Fstype == "" {
		return res, fmt.Errorf("state present needs the argument %q", "fstype")
	}
	dev, err := m.Expand(a.Dev)
	if err != nil {
		return res, err
	}
	if _, err := os.Stat(m.Path(dev)); errors.Is(err, fs.ErrNotExist) {
		switch {
		case a.State == "absent":
			res.Msg = fmt.Sprintf("device %s not found", dev)
			return res, nil
		case m.Check:
			return res, m.Perform(ctx, "make "+a.Fstype+" on "+dev)
		}
		return res, fmt.Errorf("device %q does not exist", dev)
	}
	now, err := fsOn(ctx, m, dev)
	if err != nil {
		return res, err
	}
	if a.State == "absent" {
		if now == "" {
			res.Msg = fmt.Sprintf("no filesystem on %s", dev)
			return res, nil
		}
		return res, m.Perform(ctx, "wipe "+now+" off "+dev, "wipefs", "--all", dev)
	}
	kind := makers()[a.Fstype]
	want := a.Fstype
	if kind.is != "" {
		want = kind.is
	}
	switch {
	case now == want && !a.Force && a.Resizefs:
		return res, kind.growOn(ctx, m, dev, a.Fstype, res)
	case now == want && !a.Force:
		return res, nil
	case now != "" && !a.Force:
		return res, fmt.Errorf("%q holds %s; force: true overwrites it with %s", dev, now, a.Fstype)
	}
	opts, err := sys.Split(a.Opts)
	if err != nil {
		return res, fmt.Errorf("argument %q: %w", "opts", err)
	}
	argv := append(append(strings.Fields(kind.make), opts...), dev)
	if there, err := m.Need(argv[0], kind.pack); err != nil || !there {
		return res, errors.Join(err, checked(ctx, m, "make "+a.Fstype+" on "+dev))
	}
	return res, m.Perform(ctx, "make "+a.Fstype+" on "+dev, argv...)
}

// checked records a change where nothing can be done because of check mode.
func checked(ctx context.Context, m *sys.Machine, what string) error {
	if !m.Check {
		return nil
	}
	return m.Perform(ctx, what)
}

// fsOn returns the kind of file system on a device, or nothing.
func fsOn(ctx context.Context, m *sys.Machine, dev string) (string, error) {
	argv := []string{"blkid", "-c", "/dev/null", "-o", "value", "-s", "TYPE", dev}
	out, err := m.Query(ctx, argv...)
	if err != nil {
		return "", err
	}
	if out.Code != 0 && out.Code != 2 { // 2 is: nothing found
		return "", &sys.ExitError{Argv: argv, Output: out}
	}
	return strings.TrimSpace(out.Stdout), nil
}
