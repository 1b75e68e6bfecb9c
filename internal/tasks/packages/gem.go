package packages

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Gem installs and removes packages of Ruby.
//
// Example:
//
//	tasks:
//	  - name: Have bundler for everybody
//	    gem:
//	      name: bundler
//	      user_install: false
var Gem = sys.Define(spec.Module{
	Name:  "gem",
	Names: []string{"community.general.gem"},
}, gem)

type gemArgs struct {
	// The package.
	Name string `arg:"name,required"`
	// What should be: latest brings a newer version, too.
	State string `arg:"state" choices:"absent,latest,present" default:"present"`
	// The version.
	Version string `arg:"version"`
	// A file of the target to install from.
	GemSource string `arg:"gem_source" type:"path"`
	// Where packages come from.
	Repository string `arg:"repository" alias:"source"`
	// Installs what the package depends on.
	IncludeDependencies bool `arg:"include_dependencies" default:"true"`
	// Installs into the user's home.
	UserInstall bool `arg:"user_install" default:"true"`
	// The program, where it is not gem.
	Executable string `arg:"executable" type:"path"`
	// The folder to install into.
	InstallDir string `arg:"install_dir" type:"path"`
	// The folder of the programs.
	Bindir string `arg:"bindir" type:"path"`
	// Reads no gemrc.
	Norc bool `arg:"norc" default:"true"`
	// Lets the programs look for Ruby by the environment.
	EnvShebang bool `arg:"env_shebang"`
	// Takes versions that are not finished.
	PreRelease bool `arg:"pre_release"`
	// Installs the documentation.
	IncludeDoc bool `arg:"include_doc"`
	// Options for building what is not in Ruby.
	BuildFlags string `arg:"build_flags"`
	// Installs and removes against what dependencies say.
	Force bool `arg:"force"`
}

type gemResult struct {
	// The package.
	Name string `json:"name"`
	// The version that was asked for.
	Version string `json:"version,omitempty"`
	// What was asked for.
	State string `json:"state"`
}

func gem(ctx context.Context, m *sys.Machine, a *gemArgs) (any, error) {
	res := &gemResult{a.Name, a.Version, a.State}
	if a.State == "latest" && a.Version != "" {
		return res, fmt.Errorf("state: latest excludes the argument %q", "version")
	}
	if a.Executable == "" {
		if there, err := m.Need("gem", "ruby"); err != nil || !there {
			if err == nil {
				err = m.Perform(ctx, "install "+a.Name)
			}
			return res, err
		}
	}
	have, err := a.versions(ctx, m, "--local")
	if err != nil {
		return res, err
	}
	if a.State == "absent" {
		if len(have) == 0 || a.Version != "" && !slices.Contains(have, a.Version) {
			return res, nil
		}
		return res, m.Perform(ctx, "uninstall "+a.Name, a.uninstall()...)
	}
	want := a.Version
	if a.State == "latest" {
		offered, err := a.versions(ctx, m, "--remote")
		if err != nil {
			return res, err
		}
		if len(offered) == 0 {
			return res, fmt.Errorf("no repository has a package %q", a.Name)
		}
		want = offered[0]
	}
	if len(have) > 0 && (want == "" || slices.Contains(have, want)) {
		return res, nil
	}
	return res, m.Perform(ctx, strings.TrimSpace("install "+a.Name+" "+want), a.install(want)...)
}

func (a *gemArgs) argv(verb string) []string {
	argv := []string{"gem", verb}
	if a.Executable != "" {
		argv[0] = a.Executable
	}
	if a.Norc {
		argv = append(argv, "--norc")
	}
	return argv
}

// versions returns the versions that `gem list` has, the newest first.
func (a *gemArgs) versions(ctx context.Context, m *sys.Machine, where string) ([]string, error) {
	argv := append(a.argv("list"), where)
	if where == "--remote" && a.Repository != "" {
		argv = append(argv, "--clear-sources", "--source", a.Repository)
	}
	if where == "--remote" && a.PreRelease {
		argv = append(argv, "--prerelease")
	}
	c := sys.Command{Argv: append(argv, "^"+regexp.QuoteMeta(a.Name)+"$"), Env: []string{"LC_ALL=C"}}
	if a.InstallDir != "" {
		c.Env = append(c.Env, "GEM_HOME="+a.InstallDir)
	}
	out, err := m.Run(ctx, c)
	if err != nil {
		return nil, err
	}
	if out.Code != 0 {
		return nil, &sys.ExitError{Argv: c.Argv, Output: out}
	}
	line := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(a.Name) + ` \((.*)\)\s*$`).FindStringSubmatch(out.Stdout)
	if line == nil {
		return nil, nil
	}
	var found []string
	for version := range strings.SplitSeq(line[1], ",") {
		// As in "default: 2.1.4" and "1.2.3 x86_64-linux".
		version = strings.TrimPrefix(strings.TrimSpace(version), "default: ")
		number, _, _ := strings.Cut(version, " ")
		found = append(found, number)
	}
	return found, nil
}

func (a *gemArgs) install(version string) []string {
	argv := a.argv("install")
	if version != "" {
		argv = append(argv, "--version", version)
	}
	for _, flag := range []struct {
		on    bool
		words []string
	}{
		{a.Repository != "", []string{"--source", a.Repository}},
		{!a.IncludeDependencies, []string{"--ignore-dependencies"}},
		{a.UserInstall && a.InstallDir == "", []string{"--user-install"}},
		{!a.UserInstall && a.InstallDir == "", []string{"--no-user-install"}},
		{a.InstallDir != "", []string{"--install-dir", a.InstallDir}},
		{a.Bindir != "", []string{"--bindir", a.Bindir}},
		{a.PreRelease, []string{"--pre"}},
		{!a.IncludeDoc, []string{"--no-document"}},
		{a.EnvShebang, []string{"--env-shebang"}},
		{a.Force, []string{"--force"}},
	} {
		if flag.on {
			argv = append(argv, flag.words...)
		}
	}
	if a.GemSource != "" {
		argv = append(argv, a.GemSource)
	} else {
		argv = append(argv, a.Name)
	}
	if a.BuildFlags != "" {
		argv = append(append(argv, "--"), strings.Fields(a.BuildFlags)...)
	}
	return argv
}

func (a *gemArgs) uninstall() []string {
	argv := append(a.argv("uninstall"), "--executables")
	if a.InstallDir != "" {
		argv = append(argv, "--install-dir", a.InstallDir)
	}
	if a.Bindir != "" {
		argv = append(argv, "--bindir", a.Bindir)
	}
	if a.Version != "" {
		argv = append(argv, "--version", a.Version)
	} else {
		argv = append(argv, "--all")
	}
	if a.Force {
		argv = append(argv, "--force")
	}
	return append(argv, a.Name)
}
