package packages

import (
	"path"
	"slices"
	"strings"
)

// debSpec is a package as a playbook names it: "nginx", "libc6:i386",
// "nginx=1.22*", "nginx>=1.20" or "nginx/bookworm-backports".
type debSpec struct {
	Name, Arch  string
	Op, Version string // Op is "=", ">=" or empty
	Release     string
}

func parseDebSpec(s string) debSpec {
	var spec debSpec
	switch i := strings.IndexAny(s, "=>"); {
	case i > 0 && strings.HasPrefix(s[i:], ">="):
		spec.Op, spec.Version, s = ">=", strings.TrimSpace(s[i+2:]), s[:i]
	case i > 0:
		spec.Op, spec.Version, s = "=", strings.TrimSpace(strings.TrimLeft(s[i:], "=")), s[:i]
	}
	s, spec.Release, _ = strings.Cut(strings.TrimSpace(s), "/")
	spec.Name, spec.Arch, _ = strings.Cut(s, ":")
	return spec
}

// full is the name with the architecture, where one is given.
func (s debSpec) full() string {
	if s.Arch != "" {
		return s.Name + ":" + s.Arch
	}
	return s.Name
}

// argument is the spec as apt-get takes it. What stands for a version that
// apt-get cannot express is chosen by the caller.
func (s debSpec) argument() string {
	switch {
	case s.Op == "=":
		return s.full() + "=" + s.Version
	case s.Release != "":
		return s.full() + "/" + s.Release
	}
	return s.full()
}

func (s debSpec) isGlob() bool { return strings.ContainsAny(s.Name, "*?[") }

// accepts reports whether a version fits what is asked for by "=".
func (s debSpec) accepts(version string) bool {
	if s.Op != "=" || s.Version == version {
		return true
	}
	ok, err := path.Match(s.Version, version)
	return ok && err == nil
}

// expandGlobs replaces each spec with a pattern by those of the names that match.
// missed are the patterns that match nothing.
func expandGlobs(specs []debSpec, names func() ([]string, error)) (out []debSpec, missed []string, err error) {
	for _, spec := range specs {
		if !spec.isGlob() {
			out = append(out, spec)
			continue
		}
		all, err := names()
		if err != nil {
			return nil, nil, err
		}
		matched := slices.DeleteFunc(slices.Clone(all), func(name string) bool {
			ok, err := path.Match(spec.Name, name)
			return !ok || err != nil
		})
		if len(matched) == 0 {
			missed = append(missed, spec.Name)
		}
		slices.Sort(matched)
		for _, name := range matched {
			one := spec
			one.Name = name
			out = append(out, one)
		}
	}
	return out, missed, nil
}

// policy is what apt knows of one package.
type policy struct {
	Candidate string // empty where only other packages provide it
	Versions  []string
}

// parsePolicy reads what "apt-cache policy NAME..." prints, by names with the
// architecture that was asked for. Unknown packages are not there.
func parsePolicy(text string) map[string]policy {
	found := map[string]policy{}
	name, table := "", false
	for _, line := range strings.Split(text, "\n") {
		if line != "" && line[0] != ' ' {
			name, table = strings.TrimSuffix(line, ":"), false
			found[name] = policy{}
			continue
		}
		p := found[name]
		switch key, value, _ := strings.Cut(strings.TrimSpace(line), ": "); {
		case key == "Candidate" && value != "(none)":
			p.Candidate = value
		case key == "Version table:":
			table = true
		case table && strings.HasPrefix(line, " *** "), table && strings.HasPrefix(line, "     ") && line[5] != ' ':
			p.Versions = append(p.Versions, strings.Fields(strings.TrimPrefix(line, " *** "))[0])
		}
		if name != "" {
			found[name] = p
		}
	}
	return found
}

// simulated are the steps that "apt-get -s" prints.
type simulated struct {
	Install, Remove []string // "name version" and "name"
}

func parseSimulation(text string) simulated {
	var s simulated
	for _, line := range strings.Split(text, "\n") {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		switch f[0] {
		case "Inst":
			_, version, _ := strings.Cut(line, "(")
			version, _, _ = strings.Cut(version, " ")
			s.Install = append(s.Install, f[1]+" "+version)
		case "Remv", "Purg":
			s.Remove = append(s.Remove, f[1])
		}
	}
	return s
}

func (s simulated) empty() bool { return len(s.Install)+len(s.Remove) == 0 }
