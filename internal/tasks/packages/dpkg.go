package packages

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"fleet/internal/tasks/sys"
)

// dpkgStatus is where dpkg keeps what is installed.
const dpkgStatus = "/var/lib/dpkg/status"

// debPackage is one package that dpkg knows of.
type debPackage struct {
	Name, Arch, Version string
	Section, Origin     string
	Status              string // dpkg's third word: "installed", "config-files", ...
	Held                bool
	Provides            []string
}

func (p *debPackage) installed() bool {
	return p.Status == "installed" || p.Status == "triggers-awaited" || p.Status == "triggers-pending"
}

// dpkgDatabase is what dpkg knows of.
type dpkgDatabase struct {
	all    []*debPackage
	byName map[string][]*debPackage
	// providers are the installed packages by the names that they stand in for.
	providers map[string][]*debPackage
}

// readDpkg reads dpkg's database. A machine that has none has nothing installed.
func readDpkg(m *sys.Machine) (*dpkgDatabase, error) {
	db := &dpkgDatabase{byName: map[string][]*debPackage{}, providers: map[string][]*debPackage{}}
	f, err := m.Open(dpkgStatus)
	if errors.Is(err, fs.ErrNotExist) {
		return db, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the list of installed packages cannot be read: %w", err)
	}
	defer f.Close()
	return db, db.read(f)
}

// read reads blocks of "Field: value" lines, as deb-control(5) has them.
func (db *dpkgDatabase) read(r io.Reader) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 64<<10), 16<<20)
	p := &debPackage{}
	for sc.Scan() {
		line := sc.Text()
		if line == "" {
			db.add(p)
			p = &debPackage{}
			continue
		}
		key, value, ok := strings.Cut(line, ": ")
		if !ok || line[0] == ' ' {
			continue
		}
		switch key {
		case "Package":
			p.Name = value
		case "Architecture":
			p.Arch = value
		case "Version":
			p.Version = value
		case "Section":
			p.Section = value
		case "Origin":
			p.Origin = value
		case "Status":
			if words := strings.Fields(value); len(words) == 3 {
				p.Held, p.Status = words[0] == "hold", words[2]
			}
		case "Provides":
			p.Provides = provided(value)
		}
	}
	db.add(p)
	return sc.Err()
}

// provided reads "a, b (= 1.2)" as names.
func provided(value string) []string {
	var names []string
	for _, item := range strings.Split(value, ",") {
		if f := strings.Fields(item); len(f) > 0 {
			names = append(names, f[0])
		}
	}
	return names
}

func (db *dpkgDatabase) add(p *debPackage) {
	if p.Name == "" {
		return
	}
	db.all = append(db.all, p)
	db.byName[p.Name] = append(db.byName[p.Name], p)
	if p.installed() {
		for _, name := range p.Provides {
			db.providers[name] = append(db.providers[name], p)
		}
	}
}

// find returns the package with this name, installed where there are several of
// different architectures, or nil. An empty arch is any.
func (db *dpkgDatabase) find(name, arch string) *debPackage {
	var found *debPackage
	for _, p := range db.byName[name] {
		if arch != "" && arch != p.Arch && p.Arch != "all" {
			continue
		}
		if found == nil || p.installed() && !found.installed() {
			found = p
		}
	}
	return found
}

// installed is find for packages that are installed.
func (db *dpkgDatabase) installed(name, arch string) *debPackage {
	if p := db.find(name, arch); p != nil && p.installed() {
		return p
	}
	return nil
}
