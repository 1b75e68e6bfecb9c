package packages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// PackageFacts returns the installed packages as the fact "packages": lists of
// versions by name.
//
// Example:
//
//	tasks:
//	  - name: Ask what is installed
//	    package_facts:
//	  - name: Show the version of nginx
//	    debug:
//	      msg: "nginx is {{ packages['nginx'][0].version }}"
//	    when: "'nginx' in packages"
var PackageFacts = sys.Define(spec.Module{
	Name:  "package_facts",
	Names: []string{"ansible.builtin.package_facts", "ansible.legacy.package_facts"},
	Facts: []string{"packages"},
}, packageFacts)

type packageFactsArgs struct {
	// Which package managers to ask; auto takes the first that the machine has. dnf,
	// dnf5, yum and zypper are rpm. One that is named and not there is a warning,
	// as long as another is.
	Manager []string `arg:"manager" choices:"apk,apt,auto,dnf,dnf5,pacman,rpm,yum,zypper" default:"auto"`
	// With several managers, whether the first that has packages is enough.
	Strategy string `arg:"strategy" choices:"all,first" default:"first"`
}

type packageFactsResult struct {
	// The fact "packages": the installed packages by name.
	AnsibleFacts packageFactsFacts `json:"ansible_facts"`
	// Which managers could not be asked, and why.
	Warnings []string `json:"warnings,omitempty"`
}

type packageFactsFacts struct {
	// The versions of a package that are installed, by its name.
	Packages map[string][]packageFact `json:"packages"`
}

type packageFact struct {
	// The name again.
	Name string `json:"name"`
	// The version; with rpm and apk without the release.
	Version string `json:"version"`
	// The release of an rpm, or of a package of apk, as r0.
	Release string `json:"release,omitempty"`
	// The epoch of an rpm.
	Epoch *int `json:"epoch,omitempty"`
	// The architecture; apk does not say it.
	Arch string `json:"arch,omitempty"`
	// The section of a Debian package.
	Category string `json:"category,omitempty"`
	// Who made a Debian package.
	Origin string `json:"origin,omitempty"`
	// apk, apt, pacman or rpm.
	Source string `json:"source"`
}

// packageSource is a package manager that can be asked.
type packageSource struct {
	name, program string
	aliases       []string
	list          func(context.Context, *sys.Machine) ([]packageFact, error)
}

// packageSources are all of them, in the order of auto.
var packageSources = []packageSource{
	{"apt", "dpkg", nil, listApt},
	{"rpm", "rpm", []string{"dnf", "dnf5", "yum", "zypper"}, listRpm},
	{"pacman", "pacman", nil, listPacman},
	{"apk", "apk", nil, listApk},
}

func packageFacts(ctx context.Context, m *sys.Machine, a *packageFactsArgs) (any, error) {
	res := &packageFactsResult{AnsibleFacts: packageFactsFacts{Packages: map[string][]packageFact{}}}
	listed := false
	for _, s := range askedSources(a.Manager) {
		if !m.Has(s.program) {
			if slices.ContainsFunc(a.Manager, s.is) {
				res.Warnings = append(res.Warnings, fmt.Sprintf("Requested package manager %s was not usable by this module: the machine has no command %q", s.name, s.program))
			}
			continue
		}
		found, err := s.list(ctx, m)
		if err != nil {
			res.Warnings = append(res.Warnings, fmt.Sprintf("Failed to retrieve packages with %s: Unable to list packages: %v", s.name, err))
			continue
		}
		listed = true
		for _, p := range found {
			p.Source = s.name
			res.AnsibleFacts.Packages[p.Name] = append(res.AnsibleFacts.Packages[p.Name], p)
		}
		if len(found) > 0 && a.Strategy == "first" {
			return res, nil
		}
	}
	switch {
	case listed:
		return res, nil
	case len(res.Warnings) > 0:
		return res, errors.New(strings.Join(res.Warnings, "\n"))
	}
	return res, errors.New("the machine has none of dpkg, rpm, pacman and apk; other package managers are not supported")
}

// is reports whether a name means this manager.
func (s packageSource) is(name string) bool {
	return name == s.name || slices.Contains(s.aliases, name)
}

// askedSources returns the managers that are meant, each once, in the order of names.
func askedSources(names []string) []packageSource {
	var out []packageSource
	for _, n := range names {
		for _, s := range packageSources {
			there := slices.ContainsFunc(out, func(o packageSource) bool { return o.name == s.name })
			if !there && (n == "auto" || s.is(n)) {
				out = append(out, s)
			}
		}
	}
	return out
}

func listApt(_ context.Context, m *sys.Machine) ([]packageFact, error) {
	db, err := readDpkg(m)
	if err != nil {
		return nil, err
	}
	var found []packageFact
	for _, p := range db.all {
		if p.installed() {
			found = append(found, packageFact{Name: p.Name, Version: p.Version, Arch: p.Arch, Category: p.Section, Origin: p.Origin})
		}
	}
	return found, nil
}

func listRpm(ctx context.Context, m *sys.Machine) ([]packageFact, error) {
	out, err := m.Must(ctx, "rpm", "-qa", "--qf", "%{NAME}\t%{VERSION}\t%{RELEASE}\t%{EPOCH}\t%{ARCH}\n")
	var found []packageFact
	for line := range strings.Lines(out.Stdout) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 5 {
			continue
		}
		p := packageFact{Name: f[0], Version: f[1], Release: f[2], Arch: f[4]}
		if epoch, err := strconv.Atoi(f[3]); err == nil {
			p.Epoch = &epoch
		}
		found = append(found, p)
	}
	return found, err
}

// listPacman reads blocks of "Field : value" lines; a line that starts with a space
// goes on with the field above.
func listPacman(ctx context.Context, m *sys.Machine) ([]packageFact, error) {
	out, err := m.Run(ctx, sys.Command{Argv: []string{"pacman", "-Qi"}, Env: []string{"LC_ALL=C"}})
	if err == nil && out.Code != 0 {
		err = &sys.ExitError{Argv: []string{"pacman", "-Qi"}, Output: out}
	}
	var found []packageFact
	for line := range strings.Lines(out.Stdout) {
		key, value, ok := strings.Cut(line, " : ")
		if !ok || strings.HasPrefix(line, " ") {
			continue
		}
		value = strings.TrimSpace(value)
		if key = strings.TrimSpace(key); key == "Name" {
			found = append(found, packageFact{Name: value})
		}
		if len(found) == 0 {
			continue
		}
		switch p := &found[len(found)-1]; key {
		case "Version":
			p.Version = value
		case "Architecture":
			p.Arch = value
		}
	}
	return found, err
}

// listApk reads lines as "musl-utils-1.2.5-r0".
func listApk(ctx context.Context, m *sys.Machine) ([]packageFact, error) {
	out, err := m.Must(ctx, "apk", "info", "-v")
	var found []packageFact
	for line := range strings.Lines(out.Stdout) {
		f := strings.Split(strings.TrimSpace(line), "-")
		if n := len(f); n >= 3 {
			found = append(found, packageFact{Name: strings.Join(f[:n-2], "-"), Version: f[n-2], Release: f[n-1]})
		}
	}
	return found, err
}
