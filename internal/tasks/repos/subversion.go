package repos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Subversion brings a working copy of a Subversion repository to a revision, or
// exports one. It needs the program svn on the target (1.10 for a password), and
// never asks.
//
// Changes to files that Subversion tracks are an error, unless force throws them
// away. An export is a change each time. Externals are not looked at.
//
// Example:
//
//	tasks:
//	  - subversion:
//	      repo: svn+ssh://svn.example.org/app/trunk
//	      dest: /srv/app
//	      revision: 1204
var Subversion = sys.Define(spec.Module{
	Name:  "subversion",
	Names: []string{"ansible.builtin.subversion", "ansible.legacy.subversion"},
}, subversion)

type subversionArgs struct {
	// The repository's address.
	Repo string `arg:"repo,required" alias:"name,repository"`
	// The folder of the working copy. It may be left out where checkout, update and
	// export are off.
	Dest string `arg:"dest" type:"path"`
	// The revision.
	Revision string `arg:"revision" alias:"rev,version" default:"HEAD"`
	// Throws away changes to tracked files; lets an export write over files.
	Force bool `arg:"force"`
	// Makes a folder that is there, and is none yet, a working copy.
	InPlace bool `arg:"in_place"`
	// The user who logs in.
	Username string `arg:"username"`
	// Their password. It goes to svn's standard input.
	Password string `arg:"password,secret"`
	// The program svn, where it is not in PATH.
	Executable string `arg:"executable" type:"path"`
	// Makes the working copy where there is none.
	Checkout bool `arg:"checkout" default:"yes"`
	// Brings a working copy that is there to the revision.
	Update bool `arg:"update" default:"yes"`
	// Writes the files without a working copy.
	Export bool `arg:"export"`
	// Moves a working copy of another address of the repository to this one.
	Switch bool `arg:"switch" default:"yes"`
	// Refuses a server whose certificate no known authority signed.
	ValidateCerts bool `arg:"validate_certs"`
}

type subversionResult struct {
	// Revision and address before; null for a new working copy.
	Before []string `json:"before"`
	// Revision and address now, or those that would be.
	After []string `json:"after,omitempty"`
}

// svnRun is one call of the module subversion.
type svnRun struct {
	*subversionArgs
	m   *sys.Machine
	res *subversionResult
}

func subversion(ctx context.Context, m *sys.Machine, a *subversionArgs) (any, error) {
	var err error
	for _, path := range []*string{&a.Dest, &a.Executable} {
		if *path, err = m.Expand(*path); err != nil {
			return nil, err
		}
	}
	r := &svnRun{a, m, &subversionResult{}}
	if a.Dest == "" && (a.Checkout || a.Update || a.Export) {
		return nil, errors.New("the destination directory must be specified unless checkout=no, update=no, and export=no")
	}
	return r.res, r.bring(ctx)
}

func (r *svnRun) bring(ctx context.Context) error {
	if !r.Checkout && !r.Update && !r.Export {
		remote, err := r.info(ctx, r.Repo)
		r.res.After = remote.lines()
		return err
	}
	_, err := os.Lstat(r.m.Path(r.Dest))
	gone := errors.Is(err, fs.ErrNotExist)
	switch {
	case err != nil && !gone:
		return err
	case r.Export:
		return r.make(ctx, "export", r.Force)
	case gone && !r.Checkout:
		return nil
	case gone:
		return r.make(ctx, "checkout", false)
	}
	here, err := r.info(ctx, r.m.Path(r.Dest))
	switch {
	case err == nil && !r.Update:
		r.res.Before, r.res.After = here.lines(), here.lines()
		return nil
	case err == nil:
		return r.update(ctx, here)
	case !r.InPlace:
		return fmt.Errorf("%s folder already exists, but its not a subversion repository: %w\nhint: in_place makes it one", r.Dest, err)
	}
	if err := r.make(ctx, "checkout", true); err != nil || !r.Force || r.m.Check {
		return err
	}
	return r.revert(ctx)
}

// make writes the files, with or without a working copy.
func (r *svnRun) make(ctx context.Context, verb string, force bool) error {
	argv := []string{verb}
	if force {
		argv = append(argv, "--force")
	}
	argv = append(argv, "-r", r.Revision, r.Repo, r.m.Path(r.Dest))
	err := r.m.Change(ctx, sys.Change{What: fmt.Sprintf("%s %s to %s", verb, r.Repo, r.Dest), Do: func(ctx context.Context) error {
		_, err := r.must(ctx, argv...)
		return err
	}})
	if err != nil || r.m.Check || verb == "export" {
		return err
	}
	now, err := r.info(ctx, r.m.Path(r.Dest))
	r.res.After = now.lines()
	return err
}

// update brings a working copy to the revision.
func (r *svnRun) update(ctx context.Context, here svnInfo) error {
	r.res.Before = here.lines()
	if err := r.revert(ctx); err != nil {
		return err
	}
	argv := []string{"update", "-r", r.Revision, r.m.Path(r.Dest)}
	if r.Switch {
		argv = []string{"switch", "--revision", r.Revision, r.Repo, r.m.Path(r.Dest)}
	}
	if r.m.Check {
		from := here.url
		if r.Switch {
			from = r.Repo
		}
		there, err := r.info(ctx, "-r", r.Revision, from)
		if err != nil {
			return err
		}
		return r.moved(ctx, there, there.url != here.url || there.changed != here.changed)
	}
	said, err := r.must(ctx, argv...)
	if err != nil {
		return err
	}
	now, err := r.info(ctx, r.m.Path(r.Dest))
	if err != nil {
		return err
	}
	return r.moved(ctx, now, touched(said) || now.url != here.url)
}

// moved tells the door of another revision. Which files it brought only svn knows,
// once it has; so there is nothing left to do.
func (r *svnRun) moved(ctx context.Context, now svnInfo, moved bool) error {
	r.res.After = now.lines()
	if !moved {
		return nil
	}
	return r.m.Change(ctx, sys.Change{
		What:   "bring " + r.Dest + " to revision " + now.revision,
		Before: strings.Join(r.res.Before, "\n") + "\n", After: strings.Join(r.res.After, "\n") + "\n",
		BeforeName: r.Dest, AfterName: r.Dest,
		Do: func(context.Context) error { return nil },
	})
}

// touched reports whether what update or switch wrote names a file: behind a letter
// for its content or, in the second column, its properties.
func touched(said string) bool {
	for line := range strings.Lines(said) {
		if len(line) > 4 && strings.ContainsAny(line[:2], "ABCDEGRU") && strings.Trim(line[:4], "ABCDEGRU ") == "" {
			return true
		}
	}
	return false
}

// revert throws away what is changed in tracked files, where that is allowed.
func (r *svnRun) revert(ctx context.Context) error {
	said, err := r.must(ctx, "status", "--quiet", "--ignore-externals", r.m.Path(r.Dest))
	if err != nil {
		return err
	}
	mine := ""
	for line := range strings.Lines(said) {
		if line[0] != '?' && line[0] != 'X' {
			mine += line
		}
	}
	if mine == "" {
		return nil
	}
	if !r.Force {
		return fmt.Errorf("modified files exist in the repository:\n%shint: force throws the changes away", mine)
	}
	return r.m.Change(ctx, sys.Change{What: "throw away the changes in " + r.Dest, Before: mine, Do: func(ctx context.Context) error {
		_, err := r.must(ctx, "revert", "-R", r.m.Path(r.Dest))
		return err
	}})
}

// svnInfo is what svn tells of a working copy or an address.
type svnInfo struct {
	revision, url string
	changed       string // the revision of the last change below it
}

// lines is it in the form of Ansible's results.
func (i svnInfo) lines() []string {
	if i.revision == "" {
		return nil
	}
	return []string{"Revision: " + i.revision, "URL: " + i.url}
}

func (r *svnRun) info(ctx context.Context, args ...string) (svnInfo, error) {
	said, err := r.must(ctx, append([]string{"info"}, args...)...)
	var i svnInfo
	for line := range strings.Lines(said) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "Revision":
			i.revision = value
		case "URL":
			i.url = value
		case "Last Changed Rev":
			i.changed = value
		}
	}
	return i, err
}

// must runs svn, which has to succeed, and returns what it wrote.
func (r *svnRun) must(ctx context.Context, args ...string) (string, error) {
	argv := []string{cmp.Or(r.Executable, "svn"), "--non-interactive", "--no-auth-cache"}
	if !r.ValidateCerts {
		argv = append(argv, "--trust-server-cert")
	}
	if r.Username != "" {
		argv = append(argv, "--username", r.Username)
	}
	c := sys.Command{Env: []string{"LC_ALL=C"}}
	if r.Password != "" {
		argv, c.Stdin = append(argv, "--password-from-stdin"), []byte(r.Password)
	}
	c.Argv = append(argv, args...)
	out, err := r.m.Run(ctx, c)
	if err == nil && out.Code != 0 {
		err = &sys.ExitError{Argv: append([]string{"svn"}, args...), Output: out}
	}
	return out.Stdout, err
}
