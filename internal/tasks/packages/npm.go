package packages

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Npm installs packages of Node.js, for a project or for the whole machine.
//
// Example:
//
//	tasks:
//	  - name: Install what the shop needs, by its lock file
//	    npm:
//	      path: /srv/shop
//	      ci: true
var Npm = sys.Define(spec.Module{
	Name:  "npm",
	Names: []string{"community.general.npm"},
}, npm)

type npmArgs struct {
	// The package. Without it, what the project's package.json names is meant.
	Name string `arg:"name"`
	// The project's folder.
	Path string `arg:"path" type:"path"`
	// The version.
	Version string `arg:"version"`
	// Installs for the whole machine.
	Global bool `arg:"global"`
	// What should be: latest brings newer versions, too.
	State string `arg:"state" choices:"absent,latest,present" default:"present"`
	// Installs just what the lock file has, anew each time.
	CI bool `arg:"ci"`
	// Leaves out what only development needs.
	Production bool `arg:"production"`
	// The program, where it is not npm.
	Executable string `arg:"executable" type:"path"`
	// Runs none of the packages' scripts.
	IgnoreScripts bool `arg:"ignore_scripts"`
	// Runs the packages' scripts as root.
	UnsafePerm bool `arg:"unsafe_perm"`
	// Where packages come from.
	Registry string `arg:"registry"`
	// Leaves out what is optional.
	NoOptional bool `arg:"no_optional"`
	// Makes no links to the packages' programs.
	NoBinLinks bool `arg:"no_bin_links"`
	// Takes a conflict between what packages want of each other for a warning.
	Force bool `arg:"force"`
}

// npmTree is what `npm list --json` says.
type npmTree struct {
	Dependencies map[string]npmPackage `json:"dependencies"`
}

type npmPackage struct {
	Version string          `json:"version"`
	Missing bool            `json:"missing"`
	Invalid json.RawMessage `json:"invalid"` // true or a text
}

func (p npmPackage) there() bool {
	invalid := string(p.Invalid)
	return !p.Missing && p.Version != "" && (invalid == "" || invalid == "false" || invalid == `""`)
}

func npm(ctx context.Context, m *sys.Machine, a *npmArgs) (any, error) {
	dir, err := m.Expand(a.Path)
	switch {
	case err != nil:
		return nil, err
	case dir == "" && !a.Global:
		return nil, errors.New("one of the arguments path, global is needed")
	case a.State == "absent" && a.Name == "":
		return nil, fmt.Errorf("argument %q is missing, which state: absent needs", "name")
	}
	r := &npmRun{m: m, npmArgs: a, dir: dir}
	if a.Executable == "" {
		if there, err := m.Need("npm", "npm"); err != nil || !there {
			if err == nil {
				err = m.Perform(ctx, "install "+a.what())
			}
			return nil, err
		}
	}
	if a.CI {
		return nil, r.perform(ctx, "install by the lock file", "ci")
	}
	tree, err := r.list(ctx)
	if err != nil {
		return nil, err
	}
	if a.State == "absent" {
		if _, there := tree.Dependencies[a.Name]; !there {
			return nil, nil
		}
		return nil, r.perform(ctx, "uninstall "+a.Name, "uninstall", a.Name)
	}
	if r.missing(tree) {
		return nil, r.install(ctx)
	}
	if a.State == "present" {
		return nil, nil
	}
	old, err := r.outdated(ctx)
	if err != nil || !old {
		return nil, err
	}
	if a.Name != "" {
		return nil, r.install(ctx)
	}
	return nil, r.perform(ctx, "update "+a.what(), "update")
}

// what names what is installed, for people.
func (a *npmArgs) what() string {
	switch {
	case a.Name == "":
		return "the packages of " + a.Path
	case a.Version != "":
		return a.Name + "@" + a.Version
	}
	return a.Name
}

// npmRun is one run of the module.
type npmRun struct {
	m *sys.Machine
	*npmArgs
	dir string
}

func (r *npmRun) command(verb string, args ...string) sys.Command {
	argv := []string{"npm", verb}
	if r.Executable != "" {
		argv[0] = r.Executable
	}
	for _, flag := range []struct {
		on   bool
		name string
	}{
		{r.Global, "--global"}, {r.Production, "--production"}, {r.IgnoreScripts, "--ignore-scripts"}, {r.UnsafePerm, "--unsafe-perm"},
		{r.NoOptional, "--no-optional"}, {r.NoBinLinks, "--no-bin-links"}, {r.Force, "--force"}, {r.Registry != "", "--registry=" + r.Registry},
	} {
		if flag.on {
			argv = append(argv, flag.name)
		}
	}
	dir := ""
	if r.dir != "" && !r.Global {
		dir = r.m.Path(r.dir)
	}
	return sys.Command{Argv: append(argv, args...), Dir: dir}
}

func (r *npmRun) perform(ctx context.Context, what, verb string, args ...string) error {
	return r.m.Change(ctx, sys.Change{What: what, Do: func(ctx context.Context) error {
		c := r.command(verb, args...)
		out, err := r.m.Run(ctx, c)
		if err == nil && out.Code != 0 {
			err = &sys.ExitError{Argv: c.Argv, Output: out}
		}
		return err
	}})
}

// list asks what is installed. The exit code is 1 where something is missing.
func (r *npmRun) list(ctx context.Context) (tree npmTree, err error) {
	c := r.command("list", "--json", "--depth=0")
	out, err := r.m.Run(ctx, c)
	if err != nil {
		return tree, err
	}
	if err := json.Unmarshal([]byte(out.Stdout), &tree); err != nil {
		return tree, fmt.Errorf("npm's list cannot be read: %w: %w", err, &sys.ExitError{Argv: c.Argv, Output: out})
	}
	return tree, nil
}

func (r *npmRun) missing(tree npmTree) bool {
	if r.Name != "" {
		p, there := tree.Dependencies[r.Name]
		return !there || !p.there() || r.Version != "" && p.Version != strings.TrimPrefix(r.Version, "v")
	}
	for _, p := range tree.Dependencies {
		if !p.there() {
			return true
		}
	}
	return false
}

// install takes the newest version where none is asked for: npm would keep an
// older one that fits.
func (r *npmRun) install(ctx context.Context) error {
	what := r.what()
	switch {
	case r.Name == "":
		return r.perform(ctx, "install "+what, "install")
	case r.State == "latest" && r.Version == "":
		what += "@latest"
	}
	return r.perform(ctx, "install "+what, "install", what)
}

// outdated asks whether there are newer versions.
func (r *npmRun) outdated(ctx context.Context) (bool, error) {
	c := r.command("outdated", "--json")
	if r.Name != "" {
		c.Argv = append(c.Argv, r.Name)
	}
	out, err := r.m.Run(ctx, c)
	if err != nil {
		return false, err
	}
	old := map[string]json.RawMessage{}
	if text := strings.TrimSpace(out.Stdout); text != "" {
		if err := json.Unmarshal([]byte(text), &old); err != nil {
			return false, &sys.ExitError{Argv: c.Argv, Output: out}
		}
	}
	if old["error"] != nil {
		return false, &sys.ExitError{Argv: c.Argv, Output: out}
	}
	return len(old) > 0, nil
}
