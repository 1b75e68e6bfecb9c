package packages

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Pip installs and removes libraries of Python, for the machine's own Python or
// in a virtual environment, which it makes where it is not there. It needs Python
// with pip on the target: "python3 -m pip", or what executable names.
//
// Names that are installed as they should be are left alone without asking an
// index. In check mode, what only pip itself can decide is asked of it (pip 22.2
// and newer), or taken for a change.
//
// Example:
//
//	tasks:
//	  - pip:
//	      name: ["django==4.2.7", "gunicorn>=21"]
//	      virtualenv: /srv/app/venv
//	      virtualenv_command: python3 -m venv
var Pip = sys.Define(spec.Module{
	Name:      "pip",
	Names:     []string{"ansible.builtin.pip", "ansible.legacy.pip"},
	OneOf:     [][]string{{"name", "requirements"}},
	Exclusive: [][]string{{"name", "requirements"}, {"executable", "virtualenv"}},
}, pip)

type pipArgs struct {
	// The libraries: names with or without versions (flask>=2,<3), addresses, files.
	Name []string `arg:"name"`
	// The version, where there is one name and it says none: "1.2", or ">=1.2,<2".
	Version string `arg:"version"`
	// A file with a list of libraries, on the target.
	Requirements string `arg:"requirements"`
	// The folder of the virtual environment.
	Virtualenv string `arg:"virtualenv" type:"path"`
	// Lets a new virtual environment see the machine's own libraries.
	VirtualenvSitePackages bool `arg:"virtualenv_site_packages"`
	// The command that makes virtual environments, as "python3 -m venv".
	VirtualenvCommand string `arg:"virtualenv_command" type:"path" default:"virtualenv"`
	// The Python for a new virtual environment. It goes with the command virtualenv.
	VirtualenvPython string `arg:"virtualenv_python"`
	// What is there afterwards.
	State string `arg:"state" choices:"present,absent,latest,forcereinstall" default:"present"`
	// More arguments for pip.
	ExtraArgs string `arg:"extra_args"`
	// Installs from a folder or repository without a copy of it.
	Editable bool `arg:"editable"`
	// The folder to run in.
	Chdir string `arg:"chdir" type:"path"`
	// The pip to run, by its path or name, as pip3.11.
	Executable string `arg:"executable" type:"path"`
	// The umask for what is installed, as octal digits in quotes.
	Umask string `arg:"umask"`
	// Lets pip change a Python that belongs to the system's packages.
	BreakSystemPackages bool `arg:"break_system_packages"`
}

type pipResult struct {
	// Whether anything was installed, removed or made.
	Changed bool `json:"changed"`
	// The command.
	Cmd []string `json:"cmd,omitempty"`
	// The libraries that were asked for.
	Name []string `json:"name"`
	// The version that was asked for.
	Version string `json:"version,omitempty"`
	// What was asked for.
	State string `json:"state"`
	// The file with the list.
	Requirements string `json:"requirements,omitempty"`
	// The virtual environment.
	Virtualenv string `json:"virtualenv,omitempty"`
	// What pip and the command that made the environment wrote.
	Stdout string `json:"stdout"`
	// What they wrote to their standard error.
	Stderr string `json:"stderr"`
	// What was strange.
	Warnings []string `json:"warnings,omitempty"`
}

// pipRun is one call of the module.
type pipRun struct {
	*pipArgs
	m   *sys.Machine
	res *pipResult
	pip []string // the words that start it
}

func pip(ctx context.Context, m *sys.Machine, a *pipArgs) (any, error) {
	r := &pipRun{pipArgs: a, m: m, res: &pipResult{}}
	if err := r.prepare(); err != nil {
		return nil, err
	}
	*r.res = pipResult{Name: r.Name, Version: a.Version, State: a.State, Requirements: a.Requirements, Virtualenv: a.Virtualenv}
	made, err := r.environment(ctx)
	if err != nil || made && m.Check {
		return r.res, err
	}
	if len(r.Name) == 0 && a.Requirements == "" {
		r.res.Warnings = []string{"No valid name or requirements file found."}
		return r.res, nil
	}
	if err := r.find(ctx); err != nil {
		return r.res, err
	}
	return r.res, r.bring(ctx)
}

var (
	pipName = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]*)(\[[^\]]*\])?\s*(.*)$`)
	})
	pipDashes = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[-_.]+`) })
	pipVCS    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(svn|git|hg|bzr)\+`) })
)

func (r *pipRun) prepare() (err error) {
	r.Name = wholeNames(r.Name)
	if r.State == "latest" && r.Version != "" {
		return errors.New("version is incompatible with state=latest")
	}
	if r.Umask != "" {
		if _, err := strconv.ParseUint(r.Umask, 8, 9); err != nil {
			return errors.New("umask must be an octal integer")
		}
	}
	if r.Chdir, err = r.m.Expand(r.Chdir); err != nil {
		return err
	}
	if r.Chdir == "" { // where every user may be
		r.Chdir = os.TempDir()
	}
	if r.Virtualenv, err = r.m.Expand(r.Virtualenv); err != nil {
		return err
	}
	if r.Virtualenv != "" && !filepath.IsAbs(r.Virtualenv) {
		r.Virtualenv = filepath.Join(r.Chdir, r.Virtualenv)
	}
	return r.addVersion()
}

// wholeNames joins what a comma in a version ("flask>=2,<3") has split.
func wholeNames(words []string) []string {
	names := []string{}
	for _, word := range words {
		if n := len(names); n > 0 && word != "" && strings.ContainsRune("<>=!~", rune(word[0])) {
			names[n-1] += "," + word
			continue
		}
		names = append(names, strings.TrimSpace(word))
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

func (r *pipRun) addVersion() error {
	if r.Version == "" || len(r.Name) == 0 {
		return nil
	}
	if len(r.Name) > 1 {
		return sys.Messagef("'version' argument is ambiguous when installing multiple package distributions. " +
			"Please specify version restrictions next to each package in 'name' argument.")
	}
	if _, rest, plain := plainName(r.Name[0]); plain && rest != "" {
		return sys.Messagef("The 'version' argument conflicts with any version specifier provided along with a package name. " +
			"Please keep the version specifier, but remove the 'version' argument.")
	}
	version := strings.TrimSpace(r.Version)
	if version[0] >= '0' && version[0] <= '9' {
		version = "==" + version
	}
	r.Name[0] += version
	return nil
}

// plainName takes a name apart into its normal form and the version behind it.
// An address, a file, a folder or a name with extras is no such name.
func plainName(name string) (library, version string, plain bool) {
	match := pipName().FindStringSubmatch(name)
	if match == nil || strings.ContainsAny(name, "/@;") || match[3] != "" && !strings.ContainsRune("<>=!~", rune(match[3][0])) {
		return "", "", false
	}
	return canonical(match[1]), match[3], match[2] == ""
}

func canonical(name string) string { return strings.ToLower(pipDashes().ReplaceAllString(name, "-")) }
