package storage

import (
	"context"
	"strings"
)

// autoactivation is the option for what happens when the machine starts, which LVM has
// since 2.03.12.
const autoactivation = "--setautoactivation"

func (r *lvgRun) canAutoactivate(ctx context.Context, program string) (bool, error) {
	out, err := r.m.Query(ctx, program, "--help")
	return strings.Contains(out.Stdout, autoactivation), err
}

// yes says, as LVM's options do, whether the volumes should be active.
func (r *lvgRun) yes() string {
	if r.State == "active" {
		return "y"
	}
	return "n"
}

// activate makes the group's logical volumes active or inactive. LVM takes it as an error to
// be told what is the case.
func (r *lvgRun) activate(ctx context.Context) error {
	can, err := r.canAutoactivate(ctx, "vgchange")
	if err != nil {
		return err
	}
	fields := "vg_name,lv_attr"
	if can {
		fields += ",vg_autoactivation"
	}
	rows, err := lvmRows(ctx, r.m, "vgs", fields, r.Vg)
	if err != nil {
		return err
	}
	want := r.State == "active"
	now, starts := want, want
	for _, row := range rows {
		if row[1] != "" && isActive(row[1]) != want {
			now = !want
		}
		starts = !can || row[2] == "enabled"
	}
	if can && starts != want {
		if err := r.m.Perform(ctx, "set what becomes of "+r.Vg+" when the machine starts", "vgchange", autoactivation, r.yes(), r.Vg); err != nil {
			return err
		}
	}
	if now == want {
		return nil
	}
	return r.m.Perform(ctx, "make the volumes of "+r.Vg+" "+r.State, "vgchange", "-a"+r.yes(), r.Vg)
}
