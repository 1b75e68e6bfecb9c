package packages

import (
	"context"
	"errors"
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
	// Which package managers to ask; auto takes the first that the machine has.
	Manager []string `arg:"manager" choices:"apt,auto,rpm" default:"auto"`
	// With several managers, whether the first that has packages is enough.
	Strategy string `arg:"strategy" choices:"all,first" default:"first"`
}

type packageFactsResult struct {
	// The fact "packages": the installed packages by name.
	AnsibleFacts packageFactsFacts `json:"ansible_facts"`
}

type packageFactsFacts struct {
	// The versions of a package that are installed, by its name.
	Packages map[string][]packageFact `json:"packages"`
}

type packageFact struct {
	// The name again.
	Name string `json:"name"`
	// The version; with rpm without the release.
	Version string `json:"version"`
	// The release of an rpm.
	Release string `json:"release,omitempty"`
	// The epoch of an rpm.
	Epoch *int `json:"epoch,omitempty"`
	// The architecture.
	Arch string `json:"arch"`
	// The section of a Debian package.
	Category string `json:"category,omitempty"`
	// Who made a Debian package.
	Origin string `json:"origin,omitempty"`
	// apt or rpm.
	Source string `json:"source"`
}

func packageFacts(ctx context.Context, m *sys.Machine, a *packageFactsArgs) (any, error) {
	res := packageFactsResult{packageFactsFacts{map[string][]packageFact{}}}
	asked := false
	for _, manager := range a.Manager {
		names := []string{manager}
		if manager == "auto" {
			names = []string{"apt", "rpm"}
		}
		for _, name := range names {
			if !m.Has(map[string]string{"apt": "dpkg", "rpm": "rpm"}[name]) {
				continue
			}
			asked = true
			found, err := installedBy(ctx, m, name)
			if err != nil {
				return res, err
			}
			for _, p := range found {
				res.AnsibleFacts.Packages[p.Name] = append(res.AnsibleFacts.Packages[p.Name], p)
			}
			if len(found) > 0 && a.Strategy == "first" {
				return res, nil
			}
		}
	}
	if !asked {
		return res, errors.New("the machine has neither dpkg nor rpm; other package managers are not supported")
	}
	return res, nil
}

func installedBy(ctx context.Context, m *sys.Machine, manager string) ([]packageFact, error) {
	if manager == "apt" {
		db, err := readDpkg(m)
		if err != nil {
			return nil, err
		}
		var found []packageFact
		for _, p := range db.all {
			if p.installed() {
				found = append(found, packageFact{Name: p.Name, Version: p.Version, Arch: p.Arch,
					Category: p.Section, Origin: p.Origin, Source: "apt"})
			}
		}
		return found, nil
	}
	out, err := m.Must(ctx, "rpm", "-qa", "--qf", "%{NAME}\t%{VERSION}\t%{RELEASE}\t%{EPOCH}\t%{ARCH}\n")
	var found []packageFact
	for _, line := range strings.Split(out.Stdout, "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 5 {
			continue
		}
		p := packageFact{Name: f[0], Version: f[1], Release: f[2], Arch: f[4], Source: "rpm"}
		if epoch, err := strconv.Atoi(f[3]); err == nil {
			p.Epoch = &epoch
		}
		found = append(found, p)
	}
	return found, err
}
