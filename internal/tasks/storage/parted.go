package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Parted makes, changes and removes the partitions of a disk, and tells what the
// disk and its partitions are.
//
// A new partition table loses all that a disk holds. So where label is not given, a
// disk with partitions in a table of another kind than msdos, or with a file system and no
// table, is refused. With label, a table of another kind is replaced without a question.
//
// Example:
//
//	tasks:
//	  - name: Have one partition for LVM on the whole disk
//	    parted:
//	      device: /dev/sdb
//	      label: gpt
//	      number: 1
//	      flags: [lvm]
//	      state: present
//	  - name: Let it take the room that the disk has won
//	    parted:
//	      device: /dev/sdb
//	      label: gpt
//	      number: 1
//	      part_end: 100%
//	      resize: true
//	      state: present
var Parted = sys.Define(spec.Module{
	Name:  "parted",
	Names: []string{"community.general.parted"},
}, parted)

type partedArgs struct {
	// The disk, or a file that holds one.
	Device string `arg:"device,required"`
	// Whether the partition should be there; info only tells what is.
	State string `arg:"state" choices:"absent,info,present" default:"info"`
	// The partition. present and absent need it. A new one gets the lowest number that
	// is free: any other is refused where the table is msdos or gpt.
	Number *int `arg:"number"`
	// The kind of the partition table; for a disk without one the default is msdos.
	Label string `arg:"label" choices:"aix,amiga,bsd,dvh,gpt,loop,mac,msdos,pc98,sun"`
	// Which kind of partition a new one is; gpt, which has no kinds, takes it as the name of a
	// partition without one.
	PartType string `arg:"part_type" choices:"extended,logical,primary" default:"primary"`
	// Where a new partition starts: a number with a unit of parted, in upper and lower
	// case as there (10GiB, 15%). A negative one counts from the end of the disk.
	PartStart string `arg:"part_start" default:"0%"`
	// Where it ends, in the same way.
	PartEnd string `arg:"part_end" default:"100%"`
	// The kind of file system that a new partition is meant for; it makes none.
	FsType string `arg:"fs_type"`
	// The partition's name, where the table has names.
	Name *string `arg:"name"`
	// The flags that it shall have, and no others; esp is boot too. Without it, and with an
	// empty list, they stay as they are.
	Flags []string `arg:"flags"`
	// Lets a partition grow to part_end. It never shrinks one, and parted refuses one that is
	// mounted.
	Resize bool `arg:"resize"`
	// How a new partition is aligned; undefined leaves that to parted.
	Align string `arg:"align" choices:"cylinder,minimal,none,optimal,undefined" default:"optimal"`
	// The unit of what is told.
	Unit string `arg:"unit" choices:"s,B,KB,KiB,MB,MiB,GB,GiB,TB,TiB,%,cyl,chs,compact" default:"KiB"`
	// Tells the unit as it is written (KiB), and not in lower case.
	UnitPreserveCase bool `arg:"unit_preserve_case"`
}

type partedResult struct {
	// The disk.
	Disk disk `json:"disk"`
	// Its partitions.
	Partitions []partition `json:"partitions"`
	// What parted was told to do, or would be in check mode.
	Script string `json:"script"`
}

func parted(ctx context.Context, m *sys.Machine, a *partedArgs) (any, error) {
	if err := a.sound(); err != nil {
		return nil, err
	}
	if ready, err := a.ready(ctx, m); err != nil || !ready {
		return nil, err
	}
	r := &partedRun{m: m, partedArgs: a}
	table, err := r.look(ctx, a.Unit)
	if err != nil {
		return nil, err
	}
	switch a.State {
	case "present":
		err = r.present(ctx, table)
	case "absent":
		if _, there := table.find(*a.Number); there {
			err = r.perform(ctx, fmt.Sprintf("remove partition %d of %s", *a.Number, a.Device), "rm", fmt.Sprint(*a.Number))
		}
	default:
		r.script = []string{"unit", "'" + a.Unit + "'", "print"}
	}
	if err == nil && m.Changed() && !m.Check {
		table, err = r.look(ctx, a.Unit)
	}
	return r.result(table), err
}

// sound refuses what no disk can make right.
func (a *partedArgs) sound() error {
	switch {
	case a.State != "info" && a.Number == nil:
		return fmt.Errorf("state %s needs the argument %q", a.State, "number")
	case a.Number != nil && *a.Number < 1:
		return fmt.Errorf("argument %q is %d; partitions count from 1", "number", *a.Number)
	}
	if _, err := parsePlace(a.PartStart); err != nil {
		return fmt.Errorf("argument %q: %w", "part_start", err)
	}
	if _, err := parsePlace(a.PartEnd); err != nil {
		return fmt.Errorf("argument %q: %w", "part_end", err)
	}
	return nil
}

// ready reports whether there is a parted and a disk to look at. In check mode an
// earlier step may be the one that brings them: then the change is recorded.
func (a *partedArgs) ready(ctx context.Context, m *sys.Machine) (bool, error) {
	there, err := m.Need("parted", "parted")
	if err != nil {
		return false, err
	}
	if there {
		_, err := os.Stat(m.Path(a.Device))
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || !m.Foresees() {
			return false, fmt.Errorf("device %q does not exist", a.Device)
		}
	}
	if a.State != "present" {
		return false, nil
	}
	return false, m.Perform(ctx, fmt.Sprintf("make partition %d of %s", *a.Number, a.Device))
}
