package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/system/facts"
)

// MountFacts returns what is mounted, and what fstab names, as the facts
// mount_points and aggregate_mounts. It changes nothing.
//
// Example:
//
//	tasks:
//	  - name: Ask for the shares of other machines
//	    mount_facts:
//	      fstypes: [nfs, nfs4]
//	      timeout: 5
var MountFacts = sys.Define(spec.Module{
	Name:  "mount_facts",
	Names: []string{"ansible.builtin.mount_facts", "ansible.legacy.mount_facts"},
	Facts: []string{"aggregate_mounts", "mount_points"},
}, mountFacts)

type mountFactsArgs struct {
	// Only devices that match one of these shell patterns.
	Devices []string `arg:"devices"`
	// Only file systems of types that match one of these shell patterns.
	FSTypes []string `arg:"fstypes"`
	// Where to look, the first one that names a mount point first: files in the form
	// of fstab, mount for what the program mount says, dynamic for what is mounted,
	// static for fstab, all for both.
	Sources []string `arg:"sources" default:"all"`
	// The program that is asked where dynamic has no file, and for the source mount.
	// Empty is none.
	MountBinary string `arg:"mount_binary" default:"mount"`
	// How many seconds a file system has to say how full it is. Without it there is
	// no end.
	Timeout *float64 `arg:"timeout"`
	// What happens where it takes longer.
	OnTimeout string `arg:"on_timeout" choices:"error,ignore,warn" default:"error"`
	// Whether aggregate_mounts is filled. Without it there is a warning where a mount
	// point is named twice.
	IncludeAggregateMounts *bool `arg:"include_aggregate_mounts"`
}

type mountFactsResult struct {
	// The two facts.
	AnsibleFacts mountFactsFacts `json:"ansible_facts"`
	// What should be known and is no failure.
	Warnings []string `json:"warnings,omitempty"`
}

type mountFactsFacts struct {
	// What is known of a mount point, by its path: device, fstype, options, how full
	// it is, and under ansible_context where it was found.
	MountPoints map[string]map[string]any `json:"mount_points"`
	// The same for all that was found, where include_aggregate_mounts is on.
	AggregateMounts []map[string]any `json:"aggregate_mounts"`
}

// mountTask is one call of mount_facts.
type mountTask struct {
	*mountFactsArgs
	m     *sys.Machine
	res   *mountFactsResult
	found []map[string]any
}

func mountFacts(ctx context.Context, m *sys.Machine, a *mountFactsArgs) (any, error) {
	if a.Timeout != nil && *a.Timeout <= 0 {
		return nil, fmt.Errorf("argument 'timeout' must be a positive number or null, not %v", *a.Timeout)
	}
	t := &mountTask{a, m, &mountFactsResult{AnsibleFacts: mountFactsFacts{map[string]map[string]any{}, []map[string]any{}}}, nil}
	if err := t.gather(ctx); err != nil {
		return nil, err
	}
	if err := t.measure(ctx); err != nil {
		return nil, err
	}
	t.sort()
	return t.res, nil
}

// gather reads all sources, each file once.
func (t *mountTask) gather(ctx context.Context) error {
	dynamic, alive := false, false
	seen := map[string]bool{}
	for _, source := range t.sources() {
		if source == "" {
			return errors.New("sources contains an empty string")
		}
		live := slices.Contains(dynamicSources, source)
		dynamic = dynamic || live
		real := source
		if to, err := filepath.EvalSymlinks(t.m.Path(source)); err == nil {
			real = to
		}
		if seen[real] {
			continue
		}
		seen[real] = true
		before := len(t.found)
		if source == "mount" {
			if err := t.program(ctx); err != nil {
				return err
			}
		} else if err := t.file(source); err != nil {
			return err
		}
		alive = alive || len(t.found) > before && (live || source == "mount")
	}
	if dynamic && !alive && t.MountBinary != "" {
		return t.program(ctx)
	}
	return nil
}

var dynamicSources = []string{"/etc/mtab", "/proc/mounts"}

// sources are the sources with the words for several of them replaced.
func (t *mountTask) sources() []string {
	var out []string
	for _, s := range t.Sources {
		switch s {
		case "all":
			out = append(append(out, dynamicSources...), "/etc/fstab")
		case "dynamic":
			out = append(out, dynamicSources...)
		case "static":
			out = append(out, "/etc/fstab")
		default:
			out = append(out, s)
		}
	}
	return out
}

// file reads a table of mounts. One that is not there says nothing.
func (t *mountTask) file(source string) error {
	text, _, err := t.m.ReadText(source)
	if err != nil {
		return err
	}
	for _, line := range sys.Lines(text) {
		if e, ok := parseFstab(line); ok {
			fields := map[string]any{}
			for name, value := range map[string]string{"dump": e.dump, "passno": e.passno} {
				if n, err := strconv.Atoi(value); err == nil {
					fields[name] = n
				}
			}
			t.add(source, strings.TrimSpace(line), e, fields)
		}
	}
	return nil
}

// program asks the program mount.
func (t *mountTask) program(ctx context.Context) error {
	if t.Timeout != nil {
		limited, cancel := context.WithTimeout(ctx, t.limit())
		defer cancel()
		ctx = limited
	}
	out, err := t.m.Must(ctx, t.MountBinary)
	if errors.Is(err, context.DeadlineExceeded) {
		return t.late("Timed out asking " + t.MountBinary)
	}
	if err != nil {
		return err
	}
	said := regexp.MustCompile(`^(\S+) on (\S+) type (\S+) \((.+)\)$`)
	for line := range strings.Lines(out.Stdout) {
		line = strings.TrimSpace(line)
		if f := said.FindStringSubmatch(line); f != nil {
			t.add("mount", line, fstabEntry{src: f[1], point: f[2], fstype: f[3], opts: f[4]}, map[string]any{})
		}
	}
	return nil
}

func (t *mountTask) add(source, line string, e fstabEntry, fields map[string]any) {
	var uuid any
	dev := e.src
	if id, ok := strings.CutPrefix(dev, "UUID="); ok {
		uuid = id
		if real := device(t.m, dev); !strings.Contains(real, "by-uuid") {
			dev = real
		}
	} else if id := facts.DiskUUID(t.m, dev); id != "" {
		uuid = id
	}
	if !matches(t.Devices, dev) || !matches(t.FSTypes, e.fstype) {
		return
	}
	maps.Copy(fields, map[string]any{"device": e.src, "mount": e.point, "fstype": e.fstype, "options": e.opts, "uuid": uuid,
		"ansible_context": map[string]string{"source": source, "source_data": line}})
	t.found = append(t.found, fields)
}

// matches reports whether one of the shell patterns, in which a star stands for
// slashes too, matches. No patterns match everything.
func matches(patterns []string, name string) bool {
	flat := strings.NewReplacer("/", "\x01", "[!", "[^")
	for _, p := range patterns {
		if ok, err := path.Match(flat.Replace(p), flat.Replace(name)); ok && err == nil {
			return true
		}
	}
	return len(patterns) == 0
}

// measure asks all file systems at once how full they are.
func (t *mountTask) measure(ctx context.Context) error {
	points := make([]string, len(t.found))
	for i, f := range t.found {
		points[i], _ = f["mount"].(string)
	}
	limit := time.Duration(0)
	if t.Timeout != nil {
		limit = t.limit()
	}
	for i, usage := range facts.Usage(ctx, t.m, points, limit) {
		if usage == nil {
			f := t.found[i]
			if err := t.late(fmt.Sprintf("Timed out getting mount size for mount %v (type %v)", f["mount"], f["fstype"])); err != nil {
				return err
			}
		}
		maps.Copy(t.found[i], usage)
	}
	return ctx.Err()
}

func (t *mountTask) limit() time.Duration { return time.Duration(*t.Timeout * float64(time.Second)) }

// late does what the task wants where something did not answer in time.
func (t *mountTask) late(what string) error {
	switch t.OnTimeout {
	case "error":
		return fmt.Errorf("%s after %v seconds", what, *t.Timeout)
	case "warn":
		t.res.Warnings = append(t.res.Warnings, fmt.Sprintf("%s after %v seconds", what, *t.Timeout))
	}
	return nil
}

// sort makes the facts of what was found.
func (t *mountTask) sort() {
	out := &t.res.AnsibleFacts
	named, twice := map[string]bool{}, []string{}
	for _, f := range t.found {
		point, _ := f["mount"].(string)
		where, _ := f["ansible_context"].(map[string]string)
		if key := where["source"] + " " + point; named[key] {
			twice = append(twice, point+" in "+where["source"])
		} else {
			named[key] = true
		}
		if out.MountPoints[point] == nil {
			out.MountPoints[point] = f
		}
	}
	switch {
	case t.IncludeAggregateMounts == nil && len(twice) > 0:
		t.res.Warnings = append(t.res.Warnings, fmt.Sprintf("mount_facts: only the first is told of what is named twice: %s; include_aggregate_mounts says whether to tell all", strings.Join(twice, ", ")))
	case t.IncludeAggregateMounts != nil && *t.IncludeAggregateMounts:
		out.AggregateMounts = append(out.AggregateMounts, t.found...)
	}
}
