package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Lvol makes a logical volume of LVM, changes its size and removes it.
//
// Nothing becomes smaller and nothing is removed without force. A size that is no whole number of
// extents is that of the next one, and a share of what is free never makes
// a volume smaller: the same task may run again.
//
// Example:
//
//	tasks:
//	  - name: Have a volume for the database
//	    lvol:
//	      vg: data
//	      lv: postgres
//	      size: 20g
//	  - name: Let it take what is left, with its file system
//	    lvol:
//	      vg: data
//	      lv: postgres
//	      size: +100%FREE
//	      resizefs: true
var Lvol = sys.Define(spec.Module{
	Name:  "lvol",
	Names: []string{"community.general.lvol"},
	OneOf: [][]string{{"lv", "thinpool"}},
}, lvol)

type lvolArgs struct {
	// The volume group.
	Vg string `arg:"vg,required"`
	// The logical volume. With snapshot, it is what the snapshot is of.
	Lv string `arg:"lv"`
	// How large it is: a number with a unit of LVM (m without one), or a share, as 50%VG, of the
	// group (VG), of its physical volumes (PVS), of what is free (FREE), or of what a snapshot
	// is of (ORIGIN). With + or - before it, by how much a volume that is there changes, each
	// time. A volume that is to be made needs it.
	Size string `arg:"size"`
	// Whether it should be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// Whether it can be used.
	Active bool `arg:"active" default:"true"`
	// Lets it become smaller, and be removed: what it holds is lost.
	Force bool `arg:"force"`
	// Whether one that is larger than size becomes smaller; without force that is refused.
	Shrink bool `arg:"shrink" default:"true"`
	// Changes its file system with it.
	Resizefs bool `arg:"resizefs"`
	// Options for lvcreate.
	Opts string `arg:"opts"`
	// The snapshot of lv that this is about.
	Snapshot string `arg:"snapshot"`
	// The thin pool: that of lv, or, without lv, what this is about.
	Thinpool string `arg:"thinpool"`
	// The physical volumes that it takes its room from.
	Pvs []string `arg:"pvs"`
}

type lvolResult struct {
	// The volume group.
	Vg string `json:"vg,omitempty"`
	// The volume, where there was one.
	Lv string `json:"lv,omitempty"`
	// How large it was, in the unit of the size that was asked for; in MiB without one.
	Size json.Number `json:"size,omitempty"`
}

// volume is a logical volume as it is.
type volume struct {
	name    string
	size    int64
	attr    string
	stripes int64
}

// lvolRun is one run of the module.
type lvolRun struct {
	m *sys.Machine
	*lvolArgs
	size    lvolSize
	group   []string // its name, size, free bytes and bytes of an extent
	volumes [][]string
}

func lvol(ctx context.Context, m *sys.Machine, a *lvolArgs) (any, error) {
	r := &lvolRun{m: m, lvolArgs: a}
	var err error
	if r.size, err = parseLvolSize(a.Size, a.Snapshot != ""); err != nil {
		return nil, fmt.Errorf("argument %q: %w", "size", err)
	}
	if there, err := hasLVM(ctx, m, a.State, r.making()); err != nil || !there {
		return nil, err
	}
	if there, err := r.look(ctx); err != nil || !there {
		return nil, err
	}
	if err := r.sources(); err != nil {
		if m.Foresees() && a.State == "present" {
			err = m.Perform(ctx, r.making())
		}
		return nil, err
	}
	now, there := r.find(r.target())
	res := &lvolResult{}
	if there {
		size := float64(now.size) / float64(lvmUnit(r.size.unit))
		*res = lvolResult{a.Vg, now.name, decimal(math.Round(size*100) / 100)}
	}
	switch {
	case a.State == "absent" && !there:
		return res, nil
	case a.State == "absent" && !a.Force:
		return res, fmt.Errorf("logical volume %q is not removed, with all that it holds, without force: true", r.path(now.name))
	case a.State == "absent":
		return res, m.Perform(ctx, "remove logical volume "+r.path(now.name), "lvremove", "--force", r.path(now.name))
	case !there:
		return res, r.create(ctx)
	}
	if err := r.resize(ctx, now); err != nil {
		return res, err
	}
	return res, r.activate(ctx, now)
}

// target is the name of what this is about.
func (r *lvolRun) target() string {
	for _, name := range []string{r.Snapshot, r.Lv} {
		if name != "" {
			return name[strings.LastIndexByte(name, '/')+1:]
		}
	}
	return r.Thinpool
}

func (r *lvolRun) path(name string) string { return r.Vg + "/" + name }

func (r *lvolRun) making() string { return "make logical volume " + r.path(r.target()) }

// look reads the group and its volumes. It reports false where there is no group, and nothing to be done.
func (r *lvolRun) look(ctx context.Context) (bool, error) {
	groups, err := lvmRows(ctx, r.m, "vgs", "vg_name,vg_size,vg_free,vg_extent_size")
	if err != nil {
		return false, err
	}
	if r.group = rowOf(groups, r.Vg); r.group == nil {
		switch {
		case r.State == "absent":
			return false, nil
		case r.m.Foresees():
			return false, r.m.Perform(ctx, r.making())
		}
		return false, fmt.Errorf("volume group %q does not exist", r.Vg)
	}
	r.volumes, err = lvmRows(ctx, r.m, "lvs", "lv_name,lv_size,lv_attr,stripes", "-a", r.Vg)
	return true, err
}

func (r *lvolRun) find(name string) (volume, bool) {
	for _, row := range r.volumes {
		if strings.Trim(row[0], "[]") == name {
			return volume{name, count(row[1]), row[2], max(count(row[3]), 1)}, true
		}
	}
	return volume{}, false
}

// sources refuses a snapshot or a thin volume of what is not there.
func (r *lvolRun) sources() error {
	if r.State == "absent" {
		return nil
	}
	origin, there := r.find(r.Lv)
	switch {
	case r.Snapshot != "" && (r.Thinpool != "" || strings.HasPrefix(origin.attr, "t")):
		return fmt.Errorf("a thin pool has no snapshots: lv has to be a volume, and thinpool is not for snapshots")
	case r.Snapshot != "" && !there:
		return fmt.Errorf("logical volume %q, which the snapshot is of, does not exist", r.path(r.Lv))
	}
	if _, there := r.find(r.Thinpool); r.Thinpool != "" && r.Lv != "" && !there {
		return fmt.Errorf("thin pool %q does not exist", r.path(r.Thinpool))
	}
	return nil
}

// create makes the volume. It is active then, as lvcreate leaves it, until it is told otherwise.
func (r *lvolRun) create(ctx context.Context) error {
	origin, _ := r.find(r.Lv)
	opts, err := splitOptions("opts", r.Opts)
	switch {
	case err != nil:
		return err
	case r.Size == "" && (r.Snapshot == "" || !strings.HasPrefix(origin.attr, "V")):
		return fmt.Errorf("logical volume %q does not exist, and is not made without the argument %q", r.path(r.target()), "size")
	case r.size.by == "-" || r.size.by == "+" && r.size.of == "":
		return fmt.Errorf("logical volume %q does not exist: there is nothing that could change by %s", r.path(r.target()), r.Size)
	}
	argv := []string{"lvcreate", "--yes"}
	if r.Size != "" {
		argv = append(argv, r.size.option(), r.size.text)
	}
	switch {
	case r.Snapshot != "":
		argv = slices.Concat(argv, []string{"-s", "-n", r.Snapshot}, opts, []string{r.path(r.Lv)})
	case r.Thinpool != "" && r.Lv != "":
		if r.size.of != "" {
			return fmt.Errorf("the size of a thin volume is no share of anything, as %s is", r.Size)
		}
		argv[2] = "-V"
		argv = slices.Concat(argv, []string{"-n", r.Lv}, opts, []string{"-T", r.path(r.Thinpool)})
	case r.Thinpool != "":
		argv = slices.Concat(argv, opts, []string{"-T", r.path(r.Thinpool)}, r.Pvs)
	default:
		argv = slices.Concat(argv, []string{"-n", r.Lv}, opts, []string{r.Vg}, r.Pvs)
	}
	if err := r.m.Perform(ctx, r.making(), argv...); err != nil || r.Active {
		return err
	}
	return r.deactivate(ctx, r.target())
}

// activate makes a volume that can be used of one that cannot, or the other way round. One that is to be left
// out, as a thin snapshot is at first, stays so.
func (r *lvolRun) activate(ctx context.Context, now volume) error {
	switch left := len(now.attr) > 9 && now.attr[9] == 'k'; {
	case isActive(now.attr) == r.Active, left && r.Active:
		return nil
	case !r.Active:
		return r.deactivate(ctx, now.name)
	}
	return r.m.Perform(ctx, "activate logical volume "+r.path(now.name), "lvchange", "-ay", r.path(now.name))
}

func (r *lvolRun) deactivate(ctx context.Context, name string) error {
	return r.m.Perform(ctx, "deactivate logical volume "+r.path(name), "lvchange", "-an", r.path(name))
}
