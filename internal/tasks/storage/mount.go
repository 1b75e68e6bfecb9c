package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Mount has a file system mounted, now and by fstab when the machine starts.
//
// Where mounting fails, fstab is put back as it was. A mount point that this
// made is removed again.
//
// Example:
//
//	tasks:
//	  - name: Have the data where the database looks for it
//	    mount:
//	      path: /srv/data
//	      src: LABEL=data
//	      fstype: ext4
//	      opts: noatime
//	      state: mounted
var Mount = sys.Define(spec.Module{
	Name:  "mount",
	Names: []string{"ansible.posix.mount"},
}, mount)

type mountArgs struct {
	// The mount point; "none" for swap.
	Path string `arg:"path,required" type:"path" alias:"name"`
	// The device, the remote file system, or the folder to bind. It is needed to
	// add to fstab and to mount.
	Src string `arg:"src"`
	// The kind of file system. It is needed to add to fstab and to mount.
	Fstype string `arg:"fstype"`
	// The options, as fstab has them; without it, "defaults".
	Opts string `arg:"opts"`
	// The number for dump.
	Dump string `arg:"dump" default:"0"`
	// In which turn fsck looks at it when the machine starts.
	Passno string `arg:"passno" default:"0"`
	// What should be:
	// mounted is in fstab and mounted;
	// present is in fstab;
	// unmounted is not mounted, whatever fstab says;
	// absent is neither in fstab nor mounted, and the mount point is gone;
	// absent_from_fstab is not in fstab, and stays mounted;
	// remounted takes over new options, always;
	// ephemeral is mounted and not in fstab.
	State string `arg:"state,required" choices:"absent,absent_from_fstab,ephemeral,mounted,present,remounted,unmounted"`
	// The file, where it is not /etc/fstab.
	Fstab string `arg:"fstab" type:"path"`
	// Whether it is mounted when the machine starts; without it, noauto is among
	// the options.
	Boot bool `arg:"boot" default:"true"`
	// Keeps the old fstab under a name with the time in it.
	Backup bool `arg:"backup"`
}

type mountResult struct {
	// The mount point.
	Name string `json:"name"`
	// What is mounted.
	Src string `json:"src,omitempty"`
	// The kind of file system.
	Fstype string `json:"fstype,omitempty"`
	// The options.
	Opts string `json:"opts"`
	// The number for dump.
	Dump string `json:"dump"`
	// The turn of fsck.
	Passno string `json:"passno"`
	// The file that says what is mounted when the machine starts.
	Fstab string `json:"fstab"`
	// Whether it is mounted when the machine starts.
	Boot string `json:"boot"`
	// The old fstab, where it was kept.
	BackupFile string `json:"backup_file,omitempty"`
}

// mountRun is one run of the module.
type mountRun struct {
	m     *sys.Machine
	entry fstabEntry
	fstab string
	state string
	keep  bool // a backup of fstab
	res   *mountResult
}

func mount(ctx context.Context, m *sys.Machine, a *mountArgs) (any, error) {
	r, err := a.run(m)
	if err != nil {
		return nil, err
	}
	mounts, err := mountsOf(m)
	if err != nil {
		return r.res, err
	}
	now, mounted := mounts.at(r.entry.point)
	switch a.State {
	case "present":
		_, err = r.setFstab(ctx, fstabText.with)
	case "absent_from_fstab":
		_, err = r.setFstab(ctx, fstabText.without)
	case "unmounted":
		if mounted {
			err = r.unmount(ctx)
		}
	case "absent":
		err = r.absent(ctx, mounted)
	case "mounted":
		err = r.mounted(ctx, mounted)
	case "remounted":
		if !mounted && !m.Check {
			return r.res, fmt.Errorf("%q is not mounted, so it cannot be mounted anew; state: mounted mounts it", a.Path)
		}
		err = r.remount(ctx)
	case "ephemeral":
		err = r.ephemeral(ctx, mounts, now, mounted)
	}
	return r.res, err
}

// run checks what the states need and fills in what was not given.
func (a *mountArgs) run(m *sys.Machine) (*mountRun, error) {
	point, err := m.Expand(a.Path)
	if err != nil {
		return nil, err
	}
	if point != "/" {
		point = strings.TrimSuffix(point, "/")
	}
	if slices.Contains([]string{"present", "mounted", "ephemeral"}, a.State) {
		for name, value := range map[string]string{"src": a.Src, "fstype": a.Fstype} {
			if value == "" {
				return nil, fmt.Errorf("state %s needs the argument %q", a.State, name)
			}
		}
	}
	r := &mountRun{m: m, fstab: a.Fstab, state: a.State, keep: a.Backup,
		entry: fstabEntry{src: a.Src, point: point, fstype: a.Fstype, opts: a.Opts, dump: a.Dump, passno: a.Passno}}
	if r.fstab == "" {
		r.fstab = "/etc/fstab"
	}
	if r.entry.opts == "" && a.State != "remounted" {
		r.entry.opts = "defaults"
	}
	if options := strings.Split(r.entry.opts, ","); !a.Boot && !slices.Contains(options, "noauto") && a.State != "ephemeral" {
		r.entry.opts += ",noauto"
	}
	e := r.entry
	r.res = &mountResult{Name: e.point, Src: e.src, Fstype: e.fstype, Opts: e.opts, Dump: e.dump, Passno: e.passno,
		Fstab: r.fstab, Boot: map[bool]string{true: "yes", false: "no"}[a.Boot]}
	return r, nil
}

// setFstab edits fstab and returns the text that it had.
func (r *mountRun) setFstab(ctx context.Context, edit func(fstabText, fstabEntry) fstabText) (old string, err error) {
	old, there, err := r.m.ReadText(r.fstab)
	if err != nil {
		return old, err
	}
	text := string(edit(fstabText(old), r.entry))
	if text == old && (there || r.state != "present" && r.state != "mounted") {
		return old, nil
	}
	done, err := r.m.Write(ctx, sys.Write{Path: r.fstab, Content: sys.Bytes([]byte(text)), NewMode: 0o644, Follow: true, Backup: r.keep})
	r.res.BackupFile = done.BackupFile
	return old, err
}

func (r *mountRun) unmount(ctx context.Context) error {
	return r.m.Perform(ctx, "unmount "+r.entry.point, "umount", r.entry.point)
}

func (r *mountRun) absent(ctx context.Context, mounted bool) error {
	if _, err := r.setFstab(ctx, fstabText.without); err != nil || !r.m.Changed() {
		return err
	}
	if mounted {
		if err := r.unmount(ctx); err != nil {
			return err
		}
	}
	return removePoint(ctx, r.m, r.entry.point)
}

// mounted puts fstab back where mounting fails: the machine would not start with it.
func (r *mountRun) mounted(ctx context.Context, mounted bool) error {
	made := false
	if r.entry.point != "none" {
		var err error
		if made, err = r.m.MakeDir(ctx, r.entry.point, sys.Perms{}); err != nil {
			return err
		}
	}
	before := len(r.m.Changes())
	old, err := r.setFstab(ctx, fstabText.with)
	if err != nil {
		return err
	}
	switch {
	case !mounted:
		err = r.m.Perform(ctx, "mount "+r.entry.point, r.argv("mount", r.entry.point)...)
	case len(r.m.Changes()) > before:
		err = r.remount(ctx)
	}
	if err == nil {
		return nil
	}
	if len(r.m.Changes()) > before {
		_, restore := r.m.Write(ctx, sys.Write{Path: r.fstab, Content: sys.Bytes([]byte(old)), Follow: true})
		err = errors.Join(err, restore)
	}
	if made {
		err = errors.Join(err, removePoint(ctx, r.m, r.entry.point))
	}
	return err
}

// argv names fstab to mount where it is not the machine's own.
func (r *mountRun) argv(program string, args ...string) []string {
	argv := []string{program}
	if r.fstab != "/etc/fstab" {
		argv = append(argv, "-T", r.m.Path(r.fstab))
	}
	return append(argv, args...)
}

// remount takes over new options. What refuses that is unmounted and mounted.
func (r *mountRun) remount(ctx context.Context) error {
	opts := "remount"
	if r.state == "ephemeral" || r.state == "remounted" && r.entry.opts != "" {
		opts += "," + r.entry.opts
	}
	return r.m.Change(ctx, sys.Change{What: "remount " + r.entry.point, Do: func(ctx context.Context) error {
		out, err := r.m.Run(ctx, sys.Command{Argv: r.argv("mount", "-o", opts, r.entry.point)})
		if err != nil || out.Code == 0 {
			return err
		}
		if _, err := r.m.Must(ctx, "umount", r.entry.point); err != nil {
			return err
		}
		_, err = r.m.Must(ctx, r.mountArgv()...)
		return err
	}})
}

// mountArgv is the command that mounts: by fstab, or by all that it has to know.
func (r *mountRun) mountArgv() []string {
	if r.state == "ephemeral" {
		return []string{"mount", "-t", r.entry.fstype, "-o", r.entry.opts, r.entry.src, r.entry.point}
	}
	return r.argv("mount", r.entry.point)
}

func (r *mountRun) ephemeral(ctx context.Context, all mounts, now mountPoint, mounted bool) error {
	if mounted {
		if !all.isFrom(r.m, now, r.entry) {
			return fmt.Errorf("%q has %q mounted already, not %q; unmount it first (state: unmounted)", r.entry.point, now.source, r.entry.src)
		}
		return r.remount(ctx)
	}
	made, err := r.m.MakeDir(ctx, r.entry.point, sys.Perms{})
	if err != nil {
		return err
	}
	err = r.m.Perform(ctx, "mount "+r.entry.point, r.mountArgv()...)
	if err != nil && made {
		err = errors.Join(err, removePoint(ctx, r.m, r.entry.point))
	}
	return err
}
