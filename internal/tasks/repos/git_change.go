package repos

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/tasks/sys"
)

func (r *gitRun) clone(ctx context.Context) error {
	parent := filepath.Dir(r.Dest)
	if err := os.MkdirAll(r.m.Path(parent), 0o777); err != nil {
		return fmt.Errorf("folder %q: %w", parent, err)
	}
	args := []string{"clone"}
	if r.Bare {
		args = append(args, "--bare")
	} else {
		args = append(args, "--origin", r.Remote)
	}
	named, err := r.named(ctx, "", r.Repo)
	if err != nil {
		return err
	}
	switch {
	case r.Depth > 0 && (r.Version == "HEAD" || r.Refspec != "" || named):
		args = append(args, "--depth", strconv.Itoa(r.Depth))
	case r.Depth > 0:
		r.res.Warnings = append(r.res.Warnings, "Ignoring depth argument. Shallow clones are only available for HEAD, branches, tags or in combination with refspec.")
	}
	if r.SingleBranch {
		args = append(args, "--single-branch")
	}
	if named && (r.SingleBranch || r.Depth > 0 && r.Refspec == "") {
		args = append(args, "--branch", r.Version)
	}
	if r.Reference != "" {
		args = append(args, "--reference", r.Reference)
	}
	if r.SeparateGitDir != "" {
		args = append(args, "--separate-git-dir="+r.m.Path(r.SeparateGitDir))
	}
	if _, err := r.must(ctx, parent, append(args, "--", r.Repo, r.m.Path(r.Dest))...); err != nil {
		return err
	}
	if r.Bare && r.Remote != "origin" {
		if _, err := r.must(ctx, r.Dest, "remote", "add", r.Remote, r.Repo); err != nil {
			return err
		}
	}
	if r.Refspec == "" {
		return nil
	}
	fetch := []string{"fetch"}
	if r.Depth > 0 {
		fetch = append(fetch, "--depth", strconv.Itoa(r.Depth))
	}
	_, err = r.must(ctx, r.Dest, append(fetch, r.Remote, r.Refspec)...)
	return err
}

// named reports whether the version is a branch or a tag of the remote.
func (r *gitRun) named(ctx context.Context, dir, remote string) (bool, error) {
	for _, kind := range []string{"refs/heads/", "refs/tags/"} {
		if commit, err := r.remoteRef(ctx, dir, remote, kind+r.Version); err != nil || commit != "" {
			return commit != "", err
		}
	}
	return false, nil
}

// setURL gives the remote another address.
func (r *gitRun) setURL(ctx context.Context) error {
	out, err := r.must(ctx, r.Dest, "ls-remote", "--get-url", r.Remote)
	if err != nil {
		return err
	}
	url := strings.TrimSpace(out)
	if url == r.Repo || filepath.Clean(url) == filepath.Clean(r.Repo) {
		return nil
	}
	r.res.RemoteURLChanged = true
	return r.m.Change(ctx, sys.Change{
		What:   "set the address of " + r.Remote + " in " + r.Dest,
		Before: url + "\n", After: r.Repo + "\n", BeforeName: r.Dest, AfterName: r.Dest,
		Do: func(ctx context.Context) error {
			_, err := r.must(ctx, r.Dest, "remote", "set-url", r.Remote, r.Repo)
			return err
		},
	})
}

// fetch brings what the remote has, of the history only so much as is asked for.
func (r *gitRun) fetch(ctx context.Context) error {
	args, refspecs := []string{"fetch"}, []string{}
	if r.Depth > 0 {
		var err error
		if refspecs, err = r.shallowRefs(ctx); err != nil {
			return err
		}
	}
	switch {
	case len(refspecs) > 0:
		args = append(args, "--depth", strconv.Itoa(r.Depth))
	case r.Bare:
		refspecs = []string{"+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"}
	default:
		args = append(args, "--tags")
	}
	if r.Refspec != "" && !slices.Contains(refspecs, r.Refspec) {
		refspecs = append(refspecs, r.Refspec)
	}
	if r.Force {
		args = append(args, "--force")
	}
	out, err := r.run(ctx, r.Dest, append(append(args, r.Remote), refspecs...)...)
	if err == nil && out.Code != 0 {
		err = sys.Messagef("Failed to download remote objects and refs: %s %s", out.Stdout, strings.TrimSpace(out.Stderr))
	}
	return err
}

// shallowRefs are the refspecs of the version alone; none where it has no name.
func (r *gitRun) shallowRefs(ctx context.Context) ([]string, error) {
	if r.Refspec != "" {
		return []string{r.Refspec}, nil
	}
	if r.Version == "HEAD" {
		branch, err := r.branch(ctx)
		return []string{fmt.Sprintf("+refs/heads/%s:refs/remotes/%s/%s", branch, r.Remote, branch)}, err
	}
	commit, err := r.remoteRef(ctx, r.Dest, r.Repo, "refs/heads/"+r.Version)
	if err != nil || commit != "" {
		return []string{fmt.Sprintf("+refs/heads/%s:refs/remotes/%s/%s", r.Version, r.Remote, r.Version)}, err
	}
	commit, err = r.remoteRef(ctx, r.Dest, r.Repo, "refs/tags/"+r.Version)
	if err != nil || commit == "" {
		return nil, err
	}
	return []string{"+refs/tags/" + r.Version + ":refs/tags/" + r.Version}, nil
}

// checkout brings the files to the version: a branch to the remote's commit of
// it, and anything else without a branch.
func (r *gitRun) checkout(ctx context.Context) error {
	branch := r.Version
	if branch == "HEAD" {
		var err error
		if branch, err = r.branch(ctx); err != nil {
			return err
		}
	} else if commit, err := r.remoteRef(ctx, r.Dest, r.Remote, "refs/heads/"+branch); err != nil {
		return err
	} else if commit == "" {
		return r.verified(ctx, r.do(ctx, "checkout", "--force", r.Version))
	}
	tracked := r.Remote + "/" + branch
	if out, err := r.run(ctx, r.Dest, "show-ref", "--verify", "--quiet", "refs/heads/"+branch); err != nil {
		return err
	} else if out.Code != 0 {
		track := "--track"
		if r.Depth > 0 { // of a shallow checkout git tracks no more than its first branch
			track = "--no-track"
		}
		return r.verified(ctx, r.do(ctx, "checkout", "--force", track, "-b", branch, tracked))
	}
	if err := r.do(ctx, "checkout", "--force", branch, "--"); err != nil {
		return err
	}
	return r.verified(ctx, r.do(ctx, "reset", "--hard", "refs/remotes/"+tracked, "--"))
}

func (r *gitRun) do(ctx context.Context, args ...string) error {
	if _, err := r.must(ctx, r.Dest, args...); err != nil {
		return sys.Messagef("Failed to checkout %s: %w", r.Version, err)
	}
	return nil
}

// verified checks the signature of what was checked out.
func (r *gitRun) verified(ctx context.Context, err error) error {
	if err != nil || !r.VerifyCommit {
		return err
	}
	kind, err := r.run(ctx, r.Dest, "cat-file", "-t", "refs/tags/"+r.Version)
	if err != nil {
		return err
	}
	args := []string{"verify-commit"}
	if strings.TrimSpace(kind.Stdout) == "tag" {
		args[0] = "verify-tag"
	}
	if len(r.GPGAllowlist) > 0 {
		args = append(args, "--raw")
	}
	out, err := r.run(ctx, r.Dest, append(args, r.Version)...)
	if err != nil {
		return err
	}
	if out.Code != 0 {
		return sys.Messagef("Failed to verify GPG signature of commit/tag %q: %s", r.Version, strings.TrimSpace(out.Stderr))
	}
	if key := signer(out.Stderr); len(r.GPGAllowlist) > 0 && !slices.Contains(r.GPGAllowlist, key) {
		return sys.Messagef("The gpg_allowlist does not include the public key %q for this commit", key)
	}
	return nil
}

// signer returns the fingerprint of the primary key, as gpg's doc/DETAILS says.
func signer(status string) string {
	for line := range strings.Lines(status) {
		if f := strings.Fields(line); len(f) > 2 && f[1] == "VALIDSIG" {
			if len(f) > 11 {
				return f[11]
			}
			return f[2]
		}
	}
	return ""
}

// behindScript names the submodule where it is not at the newest commit of its
// branch.
const behindScript = `b=$(git config -f "$toplevel/.gitmodules" "submodule.$name.branch" || echo HEAD)
test "$(git rev-parse HEAD)" = "$(git rev-parse "origin/$b")" || echo "$name"`

// submodules brings the submodules to the commits that the checkout, or with
// track_submodules their branch, has.
func (r *gitRun) submodules(ctx context.Context) error {
	if _, err := os.Stat(r.m.Path(filepath.Join(r.Dest, ".gitmodules"))); err != nil || !r.Recursive {
		return nil
	}
	status, err := r.must(ctx, r.Dest, "submodule", "status")
	if err != nil {
		return err
	}
	due := strings.HasPrefix(status, "-") || strings.HasPrefix(status, "+") || strings.Contains(status, "\n-") || strings.Contains(status, "\n+")
	if !due && r.TrackSubmodules {
		if _, err := r.must(ctx, r.Dest, "submodule", "--quiet", "foreach", "git fetch"); err != nil {
			return err
		}
		behind, err := r.must(ctx, r.Dest, "submodule", "--quiet", "foreach", behindScript)
		if err != nil {
			return err
		}
		due = strings.TrimSpace(behind) != ""
	}
	if !due {
		return nil
	}
	r.res.SubmodulesChanged = true
	return r.m.Change(ctx, sys.Change{What: "update the submodules of " + r.Dest, Do: func(ctx context.Context) error {
		if _, err := r.must(ctx, r.Dest, "submodule", "sync"); err != nil {
			return err
		}
		args := []string{"submodule", "update", "--init", "--recursive"}
		if r.TrackSubmodules {
			args = append(args, "--remote")
		}
		if r.Force {
			args = append(args, "--force")
		}
		_, err := r.must(ctx, r.Dest, args...)
		return err
	}})
}

// archive packs the version into a file, where it is not that already.
func (r *gitRun) archive(ctx context.Context) error {
	if r.Archive == "" {
		return nil
	}
	format := ""
	for ending, f := range map[string]string{".zip": "zip", ".gz": "tar.gz", ".tar": "tar", ".tgz": "tgz"} {
		if filepath.Ext(r.Archive) == ending {
			format = f
		}
	}
	if format == "" {
		return sys.Messagef("Unable to get file extension from archive file name : %s; it is one of .tar, .tar.gz, .tgz and .zip", r.Archive)
	}
	if r.m.Check && r.m.Changed() {
		return r.m.Change(ctx, sys.Change{What: "pack " + r.Archive})
	}
	temp, err := os.MkdirTemp("", "fleet-git-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	packed := filepath.Join(temp, "archive")
	args := []string{"archive", "--format", format, "--output", packed}
	if r.ArchivePrefix != "" {
		args = append(args, "--prefix", r.ArchivePrefix)
	}
	if _, err := r.must(ctx, r.Dest, append(args, r.Version)...); err != nil {
		return sys.Messagef("Failed to perform archive operation: %w", err)
	}
	content, err := r.m.Local(packed)
	if err != nil {
		return err
	}
	_, err = r.m.Write(ctx, sys.Write{Path: r.Archive, Content: content, Follow: true})
	return err
}
