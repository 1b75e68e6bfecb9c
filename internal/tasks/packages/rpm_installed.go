package packages

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"fleet/internal/tasks/sys"
)

// isFile reports whether a name is an .rpm file of the machine or elsewhere.
func isFile(name string) bool {
	return isURL(name) || strings.HasPrefix(name, "ftp://") || strings.HasSuffix(name, ".rpm")
}

// isPattern reports whether a name stands for several.
func isPattern(name string) bool { return strings.ContainsAny(name, "*?[") }

// rpm asks rpm's database.
func (r *rpmRun) rpm(ctx context.Context, args ...string) (sys.Output, error) {
	argv := []string{"rpm"}
	if r.a.Installroot != "/" {
		argv = append(argv, "--root", r.a.Installroot)
	}
	return r.m.Run(ctx, sys.Command{Argv: append(argv, args...), Env: []string{"LC_ALL=C"}})
}

// missing returns what is to be installed for the names: those whose package is
// not there, or not in the version that they ask for.
func (r *rpmRun) missing(ctx context.Context, names []string) ([]string, error) {
	var plain, out []string
	for _, name := range names {
		there, wish, conditional := false, rpmWish{}, false
		var err error
		switch {
		case strings.HasPrefix(name, "@"):
			there, err = r.groupInstalled(ctx, name[1:])
		case isFile(name):
			there, err = r.fileInstalled(ctx, name)
		default:
			if wish, conditional = parseWish(name); !conditional {
				plain = append(plain, name)
				continue
			}
			name = wish.String()
			there, err = r.wishMet(ctx, wish)
		}
		if err != nil {
			return nil, err
		}
		if !there {
			out = append(out, name)
		}
	}
	_, hasNot, err := r.installed(ctx, plain)
	if err != nil {
		return nil, err
	}
	lack, err := r.replaceable(ctx, hasNot)
	return append(lack, out...), err
}

// installed splits the names into those that rpm has, and those that it has not.
func (r *rpmRun) installed(ctx context.Context, names []string) (has, hasNot []string, err error) {
	if len(names) == 0 {
		return nil, nil, nil
	}
	// One question for all says enough where all are there.
	out, err := r.rpm(ctx, append([]string{"-q", "--"}, names...)...)
	if err != nil || out.Code == 0 {
		return names, nil, err
	}
	for _, name := range names {
		there, err := r.has(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		if there {
			has = append(has, name)
		} else {
			hasNot = append(hasNot, name)
		}
	}
	return has, hasNot, nil
}

func (r *rpmRun) has(ctx context.Context, name string) (bool, error) {
	if isPattern(name) {
		found, err := r.matching(ctx, name)
		return len(found) > 0, err
	}
	for _, args := range [][]string{{"-q", "--", name}, {"-q", "--whatprovides", "--", name}} {
		out, err := r.rpm(ctx, args...)
		if err != nil || out.Code == 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// versions returns the versions of a package that are installed.
func (r *rpmRun) versions(ctx context.Context, name string) ([]rpmVersion, error) {
	out, err := r.rpm(ctx, "-q", "--qf", "%{EPOCHNUM}:%{VERSION}-%{RELEASE}\n", "--", name)
	if err != nil || out.Code != 0 {
		return nil, err
	}
	var found []rpmVersion
	for _, line := range strings.Fields(out.Stdout) {
		found = append(found, parseRPMVersion(line))
	}
	return found, nil
}

// wishMet reports whether a package is there in the version that is asked for, or
// in a newer one that stays.
func (r *rpmRun) wishMet(ctx context.Context, w rpmWish) (bool, error) {
	found, err := r.versions(ctx, w.name)
	if err != nil || slices.ContainsFunc(found, w.met) {
		return err == nil, err
	}
	return r.stays(w.String(), w.name, found, func(v rpmVersion) bool { return v.compare(w.version) >= 0 }), nil
}

// replaceable drops those names that ask for an older version than the one that
// is installed, which stays.
func (r *rpmRun) replaceable(ctx context.Context, names []string) ([]string, error) {
	var out []string
	for _, name := range names {
		stays := false
		for _, way := range versionedNames(name) {
			found, err := r.versions(ctx, way.name)
			if err != nil {
				return nil, err
			}
			stays = stays || r.stays(name, way.name, found, func(v rpmVersion) bool {
				if !way.hasEpoch {
					v.epoch = 0
				}
				return v.compare(way.version) > 0
			})
		}
		if !stays {
			out = append(out, name)
		}
	}
	return out, nil
}

// stays reports whether a newer version is installed that must not be replaced,
// and says so.
func (r *rpmRun) stays(asked, name string, found []rpmVersion, newer func(rpmVersion) bool) bool {
	i := slices.IndexFunc(found, newer)
	if i < 0 || r.a.AllowDowngrade {
		return false
	}
	r.res.Warnings = append(r.res.Warnings, fmt.Sprintf("%s-%s-%s is installed, which is newer than %s: it stays; allow_downgrade: true takes the older one",
		name, found[i].version, found[i].release, asked))
	return true
}

// fileInstalled reports whether the package of an .rpm file is there, or a newer
// one that stays.
func (r *rpmRun) fileInstalled(ctx context.Context, file string) (bool, error) {
	if _, err := os.Stat(r.m.Path(file)); errors.Is(err, fs.ErrNotExist) && !isURL(file) {
		if r.m.Check {
			return false, nil // an earlier step may bring it
		}
		return false, fmt.Errorf("there is no file %s on this machine", file)
	}
	name, version, err := r.readFile(ctx, file)
	if err != nil {
		return false, err
	}
	found, err := r.versions(ctx, name)
	if err != nil || slices.Contains(found, version) {
		return err == nil, err
	}
	return r.stays(file, name, found, func(v rpmVersion) bool { return v.compare(version) > 0 }), nil
}

// readFile returns the name and the version of the package in an .rpm file.
func (r *rpmRun) readFile(ctx context.Context, file string) (name string, version rpmVersion, err error) {
	path := file
	if isURL(file) {
		if path, err = download(ctx, r.m, sys.Address{URL: file}, "*.rpm"); err != nil {
			return "", version, err
		}
		defer os.Remove(path)
	}
	out, err := r.m.Run(ctx, sys.Command{Env: []string{"LC_ALL=C"},
		Argv: []string{"rpm", "-qp", "--nosignature", "--qf", "%{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE}\n", "--", path}})
	if err != nil {
		return "", version, err
	}
	f := strings.Fields(out.Stdout)
	if out.Code != 0 || len(f) != 2 {
		return "", version, fmt.Errorf("%s is not an rpm package", file)
	}
	return f[0], parseRPMVersion(f[1]), nil
}

// groupInstalled asks the package manager, which keeps the record of groups.
func (r *rpmRun) groupInstalled(ctx context.Context, group string) (bool, error) {
	argv := []string{r.program, "-q", "group", "list", "installed", "hidden", "ids"}
	if r.program == "dnf5" {
		argv = []string{r.program, "-q", "group", "list", "--installed", "--hidden"}
	}
	out, err := r.m.Run(ctx, sys.Command{Argv: argv, Env: []string{"LC_ALL=C"}})
	if err == nil && out.Code != 0 && !r.m.Check { // a check may be before the repositories
		err = r.failed(ctx, argv, out)
	}
	if err != nil || out.Code != 0 {
		return false, err
	}
	group = strings.TrimPrefix(strings.ToLower(group), "^")
	for _, line := range strings.Split(strings.ToLower(out.Stdout), "\n") {
		line = strings.TrimSpace(line)
		name, id, _ := strings.Cut(strings.TrimSuffix(line, ")"), " (")
		if line == group || name == group || id == group || r.program == "dnf5" && strings.HasPrefix(line, group+" ") {
			return true, nil
		}
	}
	return false, nil
}
