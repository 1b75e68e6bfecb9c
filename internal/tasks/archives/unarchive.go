package archives

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Unarchive unpacks an archive: tar (plain, gzip, bzip2, xz, zstd) or zip.
//
// Only what differs from the archive is unpacked, and an archive of the controller
// is only sent where something does; one that is compressed with xz or zstd is sent
// on each run, because only the target has the program that looks into it. Nothing
// is ever written outside dest, whatever the names and links in the archive say.
//
// Example:
//
//	tasks:
//	  - name: Unpack the release
//	    unarchive:
//	      src: app-1.2.tar.gz
//	      dest: /opt/app
//	      owner: app
//	      extra_opts: [--strip-components=1]
var Unarchive = sys.Define(spec.Module{
	Name:      "unarchive",
	Names:     []string{"ansible.builtin.unarchive", "ansible.legacy.unarchive"},
	Exclusive: [][]string{{"include", "exclude"}, {"copy", "remote_src"}},
}, unarchive)

type unarchiveArgs struct {
	// The archive, on the controller or with remote_src on the target.
	Src string `arg:"src,required" type:"path"`
	// The folder to unpack into. It has to exist.
	Dest string `arg:"dest,required" type:"path"`
	// The permissions, the owner and the group of all that is unpacked, in place of
	// those in the archive.
	sys.Perms
	// Decrypts what is taken from the controller where it is a vault.
	Decrypt bool `arg:"decrypt" default:"yes"`
	// Takes src from the target.
	RemoteSrc bool `arg:"remote_src"`
	// The opposite of remote_src, as older playbooks have it.
	Copy *bool `arg:"copy"`
	// How the certificate of a server is checked that src is downloaded from. The
	// controller downloads it, and always checks.
	ValidateCerts bool `arg:"validate_certs" default:"yes"`
	// Has no effect: how much is read at a time.
	IOBufferSize int `arg:"io_buffer_size" default:"65536"`
	// A path. Where it exists, nothing is unpacked.
	Creates string `arg:"creates" type:"path"`
	// Names or patterns of files in the archive to leave out, with what is below them.
	Exclude []string `arg:"exclude"`
	// Names or patterns of the only files in the archive to unpack.
	Include []string `arg:"include"`
	// Leaves files alone that are newer than those in the archive.
	KeepNewer bool `arg:"keep_newer"`
	// Returns the names of the files in the archive.
	ListFiles bool `arg:"list_files"`
	// Options of tar. Known are --strip-components=N and --no-same-owner.
	ExtraOpts []string `arg:"extra_opts"`
}

type unarchiveResult struct {
	// The folder.
	Dest string `json:"dest"`
	// The archive.
	Src string `json:"src"`
	// The kind of archive: TarArchive, TgzArchive, TarBzipArchive, TarXzArchive,
	// TarZstdArchive or ZipArchive.
	Handler string `json:"handler,omitempty"`
	// The names of the files in the archive, with list_files.
	Files []string `json:"files,omitempty"`
	sys.FileInfo
}

func unarchive(ctx context.Context, m *sys.Machine, a *unarchiveArgs) (any, error) {
	dest, err := m.Expand(a.Dest)
	if err != nil {
		return nil, err
	}
	dest = path.Clean(dest)
	res := &unarchiveResult{Dest: dest, Src: a.Src}
	if creates, err := m.Expand(a.Creates); err != nil || creates != "" && m.Exists(creates) {
		return sys.Skip(fmt.Sprintf("skipped, since %s exists", a.Creates)), err
	}
	opts, err := a.options()
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(m.Path(dest)); err != nil || !info.IsDir() {
		if err == nil || !m.Check {
			return nil, fmt.Errorf("dest %q is not a folder that exists; create it first (file: with state: directory)", a.Dest)
		}
	}
	u := unpacking{unarchiveArgs: a, opts: opts, m: m, dest: dest}
	defer u.close()
	if err := u.look(ctx); err != nil {
		return nil, fmt.Errorf("archive %q: %w", a.Src, err)
	}
	res.Handler = u.form
	err = u.run(ctx)
	if a.ListFiles {
		res.Files = u.names()
	}
	res.FileInfo = m.FileInfo(dest)
	return res, err
}

// tarOptions are the options of tar that are known.
type tarOptions struct {
	strip     int
	sameOwner bool
}

func (a *unarchiveArgs) options() (o tarOptions, err error) {
	o.sameOwner = os.Geteuid() == 0
	for i := 0; i < len(a.ExtraOpts); i++ {
		name, value, has := strings.Cut(a.ExtraOpts[i], "=")
		switch name {
		case "--no-same-owner":
			o.sameOwner = false
		case "--strip-components", "--strip":
			if !has && i+1 < len(a.ExtraOpts) {
				i++
				value = a.ExtraOpts[i]
			}
			if _, err := fmt.Sscanf(value, "%d", &o.strip); err != nil || o.strip < 0 {
				return o, fmt.Errorf("argument %q: %s needs a number, not %q", "extra_opts", name, value)
			}
		default:
			return o, fmt.Errorf("argument %q: option %q is not supported; known are --strip-components=N and --no-same-owner", "extra_opts", a.ExtraOpts[i])
		}
	}
	return o, nil
}

// selects reports whether include and exclude let a file through.
func (a *unarchiveArgs) selects(name string) bool {
	if len(a.Include) > 0 && !slices.ContainsFunc(a.Include, func(p string) bool { return covers(p, name) }) {
		return false
	}
	return !slices.ContainsFunc(a.Exclude, func(p string) bool { return covers(p, name) })
}

// covers reports whether the pattern matches the name, its last part, or a
// folder that the name lies in.
func covers(pattern, name string) bool {
	pattern = strings.TrimSuffix(strings.TrimPrefix(pattern, "./"), "/")
	for name != "." && name != "/" && name != "" {
		for _, n := range []string{name, path.Base(name)} {
			if ok, err := path.Match(pattern, n); ok || err != nil && pattern == n {
				return true
			}
		}
		name = path.Dir(name)
	}
	return false
}
