// Package repos holds the modules that check out repositories of version
// control. It runs on the target, and does all by the repository's own program.
package repos

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Git brings a checkout of a git repository to a version. It needs the program
// git on the target, and never asks for a password.
//
// Changes to files that git tracks are an error, unless force throws them away.
//
// Example:
//
//	tasks:
//	  - git:
//	      repo: https://git.example.org/app.git
//	      dest: /srv/app
//	      version: v1.4.2
var Git = sys.Define(spec.Module{
	Name:      "git",
	Names:     []string{"ansible.builtin.git", "ansible.legacy.git"},
	Exclusive: [][]string{{"separate_git_dir", "bare"}, {"accept_hostkey", "accept_newhostkey"}},
}, git)

type gitArgs struct {
	// The repository's address: a URL, host:path, or a folder of the target.
	Repo string `arg:"repo,required" alias:"name"`
	// The folder of the checkout. It may be left out where clone is off.
	Dest string `arg:"dest" type:"path"`
	// A branch, a tag, a commit, or HEAD for the repository's own branch.
	Version string `arg:"version" default:"HEAD"`
	// The name of the remote.
	Remote string `arg:"remote" default:"origin"`
	// A refspec to fetch besides, for commits that are behind no branch or tag.
	Refspec string `arg:"refspec"`
	// A repository of the target to take objects from.
	Reference string `arg:"reference"`
	// Throws away changes to tracked files.
	Force bool `arg:"force"`
	// How many commits of the history to have. It works for branches, tags and HEAD.
	Depth int `arg:"depth"`
	// Makes the checkout where there is none. Otherwise only the newest commit is told.
	Clone bool `arg:"clone" default:"yes"`
	// Brings a checkout that is there to the version.
	Update bool `arg:"update" default:"yes"`
	// Verifies the signature of the commit or tag.
	VerifyCommit bool `arg:"verify_commit"`
	// The fingerprints of the keys that may have signed it; without any, all that gpg trusts.
	GPGAllowlist []string `arg:"gpg_allowlist" alias:"gpg_whitelist"`
	// Takes the host key of a server for good that is not known yet, or has changed.
	AcceptHostkey bool `arg:"accept_hostkey"`
	// Takes the host key of a server for good that is not known yet.
	AcceptNewhostkey bool `arg:"accept_newhostkey"`
	// The private key of SSH, on the target.
	KeyFile string `arg:"key_file" type:"path"`
	// Options for ssh.
	SSHOpts string `arg:"ssh_opts"`
	// The program git, where it is not in PATH.
	Executable string `arg:"executable" type:"path"`
	// Makes a repository without a checkout.
	Bare bool `arg:"bare"`
	// Checks out submodules too.
	Recursive bool `arg:"recursive" default:"yes"`
	// Fetches the history of one branch only.
	SingleBranch bool `arg:"single_branch"`
	// Brings submodules to the newest commit of their branch.
	TrackSubmodules bool `arg:"track_submodules"`
	// The umask for all that is made, as octal digits in quotes.
	Umask string `arg:"umask"`
	// Packs the version into this file: .zip, .tar, .tar.gz or .tgz.
	Archive string `arg:"archive" type:"path"`
	// What stands in front of each name in the archive.
	ArchivePrefix string `arg:"archive_prefix"`
	// The folder for the repository, in place of .git in the checkout.
	SeparateGitDir string `arg:"separate_git_dir" type:"path"`
}

type gitResult struct {
	// The commit before; null for a new checkout.
	Before *string `json:"before"`
	// The commit that is checked out, or would be.
	After string `json:"after"`
	// Whether the remote got another address.
	RemoteURLChanged bool `json:"remote_url_changed"`
	// Whether submodules were brought to other commits.
	SubmodulesChanged bool `json:"submodules_changed,omitempty"`
	// Where the repository was, if separate_git_dir moved it.
	GitDirBefore string `json:"git_dir_before,omitempty"`
	// Where it is now.
	GitDirNow string `json:"git_dir_now,omitempty"`
	// That changes were thrown away, or what was ignored.
	Msg string `json:"msg,omitempty"`
	// What could not be done as asked.
	Warnings []string `json:"warnings,omitempty"`
}

func git(ctx context.Context, m *sys.Machine, a *gitArgs) (any, error) {
	r := &gitRun{gitArgs: a, m: m, res: &gitResult{}}
	if err := r.prepare(); err != nil {
		return nil, err
	}
	return r.res, r.bring(ctx)
}

func (r *gitRun) prepare() (err error) {
	if r.Dest == "" && r.Clone {
		return errors.New("the destination directory must be specified unless clone=no")
	}
	if r.ArchivePrefix != "" && r.Archive == "" {
		return errors.New(`argument "archive_prefix" goes with "archive"`)
	}
	for _, path := range []*string{&r.Dest, &r.KeyFile, &r.Executable, &r.Archive, &r.SeparateGitDir} {
		if *path, err = r.m.Expand(*path); err != nil {
			return err
		}
	}
	// A plain path would make git link the objects and ignore the depth.
	if path, err := r.m.Expand(r.Repo); err == nil && strings.HasPrefix(path, "/") {
		r.Repo = "file://" + path
	}
	r.Dest = strings.TrimSuffix(r.Dest, "/")
	return r.setUmask()
}

// bring makes or updates the checkout.
func (r *gitRun) bring(ctx context.Context) error {
	there := false
	if r.Dest != "" {
		var err error
		if there, err = r.find(ctx); err != nil {
			return err
		}
	}
	if !there {
		return r.create(ctx)
	}
	before, err := r.commit(ctx, "HEAD")
	if err != nil {
		return err
	}
	r.res.Before, r.res.After = &before, before
	if r.Update {
		if err := r.update(ctx); err != nil {
			return err
		}
	}
	return r.archive(ctx)
}

// create makes the checkout, or tells what it would be.
func (r *gitRun) create(ctx context.Context) error {
	if !r.Clone || r.m.Check {
		var err error
		if r.res.After, err = r.remoteCommit(ctx, "", r.Repo); err != nil {
			return err
		}
	}
	err := r.m.Change(ctx, sys.Change{What: "clone " + r.Repo, Do: func(ctx context.Context) error {
		if !r.Clone {
			return nil // as Ansible: the commit is news
		}
		return r.clone(ctx)
	}})
	if err != nil || r.m.Check || !r.Clone {
		return err
	}
	if !r.Bare {
		if err := r.checkout(ctx); err != nil {
			return err
		}
		if err := r.submodules(ctx); err != nil {
			return err
		}
	}
	if r.res.After, err = r.commit(ctx, "HEAD"); err != nil {
		return err
	}
	return r.archive(ctx)
}

func (r *gitRun) update(ctx context.Context) error {
	if err := r.discard(ctx); err != nil {
		return err
	}
	if err := r.setURL(ctx); err != nil {
		return err
	}
	if r.m.Check {
		var err error
		if r.res.After, err = r.remoteCommit(ctx, r.Dest, r.Repo); err != nil {
			return err
		}
		return r.moved(ctx)
	}
	if err := r.fetch(ctx); err != nil {
		return err
	}
	if !r.Bare {
		if err := r.checkout(ctx); err != nil {
			return err
		}
	}
	var err error
	if r.res.After, err = r.commit(ctx, "HEAD"); err != nil {
		return err
	}
	if err := r.moved(ctx); err != nil || r.Bare {
		return err
	}
	return r.submodules(ctx)
}

// moved tells the door of another commit. Which one it is only git knows, once it
// has fetched and checked it out; so there is nothing left to do.
func (r *gitRun) moved(ctx context.Context) error {
	before, after := *r.res.Before, r.res.After
	if before == after {
		return nil
	}
	return r.m.Change(ctx, sys.Change{
		What:   fmt.Sprintf("move %s to %.12s", r.Dest, after),
		Before: before + "\n", After: after + "\n", BeforeName: r.Dest, AfterName: r.Dest,
		Do: func(context.Context) error { return nil },
	})
}

// discard throws away what is changed in tracked files, where that is allowed.
func (r *gitRun) discard(ctx context.Context) error {
	if r.Bare {
		return nil
	}
	out, err := r.must(ctx, r.Dest, "status", "--porcelain", "--untracked-files=no")
	if err != nil || strings.TrimSpace(out) == "" {
		return err
	}
	r.res.Msg = "Local modifications exist in the destination: " + r.Dest
	if !r.Force {
		return sys.Messagef("%s (force=no).", r.res.Msg)
	}
	return r.m.Change(ctx, sys.Change{What: "throw away the changes in " + r.Dest, Before: out, Do: func(ctx context.Context) error {
		_, err := r.must(ctx, r.Dest, "reset", "--hard", "HEAD")
		return err
	}})
}
