package repos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"fleet/internal/tasks/sys"
)

// gitRun is one call of the module git.
type gitRun struct {
	*gitArgs
	m      *sys.Machine
	res    *gitResult
	gitDir string // the repository, where there is one
}

// umaskScript runs a command with another umask, which is the whole process's.
const umaskScript = `umask "$0" && exec "$@"`

func (r *gitRun) setUmask() error {
	if r.Umask == "" {
		return nil
	}
	if _, err := strconv.ParseUint(r.Umask, 8, 9); err != nil {
		return errors.New("umask must be an octal integer")
	}
	return nil
}

// run runs git in a folder.
func (r *gitRun) run(ctx context.Context, dir string, args ...string) (sys.Output, error) {
	argv := append([]string{cmp.Or(r.Executable, "git")}, args...)
	if r.Umask != "" {
		argv = append([]string{"/bin/sh", "-c", umaskScript, r.Umask}, argv...)
	}
	if dir != "" {
		dir = r.m.Path(dir)
	}
	return r.m.Run(ctx, sys.Command{Argv: argv, Dir: dir, Env: r.env()})
}

// must is run for what has to succeed, and returns what it wrote.
func (r *gitRun) must(ctx context.Context, dir string, args ...string) (string, error) {
	out, err := r.run(ctx, dir, args...)
	if err == nil && out.Code != 0 {
		err = &sys.ExitError{Argv: append([]string{"git"}, args...), Output: out}
	}
	return out.Stdout, err
}

// env is what git gets: it must neither ask nor speak another language, and
// starts ssh with the options of the task.
func (r *gitRun) env() []string {
	opts := r.SSHOpts
	add := func(option, unless string) {
		if !strings.Contains(opts, unless) {
			opts = strings.TrimSpace(opts + " " + option)
		}
	}
	if r.AcceptHostkey {
		add("-o StrictHostKeyChecking=no", "StrictHostKeyChecking=")
	}
	if r.AcceptNewhostkey {
		add("-o StrictHostKeyChecking=accept-new", "StrictHostKeyChecking=")
	}
	add("-o BatchMode=yes", "BatchMode=")
	if r.KeyFile != "" {
		add("-i '"+strings.ReplaceAll(r.KeyFile, "'", `'\''`)+"'", "-i ")
		add("-o IdentitiesOnly=yes", "IdentitiesOnly=")
	}
	ssh := "ssh"
	for _, name := range []string{"GIT_SSH_COMMAND", "GIT_SSH"} {
		ssh = cmp.Or(r.m.Env[name], os.Getenv(name), ssh)
	}
	return []string{"LC_ALL=C", "LANGUAGE=C", "GIT_TERMINAL_PROMPT=0", "GIT_SSH_COMMAND=" + ssh + " " + opts}
}

// find reports whether there is a repository, and moves it where
// separate_git_dir says so.
func (r *gitRun) find(ctx context.Context) (bool, error) {
	r.gitDir = r.Dest
	if !r.Bare {
		r.gitDir = filepath.Join(r.Dest, ".git")
	}
	info, err := os.Stat(r.m.Path(r.gitDir))
	if err == nil && info.Mode().IsRegular() {
		if err := r.followFile(); err != nil {
			return false, err
		}
	}
	if _, err := os.Stat(r.m.Path(filepath.Join(r.gitDir, "config"))); err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
			return false, nil
		}
		return false, err
	}
	if r.SeparateGitDir == "" || r.SeparateGitDir == r.gitDir {
		return true, nil
	}
	return true, r.relocate(ctx)
}

// followFile reads the file .git, which names the repository.
func (r *gitRun) followFile() error {
	const wrong = "Current repo does not have a valid reference to a separate Git dir or it refers to the invalid path"
	data, err := r.m.ReadFile(r.gitDir)
	if err != nil {
		return err
	}
	dir, ok := strings.CutPrefix(strings.TrimRight(string(data), "\n"), "gitdir: ")
	if !ok {
		return sys.Messagef(wrong + ": the file .git has no line \"gitdir: FOLDER\"")
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(r.Dest, dir)
	}
	if info, err := os.Stat(r.m.Path(dir)); err != nil || !info.IsDir() {
		return fmt.Errorf("%s: %s is not a directory", wrong, dir)
	}
	r.gitDir = dir
	return nil
}

// relocate moves the repository out of the checkout.
func (r *gitRun) relocate(ctx context.Context) error {
	if _, err := os.Lstat(r.m.Path(r.SeparateGitDir)); err == nil {
		return sys.Messagef("Separate-git-dir path %s already exists.", r.SeparateGitDir)
	}
	r.res.GitDirBefore, r.res.GitDirNow = r.gitDir, r.SeparateGitDir
	return r.m.Change(ctx, sys.Change{
		What:   "move the repository of " + r.Dest,
		Before: r.gitDir + "\n", After: r.SeparateGitDir + "\n", BeforeName: r.Dest, AfterName: r.Dest,
		Do: func(ctx context.Context) error {
			// git init moves an existing repository, over file systems too.
			_, err := r.must(ctx, r.Dest, "init", "--separate-git-dir="+r.m.Path(r.SeparateGitDir))
			r.gitDir = r.SeparateGitDir
			return err
		},
	})
}

// commit returns the commit that a name stands for in the checkout.
func (r *gitRun) commit(ctx context.Context, name string) (string, error) {
	out, err := r.must(ctx, r.Dest, "rev-parse", name)
	return strings.TrimSpace(out), err
}

// remoteRef returns the commit that a remote has for a full name, or nothing.
func (r *gitRun) remoteRef(ctx context.Context, dir, remote, ref string) (string, error) {
	out, err := r.must(ctx, dir, "ls-remote", remote, ref, ref+"^{}")
	found := ""
	for line := range strings.Lines(out) {
		commit, name, _ := strings.Cut(strings.TrimSpace(line), "\t")
		// A tag of its own stands in front of the commit that it is of.
		if name == ref || name == ref+"^{}" {
			found = commit
		}
	}
	return found, err
}

// remoteCommit returns the commit that version stands for on the remote. What is
// neither a branch nor a tag is taken for a commit.
func (r *gitRun) remoteCommit(ctx context.Context, dir, remote string) (string, error) {
	refs := []string{"refs/heads/" + r.Version, "refs/tags/" + r.Version}
	if r.Version == "HEAD" {
		refs = []string{"HEAD"}
		if dir != "" {
			branch, err := r.branch(ctx)
			if err != nil {
				return "", err
			}
			refs[0] = "refs/heads/" + branch
		}
	}
	for _, ref := range refs {
		if commit, err := r.remoteRef(ctx, dir, remote, ref); err != nil || commit != "" {
			return commit, err
		}
	}
	return r.Version, nil
}

// branch returns the branch that is checked out; where none is, the remote's own.
func (r *gitRun) branch(ctx context.Context) (string, error) {
	for _, ref := range []string{"HEAD", "refs/remotes/" + r.Remote + "/HEAD"} {
		out, err := r.run(ctx, r.Dest, "symbolic-ref", "--quiet", ref)
		if err != nil {
			return "", err
		}
		name := strings.TrimSpace(out.Stdout)
		for _, prefix := range []string{"refs/heads/", "refs/remotes/" + r.Remote + "/"} {
			if branch, ok := strings.CutPrefix(name, prefix); ok && out.Code == 0 {
				return branch, nil
			}
		}
	}
	out, err := r.must(ctx, r.Dest, "ls-remote", "--symref", r.Remote, "HEAD")
	if err != nil {
		return "", err
	}
	if rest, ok := strings.CutPrefix(out, "ref: refs/heads/"); ok {
		return strings.Fields(rest)[0], nil
	}
	return "", fmt.Errorf("%s is on no branch, and %s does not name its own: give a version", r.Dest, r.Remote)
}
