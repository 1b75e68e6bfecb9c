package docker

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/mount"

	"fleet/internal/tasks/sys"
)

// bind is one volume of the form source:target:mode. Source is empty for a
// volume without a name.
type bind struct {
	source, target string
	mode           []string // sorted, without rw, which is the default
}

func (b bind) String() string {
	return strings.Join(append([]string{b.source, b.target}, strings.Join(b.mode, ",")), ":")
}

func parseBind(text string) (bind, error) {
	parts := strings.Split(text, ":")
	wrong := fmt.Errorf("volumes: %q: want HOST_PATH_OR_NAME:PATH[:MODE]", text)
	var b bind
	switch len(parts) {
	case 1:
		b.target = parts[0]
	case 2, 3:
		b.source, b.target = parts[0], parts[1]
		if b.source == "" {
			return b, wrong
		}
	default:
		return b, wrong
	}
	if !strings.HasPrefix(b.target, "/") {
		return b, fmt.Errorf("volumes: %q: the path in the container must start with /", text)
	}
	b.target = path.Clean(b.target)
	if len(parts) == 3 {
		b.mode = slices.DeleteFunc(strings.Split(parts[2], ","), func(m string) bool { return m == "rw" || m == "" })
		slices.Sort(b.mode)
	}
	return b, nil
}

func specStorage(m *sys.Machine, a *dockerContainerArgs, s containerSpec) error {
	h := s.host
	for _, text := range a.Volumes {
		b, err := parseBind(text)
		if err != nil {
			return err
		}
		if b.source == "" {
			if s.config.Volumes == nil {
				s.config.Volumes = map[string]struct{}{}
			}
			s.config.Volumes[b.target] = struct{}{}
			continue
		}
		if b.source, err = hostPath(m, "volumes", b.source); err != nil {
			return err
		}
		h.Binds = append(h.Binds, strings.TrimSuffix(b.String(), ":"))
	}
	h.VolumesFrom, h.VolumeDriver = a.VolumesFrom, a.VolumeDriver
	for _, text := range a.Tmpfs {
		where, opts, _ := strings.Cut(text, ":")
		if h.Tmpfs == nil {
			h.Tmpfs = map[string]string{}
		}
		h.Tmpfs[where] = opts
	}
	for _, ma := range a.Mounts {
		one, err := ma.mount(m)
		if err != nil {
			return err
		}
		h.Mounts = append(h.Mounts, one)
	}
	return nil
}

// hostPath expands ~ in a path of the host. A name of a volume stays.
func hostPath(m *sys.Machine, arg, source string) (string, error) {
	switch source[0] {
	case '.':
		return "", fmt.Errorf("%s: the host's path %q must start with / or ~", arg, source)
	case '~', '/':
		expanded, err := m.Expand(source)
		if err != nil || expanded == "/" {
			return expanded, err
		}
		return strings.TrimSuffix(expanded, "/"), nil
	}
	return source, nil
}

func (a mountArgs) mount(m *sys.Machine) (mount.Mount, error) {
	out := mount.Mount{Type: mount.Type(a.Type), Source: a.Source, Target: a.Target, ReadOnly: a.ReadOnly, Consistency: mount.Consistency(a.Consistency)}
	where := fmt.Sprintf("mounts: %s", a.Target)
	var err error
	switch out.Type {
	case mount.TypeBind:
		if a.Source == "" {
			return out, fmt.Errorf("%s: a bind needs a source", where)
		}
		if out.Source, err = hostPath(m, where, a.Source); err != nil {
			return out, err
		}
		if a.Propagation != "" || a.CreateMountpoint {
			out.BindOptions = &mount.BindOptions{Propagation: mount.Propagation(a.Propagation), CreateMountpoint: a.CreateMountpoint}
		}
	case mount.TypeVolume:
		out.VolumeOptions = a.volumeOptions()
	case mount.TypeImage:
		if a.Subpath != "" {
			out.ImageOptions = &mount.ImageOptions{Subpath: a.Subpath}
		}
	case mount.TypeTmpfs:
		if a.TmpfsSize != "" || a.TmpfsMode != "" {
			out.TmpfsOptions, err = a.tmpfsOptions(where)
		}
	}
	return out, err
}

func (a mountArgs) volumeOptions() *mount.VolumeOptions {
	if !a.NoCopy && len(a.Labels) == 0 && a.VolumeDriver == "" && len(a.VolumeOptions) == 0 && a.Subpath == "" {
		return nil
	}
	o := &mount.VolumeOptions{NoCopy: a.NoCopy, Labels: a.Labels, Subpath: a.Subpath}
	if a.VolumeDriver != "" || len(a.VolumeOptions) > 0 {
		o.DriverConfig = &mount.Driver{Name: a.VolumeDriver, Options: a.VolumeOptions}
	}
	return o
}

func (a mountArgs) tmpfsOptions(where string) (*mount.TmpfsOptions, error) {
	o := &mount.TmpfsOptions{}
	if a.TmpfsSize != "" && a.TmpfsSize != "unlimited" {
		n, err := size(where+": tmpfs_size", a.TmpfsSize)
		if err != nil {
			return nil, err
		}
		o.SizeBytes = n
	}
	if a.TmpfsMode != "" {
		mode, err := strconv.ParseUint(a.TmpfsMode, 8, 12)
		if err != nil {
			return nil, fmt.Errorf("%s: tmpfs_mode %q is no octal mode", where, a.TmpfsMode)
		}
		o.Mode = os.FileMode(mode)
	}
	return o, nil
}
