package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/tasks/sys"
)

// partedRun is one run of the module.
type partedRun struct {
	m *sys.Machine
	*partedArgs
	script []string
}

// present brings the partition into being, or to its size; then it gets its name and its flags.
func (r *partedRun) present(ctx context.Context, t diskTable) error {
	label := r.Label
	if label == "" {
		label = "msdos"
	}
	var words, what []string
	if t.disk.Table != label {
		if err := r.mayLose(ctx, t, label); err != nil {
			return err
		}
		words = []string{"mklabel", label}
		what = append(what, fmt.Sprintf("write a table of kind %s to %s", label, r.Device))
		t.parts = nil
	}
	_, there := t.find(*r.Number)
	switch {
	case !there:
		if n := t.next(label, r.PartType); n != 0 && n != *r.Number && !r.m.Foresees() {
			return fmt.Errorf("partition %d of %q cannot be made: parted makes number %d next", *r.Number, r.Device, n)
		}
		words = slices.Concat(words, r.mkpart())
		what = append(what, fmt.Sprintf("make partition %d of %s", *r.Number, r.Device))
	case r.Resize:
		grow, err := r.grow(ctx)
		if err != nil {
			return err
		}
		if grow != nil {
			words = append(words, grow...)
			what = append(what, fmt.Sprintf("let partition %d of %s grow to %s", *r.Number, r.Device, r.PartEnd))
		}
	}
	if len(words) > 0 {
		if err := r.perform(ctx, strings.Join(what, ", "), slices.Concat([]string{"unit", r.Unit}, words)...); err != nil {
			return err
		}
		if !r.m.Check {
			var err error
			if t, err = r.look(ctx, r.Unit); err != nil {
				return err
			}
		}
	}
	return r.adjust(ctx, t)
}

// mayLose refuses a new table, which nobody asked for, on a disk that holds something.
func (r *partedRun) mayLose(ctx context.Context, t diskTable, label string) error {
	const hint = "\nhint: label: %s writes a new table, and all of it is lost"
	switch {
	case r.Label != "":
		return nil
	case t.disk.Table == "loop": // a file system on the whole disk
		return fmt.Errorf("%q has no partition table and holds a file system"+hint, r.Device, label)
	case len(t.parts) > 0:
		return fmt.Errorf("%q has a table of kind %s with %d partition(s), and no label is given"+
			"; label: %s keeps it"+hint, r.Device, t.disk.Table, len(t.parts), t.disk.Table, label)
	case t.disk.Table != "unknown":
		return nil
	}
	holds, err := fsOn(ctx, r.m, r.Device)
	if err == nil && holds != "" {
		err = fmt.Errorf("%q has no partition table and holds %s"+hint, r.Device, holds, label)
	}
	return err
}

func (r *partedRun) mkpart() []string {
	words := []string{"mkpart", r.PartType}
	if r.FsType != "" {
		words = append(words, r.FsType)
	}
	for _, at := range []string{r.PartStart, r.PartEnd} {
		words = append(words, strings.ReplaceAll(at, " ", ""))
	}
	return words
}

// adjust sets the partition's name and flags.
func (r *partedRun) adjust(ctx context.Context, t diskTable) error {
	now, there := t.find(*r.Number)
	if !there && !r.m.Check {
		return fmt.Errorf("parted has made another partition of %q than number %d", r.Device, *r.Number)
	}
	number := strconv.Itoa(*r.Number)
	var words, what []string
	if r.Name != nil && *r.Name != now.Name {
		name := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(*r.Name)
		words = append(words, "name", number, `"`+name+`"`)
		what = append(what, fmt.Sprintf("name partition %s of %s %q", number, r.Device, *r.Name))
	}
	if len(r.Flags) > 0 {
		set := r.setFlags(number, now.Flags)
		words = append(words, set...)
		if set != nil {
			what = append(what, fmt.Sprintf("set the flags of partition %s of %s", number, r.Device))
		}
	}
	if words == nil {
		return nil
	}
	return r.perform(ctx, strings.Join(what, ", "), slices.Concat([]string{"unit", r.Unit}, words)...)
}

func (r *partedRun) setFlags(number string, now []string) (words []string) {
	want := slices.Clone(r.Flags)
	if slices.Contains(want, "esp") && !slices.Contains(want, "boot") {
		want = append(want, "boot") // parted has one with the other
	}
	for i, flag := range want {
		if !slices.Contains(now, flag) && !slices.Contains(want[:i], flag) {
			words = append(words, "set", number, flag, "on")
		}
	}
	for _, flag := range now {
		if !slices.Contains(want, flag) {
			words = append(words, "set", number, flag, "off")
		}
	}
	return words
}

// tail is how much at a disk's end a partition up to 100% may leave: an alignment, and
// what gpt keeps for itself.
const tail = 2 << 20

// grow returns the words that let the partition grow to part_end, or none where it ends
// there already.
func (r *partedRun) grow(ctx context.Context) ([]string, error) {
	at, err := parsePlace(r.PartEnd)
	if err != nil {
		return nil, err
	}
	t, err := r.look(ctx, "B")
	if err != nil {
		return nil, err
	}
	part, _ := t.find(*r.Number)
	size, end := wholeBytes(t.disk.Size), wholeBytes(part.End)+1
	want, known := at.bytes(size, t.disk.LogicalBlock)
	near := int64(2 * t.disk.LogicalBlock)
	switch {
	case !known:
		return nil, fmt.Errorf("resize cannot compare part_end %q with where the partition ends\nhint: say it in bytes, sectors or percent", r.PartEnd)
	case max(want-end, end-want) <= near, min(want, end) >= size-tail:
		return nil, nil
	case want < end:
		return nil, fmt.Errorf("partition %d of %q ends at byte %d, behind part_end %s (%d): resize never shrinks, for that loses data",
			*r.Number, r.Device, end, r.PartEnd, want)
	}
	return []string{"resizepart", strconv.Itoa(*r.Number), at.text}, nil
}

func wholeBytes(told any) int64 {
	number, _ := told.(json.Number)
	f, _ := number.Float64()
	return int64(f)
}

// perform passes a script through the door.
func (r *partedRun) perform(ctx context.Context, what string, words ...string) error {
	r.script = append(r.script, words...)
	return r.m.Change(ctx, sys.Change{What: what, Do: func(ctx context.Context) error {
		argv := []string{"parted", "-s"}
		fix, err := r.canFix(ctx)
		if err != nil {
			return err
		}
		if fix { // gpt's second table stands where a disk that has grown ended
			argv = append(argv, "-f")
		}
		argv = append(argv, "-m")
		if r.Align != "undefined" {
			argv = append(argv, "-a", r.Align)
		}
		argv = slices.Concat(argv, []string{r.Device, "--"}, words)
		out, err := r.m.Query(ctx, argv...) // no look, but its words are looked at
		if err == nil && out.Code != 0 {
			err = inUse(&sys.ExitError{Argv: argv, Output: out})
		}
		return err
	}})
}

// inUse adds what helps where parted refuses to change what is mounted.
func inUse(e *sys.ExitError) error {
	if !strings.Contains(e.Output.Stderr+e.Output.Stdout, "being used") {
		return e
	}
	return fmt.Errorf("%w\nhint: parted changes nothing that is in use: unmount it first; growpart, of cloud-guest-utils, lets a mounted partition grow", e)
}

// canFix reports whether parted mends a table by itself, which 3.4.64 was the first to do.
func (r *partedRun) canFix(ctx context.Context) (bool, error) {
	out, err := r.m.Query(ctx, "parted", "--version")
	f := regexp.MustCompile(`^parted.* (\d+)\.(\d+)(?:\.(\d+))?`).FindStringSubmatch(out.Stdout)
	if err != nil || f == nil {
		return false, err
	}
	var version [3]int
	for i := range version {
		version[i], _ = strconv.Atoi(f[i+1])
	}
	return slices.Compare(version[:], []int{3, 4, 64}) >= 0, nil
}

// result tells of the disk as it was last looked at.
func (r *partedRun) result(t diskTable) *partedResult {
	res := &partedResult{Disk: t.disk, Partitions: t.parts, Script: strings.Join(r.script, " ")}
	if res.Partitions == nil {
		res.Partitions = []partition{}
	}
	if r.UnitPreserveCase {
		return res
	}
	res.Disk.Unit = strings.ToLower(res.Disk.Unit)
	for i := range res.Partitions {
		res.Partitions[i].Unit = strings.ToLower(res.Partitions[i].Unit)
	}
	if res.Disk.ChsInfo != nil {
		res.Disk.ChsInfo.CylSizeUnit = strings.ToLower(res.Disk.ChsInfo.CylSizeUnit)
	}
	return res
}
