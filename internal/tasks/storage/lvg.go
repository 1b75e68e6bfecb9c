package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Lvg makes a volume group of LVM, gives it its physical volumes and removes it.
//
// A device that holds anything else, such as a file system, is refused without force. A
// physical volume that holds a part of a logical one does not leave its group: LVM
// refuses that.
//
// Example:
//
//	tasks:
//	  - name: Have a volume group of two disks
//	    lvg:
//	      vg: data
//	      pvs: [/dev/sdb1, /dev/sdc1]
var Lvg = sys.Define(spec.Module{
	Name:  "lvg",
	Names: []string{"community.general.lvg"},
}, lvg)

type lvgArgs struct {
	// The volume group.
	Vg string `arg:"vg,required"`
	// The devices that it consists of. A group that is to be made needs them; without
	// it, those of one that is there stay as they are.
	Pvs []string `arg:"pvs"`
	// Whether it should be there; active and inactive are so too for its logical volumes, now and
	// when the machine starts.
	State string `arg:"state" choices:"absent,active,inactive,present" default:"present"`
	// The size of an extent of a new group: a power of two with a unit of LVM, which is m without one.
	Pesize string `arg:"pesize" default:"4"`
	// Options for pvcreate.
	PvOptions string `arg:"pv_options"`
	// Options for vgcreate.
	VgOptions string `arg:"vg_options"`
	// Lets the physical volumes grow to the size of their devices.
	Pvresize bool `arg:"pvresize"`
	// Takes those out of the group that pvs does not name.
	RemoveExtraPvs bool `arg:"remove_extra_pvs" default:"true"`
	// Removes a group that has logical volumes, with all that they hold. Makes physical volumes of
	// devices that hold something else, which is lost.
	Force bool `arg:"force"`
	// Gives the group a new UUID, each time.
	ResetVgUUID bool `arg:"reset_vg_uuid"`
	// Gives its physical volumes new UUIDs, each time. It needs pvs.
	ResetPvUUID bool `arg:"reset_pv_uuid"`
}

// lvgRun is one run of the module.
type lvgRun struct {
	m *sys.Machine
	*lvgArgs
	own [][]string // its physical volumes
}

// pvFields are asked of each physical volume.
const pvFields = "pv_name,vg_name,dev_size,pv_size,pe_start,vg_extent_size"

func lvg(ctx context.Context, m *sys.Machine, a *lvgArgs) (any, error) {
	r := &lvgRun{m: m, lvgArgs: a}
	if _, _, err := lvmSize(a.Pesize); err != nil {
		return nil, fmt.Errorf("argument %q: %w", "pesize", err)
	}
	if a.ResetPvUUID && len(a.Pvs) == 0 {
		return nil, fmt.Errorf("reset_pv_uuid needs the argument %q", "pvs")
	}
	if there, err := hasLVM(ctx, m, a.State, r.making()); err != nil || !there {
		return nil, err
	}
	groups, err := lvmRows(ctx, m, "vgs", "vg_name,lv_count")
	if err != nil {
		return nil, err
	}
	group := rowOf(groups, a.Vg)
	switch {
	case a.State == "absent" && group == nil:
		return nil, nil
	case a.State == "absent" && group[1] != "0" && !a.Force:
		return nil, fmt.Errorf("volume group %q has %s logical volume(s); force: true removes them with it", a.Vg, group[1])
	case a.State == "absent":
		return nil, m.Perform(ctx, "remove volume group "+a.Vg, "vgremove", "--force", a.Vg)
	case group == nil && len(a.Pvs) == 0:
		return nil, fmt.Errorf("volume group %q does not exist, and is not made without the argument %q", a.Vg, "pvs")
	}
	add, err := r.missing(ctx)
	if err != nil {
		return nil, err
	}
	if group == nil {
		return nil, r.create(ctx, add)
	}
	return nil, r.change(ctx, add)
}

func (r *lvgRun) making() string { return "make volume group " + r.Vg }

// missing looks at the physical volumes, and returns the given devices that are none of the group's.
func (r *lvgRun) missing(ctx context.Context) (add []string, err error) {
	all, err := lvmRows(ctx, r.m, "pvs", pvFields)
	if err != nil {
		return nil, err
	}
	group := map[string]string{}
	for _, pv := range all {
		group[device(r.m, pv[0])] = pv[1]
		if pv[1] == r.Vg {
			r.own = append(r.own, pv)
		}
	}
	for _, dev := range r.Pvs {
		switch in, isPV := group[device(r.m, dev)]; {
		case in == r.Vg:
			continue
		case in != "":
			return nil, fmt.Errorf("device %q is in the volume group %q already", dev, in)
		case !isPV:
			if err := r.mayTake(ctx, dev); err != nil {
				return nil, err
			}
		}
		add = append(add, dev)
	}
	return add, nil
}

// mayTake refuses a device that is not there, or holds something.
func (r *lvgRun) mayTake(ctx context.Context, dev string) error {
	switch _, err := os.Stat(r.m.Path(dev)); {
	case errors.Is(err, fs.ErrNotExist) && r.m.Foresees():
		return nil
	case err != nil:
		return fmt.Errorf("device %q does not exist", dev)
	case r.Force:
		return nil
	}
	holds, err := fsOn(ctx, r.m, dev)
	if err == nil && holds != "" {
		err = fmt.Errorf("device %q holds %s; force: true makes a physical volume of it, and what it holds is lost", dev, holds)
	}
	return err
}

func (r *lvgRun) create(ctx context.Context, add []string) error {
	options, err := splitOptions("vg_options", r.VgOptions)
	if err != nil {
		return err
	}
	if r.State != "present" && !strings.Contains(r.VgOptions, autoactivation) {
		can, err := r.canAutoactivate(ctx, "vgcreate")
		if err != nil {
			return err
		}
		if can {
			options = append(options, autoactivation, r.yes())
		}
	}
	if err := r.initialize(ctx, add); err != nil {
		return err
	}
	return r.m.Perform(ctx, r.making(), slices.Concat([]string{"vgcreate"}, options, []string{"-s", r.Pesize, r.Vg}, add)...)
}

// initialize makes physical volumes of devices.
func (r *lvgRun) initialize(ctx context.Context, devs []string) error {
	options, err := splitOptions("pv_options", r.PvOptions)
	for _, dev := range devs {
		if err == nil {
			err = r.m.Perform(ctx, "make a physical volume of "+dev, slices.Concat([]string{"pvcreate"}, options, []string{"-f", dev})...)
		}
	}
	return err
}

// change brings a group that is there to what it should be.
func (r *lvgRun) change(ctx context.Context, add []string) error {
	if r.State != "present" {
		if err := r.activate(ctx); err != nil {
			return err
		}
	}
	if r.ResetVgUUID {
		if err := r.m.Perform(ctx, "give volume group "+r.Vg+" a new UUID", "vgchange", "--uuid", r.Vg); err != nil {
			return err
		}
	}
	if len(r.Pvs) == 0 {
		return nil
	}
	for _, pv := range r.own {
		if err := r.refresh(ctx, pv); err != nil {
			return err
		}
	}
	if len(add) > 0 {
		if err := r.initialize(ctx, add); err != nil {
			return err
		}
		what := fmt.Sprintf("add %s to volume group %s", strings.Join(add, ", "), r.Vg)
		if err := r.m.Perform(ctx, what, slices.Concat([]string{"vgextend", r.Vg}, add)...); err != nil {
			return err
		}
	}
	extra := r.extra()
	if len(extra) == 0 || !r.RemoveExtraPvs {
		return nil
	}
	what := fmt.Sprintf("take %s out of volume group %s", strings.Join(extra, ", "), r.Vg)
	return r.m.Perform(ctx, what, slices.Concat([]string{"vgreduce", "--force", r.Vg}, extra)...)
}

// refresh lets a physical volume grow, and gives it a new UUID, where that is asked for.
func (r *lvgRun) refresh(ctx context.Context, pv []string) error {
	if spare := count(pv[2]) - count(pv[4]) - count(pv[3]); r.Pvresize && spare > count(pv[5]) {
		if err := r.m.Perform(ctx, "let physical volume "+pv[0]+" grow", "pvresize", pv[0]); err != nil {
			return err
		}
	}
	if !r.ResetPvUUID {
		return nil
	}
	return r.m.Perform(ctx, "give physical volume "+pv[0]+" a new UUID", "pvchange", "--uuid", pv[0])
}

// extra returns the group's physical volumes that are not asked for. One whose device is missing
// has no name, and stays.
func (r *lvgRun) extra() (extra []string) {
	for _, pv := range r.own {
		asked := func(dev string) bool { return device(r.m, dev) == device(r.m, pv[0]) }
		if !strings.HasPrefix(pv[0], "[") && !slices.ContainsFunc(r.Pvs, asked) {
			extra = append(extra, pv[0])
		}
	}
	return extra
}
