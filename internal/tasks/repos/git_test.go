package repos

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
)

// lab is a folder with a repository and a place for its checkout.
type lab struct {
	t          *testing.T
	repo, dest string
}

func newLab(t *testing.T) *lab {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	config := "[user]\nname = a\nemail = a@example.org\n[init]\ndefaultBranch = trunk\n[protocol \"file\"]\nallow = always\n"
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, repo: filepath.Join(home, "repo"), dest: filepath.Join(home, "deep", "checkout")}
	l.sh(home, "git", "init", "-q", "repo")
	l.commit("1")
	l.sh(l.repo, "git", "tag", "-a", "-m", "one", "v1")
	return l
}

func (l *lab) sh(dir string, argv ...string) string {
	l.t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		l.t.Fatalf("%v: %v\n%s", argv, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (l *lab) commit(text string) {
	l.t.Helper()
	if err := os.WriteFile(filepath.Join(l.repo, "a"), []byte(text), 0o644); err != nil {
		l.t.Fatal(err)
	}
	l.sh(l.repo, "git", "add", "a")
	l.sh(l.repo, "git", "commit", "-q", "-m", text)
}

// call runs the module, with $REPO and $DEST in its arguments.
func (l *lab) call(check bool, args string) map[string]any {
	l.t.Helper()
	args = strings.NewReplacer("$REPO", l.repo, "$DEST", l.dest).Replace(args)
	return systest.Call(l.t, &Git, &sys.Machine{Check: check}, args)
}

// want runs the module in check mode, really, and again, and looks at the file.
func (l *lab) want(args, text string) {
	l.t.Helper()
	before, _ := os.ReadFile(filepath.Join(l.dest, "a"))
	if res := l.call(true, args); res["changed"] != true {
		l.t.Errorf("check: %v", res)
	}
	if after, _ := os.ReadFile(filepath.Join(l.dest, "a")); string(before) != string(after) {
		l.t.Errorf("check mode changed %q into %q", before, after)
	}
	if res := l.call(false, args); res["changed"] != true || res["failed"] == true {
		l.t.Fatalf("apply: %v", res)
	}
	if after, _ := os.ReadFile(filepath.Join(l.dest, "a")); string(after) != text {
		l.t.Errorf("apply: the file is %q, want %q", after, text)
	}
	for _, check := range []bool{true, false} {
		if res := l.call(check, args); res["changed"] != false || res["failed"] == true {
			l.t.Errorf("again: %v", res)
		}
	}
}

func TestGit(t *testing.T) {
	l := newLab(t)
	const args = `{"repo": "$REPO", "dest": "$DEST"}`
	l.want(args, "1")
	l.commit("2")
	l.want(args, "2")
	l.sh(l.repo, "git", "checkout", "-q", "-b", "side")
	l.commit("3")
	l.want(`{"repo": "$REPO", "dest": "$DEST", "version": "side"}`, "3")
	l.want(`{"repo": "$REPO", "dest": "$DEST", "version": "v1"}`, "1")
	l.want(`{"repo": "$REPO", "dest": "$DEST", "version": "trunk"}`, "2")
	if err := os.WriteFile(filepath.Join(l.dest, "a"), []byte("own"), 0o644); err != nil {
		t.Fatal(err)
	}
	if res := l.call(false, args); res["failed"] != true || !strings.Contains(res["msg"].(string), "Local modifications exist") {
		t.Errorf("own changes: %v", res)
	}
	l.want(`{"repo": "$REPO", "dest": "$DEST", "force": true, "version": "trunk"}`, "2")
}

func TestGitDepth(t *testing.T) {
	l := newLab(t)
	l.commit("2")
	args := `{"repo": "$REPO", "dest": "$DEST", "depth": 1}`
	l.want(args, "2")
	l.commit("3")
	l.want(args, "3")
	if n := l.sh(l.dest, "git", "rev-list", "--count", "HEAD"); n != "1" {
		t.Errorf("%s commits were fetched", n)
	}
	l.sh(l.repo, "git", "checkout", "-q", "-b", "side", "v1")
	l.want(`{"repo": "$REPO", "dest": "$DEST", "depth": 1, "version": "side"}`, "1")
	l.want(`{"repo": "$REPO", "dest": "$DEST", "depth": 1, "version": "trunk"}`, "3")
}

func TestGitSubmodules(t *testing.T) {
	l := newLab(t)
	other := filepath.Join(filepath.Dir(l.repo), "other")
	l.sh(filepath.Dir(l.repo), "git", "clone", "-q", l.repo, other)
	l.sh(l.repo, "git", "submodule", "add", "-q", other, "sub")
	l.commit("2")
	l.want(`{"repo": "$REPO", "dest": "$DEST"}`, "2")
	if data, err := os.ReadFile(filepath.Join(l.dest, "sub", "a")); err != nil || string(data) != "1" {
		t.Errorf("the submodule has %q, %v", data, err)
	}
	if err := os.WriteFile(filepath.Join(other, "a"), []byte("newer"), 0o644); err != nil {
		t.Fatal(err)
	}
	l.sh(other, "git", "commit", "-q", "-a", "-m", "newer")
	args := `{"repo": "$REPO", "dest": "$DEST", "track_submodules": true}`
	if res := l.call(false, args); res["submodules_changed"] != true {
		t.Errorf("track_submodules: %v", res)
	}
	if data, err := os.ReadFile(filepath.Join(l.dest, "sub", "a")); err != nil || string(data) != "newer" {
		t.Errorf("the submodule has %q, %v", data, err)
	}
}

func TestGitElse(t *testing.T) {
	l := newLab(t)
	head := l.sh(l.repo, "git", "rev-parse", "HEAD")
	if res := l.call(false, `{"repo": "$REPO", "clone": false}`); res["after"] != head || res["before"] != nil {
		t.Errorf("clone off: %v", res)
	}
	l.want(`{"repo": "$REPO", "dest": "$DEST", "separate_git_dir": "$DEST.git", "archive": "$DEST.tar.gz", "archive_prefix": "p/"}`, "1")
	if names := l.sh("/", "tar", "tzf", l.dest+".tar.gz"); names != "p/\np/a" {
		t.Errorf("the archive has %q", names)
	}
	l.want(`{"repo": "$REPO", "dest": "$DEST", "separate_git_dir": "$DEST.git2"}`, "1")
	if _, err := os.Stat(l.dest + ".git2/config"); err != nil {
		t.Error(err)
	}
	for args, want := range map[string]string{
		`{"repo": "$REPO"}`: "destination directory must be specified",
		`{"repo": "$REPO", "dest": "$DEST", "umask": "8"}`:            "umask must be an octal integer",
		`{"repo": "$REPO", "dest": "$DEST", "version": "nowhere"}`:    "Failed to checkout nowhere",
		`{"repo": "$REPO", "dest": "$DEST", "archive": "/tmp/x.rar"}`: "Unable to get file extension",
		`{"repo": "/nowhere", "dest": "$DEST-2"}`:                     "does not",
	} {
		if res := l.call(false, args); res["failed"] != true || !strings.Contains(res["msg"].(string), want) {
			t.Errorf("%s: %v", args, res)
		}
	}
}
