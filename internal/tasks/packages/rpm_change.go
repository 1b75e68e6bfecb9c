package packages

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"fleet/internal/tasks/sys"
)

func (r *rpmRun) present(ctx context.Context, names []string) error {
	lack, err := r.missing(ctx, names)
	if err != nil || len(lack) == 0 {
		return err
	}
	return r.change(ctx, "install", lack, "", lines(lack))
}

// change runs one verb of the package manager for the names.
func (r *rpmRun) change(ctx context.Context, verb string, names []string, before, after string) error {
	flags := r.flags()
	if verb == "upgrade" || verb == "update" {
		flags = r.updateFlags()
	}
	args := append(flags, verb)
	if verb == "remove" && r.a.Autoremove {
		args = append(args, "--setopt=clean_requirements_on_remove=1")
	}
	if !r.a.DisableGPGCheck && slices.ContainsFunc(names, isFile) {
		// dnf trusts files by default.
		args = append(args, "--setopt=localpkg_gpgcheck=1")
	}
	args = append(args, names...)
	what := strings.TrimSpace(verb + " " + list(names))
	err := r.m.Change(ctx, sys.Change{What: what, Before: before, After: after, BeforeName: "packages", AfterName: "packages",
		Do: func(ctx context.Context) error { return r.manage(ctx, args...) }})
	if err != nil {
		return err
	}
	done := transaction(r.res.Stdout)
	if len(done) == 0 {
		for _, name := range names {
			done = append(done, pastOf[verb]+": "+name)
		}
	}
	r.res.Results = append(r.res.Results, done...)
	return nil
}

var pastOf = map[string]string{"install": "Installed", "upgrade": "Upgraded", "update": "Upgraded", "remove": "Removed", "autoremove": "Removed"}

// latest installs what is missing and upgrades what is older than it could be.
func (r *rpmRun) latest(ctx context.Context, names []string) error {
	var lack []string
	var err error
	if all := len(names) == 1 && names[0] == "*"; all {
		names = nil
	} else if lack, err = r.missing(ctx, names); err != nil {
		return err
	}
	if r.a.UpdateOnly {
		lack = nil
	}
	outdated, err := r.outdated(ctx, without(names, lack), names == nil)
	if err != nil {
		return err
	}
	if len(lack) > 0 {
		if err := r.change(ctx, "install", lack, "", lines(lack)); err != nil {
			return err
		}
	}
	if len(outdated) == 0 {
		return nil
	}
	verb := "upgrade"
	if r.program == "yum" {
		verb = "update"
	}
	var targets []string
	for _, o := range outdated {
		targets = append(targets, o.name)
	}
	after := ""
	for _, o := range outdated {
		after += o.name + " " + o.version + "\n"
	}
	return r.change(ctx, verb, targets, "", after)
}

// without drops names, and those that are no package's name alone.
func without(names, drop []string) []string {
	var out []string
	for _, name := range names {
		_, conditional := parseWish(name)
		if !slices.Contains(drop, name) && !isFile(name) && !conditional && !strings.HasPrefix(name, "@") {
			out = append(out, name)
		}
	}
	return out
}

// update is a newer version of a package that is installed.
type update struct{ name, version string }

// outdated asks for updates of the names, or of everything. The exit code of
// check-update is 100 where there are some.
func (r *rpmRun) outdated(ctx context.Context, names []string, all bool) ([]update, error) {
	if len(names) == 0 && !all {
		return nil, nil
	}
	argv := append([]string{r.program}, append(r.updateFlags(), append([]string{"-q", "check-update"}, names...)...)...)
	out, err := r.m.Run(ctx, sys.Command{Argv: argv, Env: []string{"LC_ALL=C"}})
	switch {
	case err != nil:
		return nil, err
	case out.Code == 0:
		return nil, nil
	case out.Code != 100:
		r.res.RC, r.res.Stdout, r.res.Stderr = out.Code, out.Stdout, out.Stderr
		return nil, r.failed(ctx, argv, out)
	}
	return parseUpdates(out.Stdout), nil
}

// parseUpdates reads lines of "name.arch version repository". Long names make
// the version stand on the next line.
func parseUpdates(text string) []update {
	var found []update
	var pending []string
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "Obsoleting Packages") || strings.HasPrefix(line, "Security:") {
			break
		}
		pending = append(pending, strings.Fields(line)...)
		if len(pending) < 3 {
			continue
		}
		if name, _, ok := cutLast(pending[0], "."); ok && len(pending) == 3 {
			found = append(found, update{name, pending[1]})
		}
		pending = nil
	}
	return found
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// remove removes those of the names that are there.
func (r *rpmRun) remove(ctx context.Context, names []string) error {
	var plain, there []string
	for _, name := range names {
		switch {
		case strings.HasPrefix(name, "@"):
			has, err := r.groupInstalled(ctx, name[1:])
			if err != nil {
				return err
			}
			if has {
				there = append(there, name)
			}
		case isPattern(name):
			found, err := r.matching(ctx, name)
			if err != nil {
				return err
			}
			there = append(there, found...)
		default:
			if wish, conditional := parseWish(name); conditional {
				found, err := r.versions(ctx, wish.name)
				if err != nil {
					return err
				}
				if slices.ContainsFunc(found, wish.met) {
					there = append(there, wish.String())
				}
				continue
			}
			plain = append(plain, name)
		}
	}
	has, _, err := r.installed(ctx, plain)
	if err != nil {
		return err
	}
	there = append(has, there...)
	if len(there) == 0 {
		return nil
	}
	return r.change(ctx, "remove", there, lines(there), "")
}

// matching returns the installed packages whose names match a pattern, alone or
// with their versions, releases and architectures.
func (r *rpmRun) matching(ctx context.Context, pattern string) ([]string, error) {
	out, err := r.rpm(ctx, "-qa", "--qf", "%{NAME} %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n")
	if err != nil {
		return nil, err
	}
	var found []string
	for line := range strings.Lines(out.Stdout) {
		forms := strings.Fields(line)
		if slices.ContainsFunc(forms, func(form string) bool {
			ok, err := path.Match(pattern, form)
			return ok && err == nil
		}) && !slices.Contains(found, forms[0]) {
			found = append(found, forms[0])
		}
	}
	return found, nil
}

// autoremove removes what no package needs any more. Answering no to its
// question tells what it would do.
func (r *rpmRun) autoremove(ctx context.Context) error {
	argv := []string{r.program, "--assumeno", "autoremove"}
	out, err := r.m.Run(ctx, sys.Command{Argv: argv, Env: []string{"LC_ALL=C"}})
	switch {
	case err != nil:
		return err
	case strings.Contains(out.Stdout, "Remov"):
	case out.Code != 0:
		return r.failed(ctx, argv, out)
	default:
		return nil
	}
	return r.change(ctx, "autoremove", nil, out.Stdout, "")
}

// rpmListResult is what the argument list gives.
type rpmListResult struct {
	// The packages.
	Results []rpmListed `json:"results"`
}

type rpmListed struct {
	// The name.
	Name string `json:"name"`
	// The architecture.
	Arch string `json:"arch"`
	// Version and release.
	Version string `json:"version"`
	// The repository that it comes from.
	Repo string `json:"repo"`
}

func (r *rpmRun) list(ctx context.Context) (any, error) {
	argv := append([]string{r.program}, append(r.flags(), "-q", "list")...)
	switch r.a.List {
	case "installed", "available", "updates", "recent", "extras":
		argv = append(argv, r.a.List)
	default:
		argv = append(argv, "--", r.a.List)
	}
	out, err := r.m.Run(ctx, sys.Command{Argv: argv, Env: []string{"LC_ALL=C"}})
	if err != nil {
		return nil, err
	}
	if out.Code != 0 && !strings.Contains(out.Stderr+out.Stdout, "No matching") {
		return nil, fmt.Errorf("cannot list packages: %w", r.failed(ctx, argv, out))
	}
	res := rpmListResult{Results: []rpmListed{}}
	for _, line := range strings.Split(out.Stdout, "\n") {
		if f := strings.Fields(line); len(f) == 3 {
			if name, arch, ok := cutLast(f[0], "."); ok {
				res.Results = append(res.Results, rpmListed{name, arch, f[1], strings.TrimPrefix(f[2], "@")})
			}
		}
	}
	return res, nil
}
