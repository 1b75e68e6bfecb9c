package packages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"fleet/internal/tasks/sys"
)

// install brings the named packages to the state present or latest.
func (r *aptRun) install(ctx context.Context, names []string) error {
	var specs []debSpec
	for _, name := range names {
		specs = append(specs, parseDebSpec(name))
	}
	specs, missed, err := expandGlobs(specs, func() ([]string, error) { return r.knownNames(ctx, "") })
	if err != nil {
		return err
	}
	if len(missed) > 0 && !r.m.Check {
		return fmt.Errorf("no package matches %q", missed[0])
	}
	policies, err := r.policies(ctx, r.undecided(specs))
	if err != nil {
		return err
	}
	var p installPlan
	for _, spec := range specs {
		if err := r.plan(ctx, &p, spec, policies); err != nil {
			return err
		}
	}
	if len(p.args) == 0 {
		return nil
	}
	args := r.flags()
	if r.a.Autoremove {
		args = append(args, "--auto-remove")
	}
	args = append(append(args, "install"), p.args...)
	return r.m.Change(ctx, sys.Change{
		What: "install " + list(p.after), Before: lines(p.before), After: lines(p.after), BeforeName: "packages", AfterName: "packages",
		Do: func(ctx context.Context) error { return r.guarded(ctx, args...) },
	})
}

// installPlan is what one call of apt-get has to install.
type installPlan struct {
	args          []string // of apt-get
	before, after []string // "name version"
}

// undecided are the names for which dpkg's database alone does not say what to do.
func (r *aptRun) undecided(specs []debSpec) []string {
	var names []string
	for _, spec := range specs {
		if !r.satisfied(spec) && !slices.Contains(names, spec.full()) {
			names = append(names, spec.full())
		}
	}
	return names
}

// satisfied reports whether spec needs nothing, as far as dpkg knows.
func (r *aptRun) satisfied(spec debSpec) bool {
	p := r.db.installed(spec.Name, spec.Arch)
	if p == nil {
		// What only other packages provide has no versions.
		provided := len(r.db.providers[spec.Name]) > 0 && r.db.find(spec.Name, spec.Arch) == nil
		return provided && spec.Op == "" && r.a.State != "latest"
	}
	switch {
	case spec.Op == "=":
		return spec.accepts(p.Version)
	case spec.Op == ">=":
		return false // dpkg itself compares
	}
	return r.a.State != "latest" && spec.Release == ""
}

// policies asks apt for the candidates of the names.
func (r *aptRun) policies(ctx context.Context, names []string) (map[string]policy, error) {
	if len(names) == 0 {
		return nil, nil
	}
	argv := []string{"apt-cache", "policy"}
	if r.a.DefaultRelease != "" {
		argv = append(argv, "-o", "APT::Default-Release="+r.a.DefaultRelease)
	}
	out, err := r.m.Run(ctx, sys.Command{Argv: append(argv, names...), Env: aptEnv})
	if err == nil && out.Code != 0 {
		err = &sys.ExitError{Argv: argv, Output: out}
	}
	return parsePolicy(out.Stdout), err
}

// plan adds to p what spec needs.
func (r *aptRun) plan(ctx context.Context, p *installPlan, spec debSpec, policies map[string]policy) error {
	if r.satisfied(spec) {
		return nil
	}
	has := r.db.installed(spec.Name, spec.Arch)
	if has == nil && r.a.OnlyUpgrade {
		return nil
	}
	known, ok := policies[spec.full()]
	if !ok {
		return r.unknown(ctx, p, spec)
	}
	if known.Candidate == "" && len(known.Versions) == 0 {
		return r.virtual(ctx, p, spec)
	}
	version, err := r.choose(ctx, spec, known, has)
	if err != nil || version == "" {
		return err
	}
	arg := spec.argument()
	if spec.Op == ">=" {
		arg = spec.full() + "=" + version
	}
	p.args = append(p.args, arg)
	p.after = append(p.after, spec.full()+" "+version)
	if has != nil {
		p.before = append(p.before, spec.full()+" "+has.Version)
	}
	return nil
}

// choose returns the version to install, or nothing where the installed one is right.
func (r *aptRun) choose(ctx context.Context, spec debSpec, known policy, has *debPackage) (string, error) {
	switch spec.Op {
	case "=":
		for _, v := range known.Versions {
			if spec.accepts(v) {
				return v, nil
			}
		}
		return "", fmt.Errorf("no version %q of package %q is in the machine's package lists; there is %s",
			spec.Version, spec.full(), strings.Join(known.Versions, ", "))
	case ">=":
		if has != nil && r.atLeast(ctx, has.Version, spec.Version) && (r.a.State != "latest" || has.Version == known.Candidate) {
			return "", nil
		}
		if !r.atLeast(ctx, known.Candidate, spec.Version) {
			return "", fmt.Errorf("package %q is %s in the machine's package lists, which is older than %s", spec.full(), known.Candidate, spec.Version)
		}
		return known.Candidate, nil
	}
	if known.Candidate == "" {
		return "", fmt.Errorf("package %q has no version that may be installed; look at: apt-cache policy %s", spec.full(), spec.full())
	}
	if has != nil && has.Version == known.Candidate {
		return "", nil
	}
	return known.Candidate, nil
}

func (r *aptRun) atLeast(ctx context.Context, version, than string) bool {
	out, err := r.m.Run(ctx, sys.Command{Argv: []string{"dpkg", "--compare-versions", version, "ge", than}})
	return err == nil && out.Code == 0
}

// virtual plans a name that only other packages provide. apt-get installs the
// one that does, and refuses where there are several.
func (r *aptRun) virtual(ctx context.Context, p *installPlan, spec debSpec) error {
	if len(r.db.providers[spec.Name]) > 0 {
		return nil
	}
	out, err := r.m.Must(ctx, "apt-cache", "showpkg", spec.full())
	if err != nil {
		return err
	}
	_, reverse, _ := strings.Cut(out.Stdout, "Reverse Provides:")
	var providers []string
	for _, line := range strings.Split(reverse, "\n") {
		if f := strings.Fields(line); len(f) > 0 && !slices.Contains(providers, f[0]) {
			providers = append(providers, f[0])
		}
	}
	switch len(providers) {
	case 0:
		return r.unknown(ctx, p, spec)
	case 1:
		p.args = append(p.args, spec.full())
		p.after = append(p.after, providers[0]+" (for "+spec.full()+")")
		return nil
	}
	slices.Sort(providers)
	return fmt.Errorf("package %q is a name that several packages provide: %s; name one of them", spec.full(), strings.Join(providers, ", "))
}

// unknown is a package that apt has never heard of.
func (r *aptRun) unknown(ctx context.Context, p *installPlan, spec debSpec) error {
	if r.m.Check {
		r.warn("package %q is not in the machine's package lists now: it can be installed only if an earlier step adds its repository", spec.full())
		p.args = append(p.args, spec.full())
		p.after = append(p.after, spec.full())
		return nil
	}
	msg := fmt.Sprintf("no package %q in the machine's package lists", spec.full())
	if !hasLists(r.m) {
		return errors.New(msg + ": there are none yet\nhint: add update_cache: true")
	}
	if names, err := r.knownNames(ctx, spec.Name[:1]); err == nil {
		if like := likeName(spec.Name, names); like != "" {
			return fmt.Errorf("%s\nhint: did you mean %q?", msg, like)
		}
	}
	if !r.fresh {
		msg += "\nhint: update_cache: true fetches new lists"
	}
	return errors.New(msg)
}

// knownNames returns all packages that apt knows whose names start so.
func (r *aptRun) knownNames(ctx context.Context, prefix string) ([]string, error) {
	argv := []string{"apt-cache", "pkgnames"}
	if prefix != "" {
		argv = append(argv, prefix)
	}
	out, err := r.m.Must(ctx, argv...)
	return strings.Fields(out.Stdout), err
}

// remove removes the named packages, of which any may be missing.
func (r *aptRun) remove(ctx context.Context, names []string) error {
	var specs []debSpec
	for _, name := range names {
		specs = append(specs, parseDebSpec(name))
	}
	specs, _, err := expandGlobs(specs, func() ([]string, error) {
		var all []string
		for _, p := range r.db.all {
			all = append(all, p.Name)
		}
		return slices.Compact(slices.Sorted(slices.Values(all))), nil
	})
	if err != nil {
		return err
	}
	var args, before []string
	for _, spec := range specs {
		p := r.db.find(spec.Name, spec.Arch)
		if p == nil || !spec.accepts(p.Version) || !(p.installed() || r.a.Purge && p.Status == "config-files") {
			continue
		}
		args = append(args, spec.full())
		before = append(before, spec.full()+" "+p.Version)
	}
	if len(args) == 0 {
		return nil
	}
	command := r.flags()
	if r.a.Purge {
		command = append(command, "--purge")
	}
	if r.a.Autoremove {
		command = append(command, "--auto-remove")
	}
	command = append(append(command, "remove"), args...)
	return r.m.Change(ctx, sys.Change{
		What: "remove " + list(args), Before: lines(before), BeforeName: "packages", AfterName: "packages",
		Do: func(ctx context.Context) error { return r.guarded(ctx, command...) },
	})
}
