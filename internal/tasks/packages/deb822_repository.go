package packages

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Deb822Repository adds or removes a repository of apt as a file of fields
// (sources.list.d/NAME.sources). The key that signs the repository may be given
// as an address: it is downloaded into a file that only this repository trusts.
// The package lists are not fetched: apt with update_cache does that.
//
// Example:
//
//	tasks:
//	  - name: Docker's own packages
//	    deb822_repository:
//	      name: docker
//	      uris: https://download.docker.com/linux/debian
//	      suites: bookworm
//	      components: stable
//	      signed_by: https://download.docker.com/linux/debian/gpg
var Deb822Repository = sys.Define(spec.Module{
	Name:  "deb822_repository",
	Names: []string{"ansible.builtin.deb822_repository", "ansible.legacy.deb822_repository"},
	Gets:  []string{"signed_by"},
}, deb822Repository)

type deb822RepositoryArgs struct {
	// The name of the repository, of which the names of the files are made.
	Name string `arg:"name,required"`
	// Whether the repository should be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// What it holds: deb (packages) or deb-src (sources).
	Types []string `arg:"types" choices:"deb,deb-src" default:"deb"`
	// The addresses.
	URIs []string `arg:"uris"`
	// The suites or, ending in a slash, exact paths.
	Suites []string `arg:"suites"`
	// The components. None with an exact path.
	Components []string `arg:"components"`
	// The architectures; the default is the machine's.
	Architectures []string `arg:"architectures"`
	// Whether apt uses the repository.
	Enabled *bool `arg:"enabled"`
	// What signs the repository: an http or https address of the key, the path of a
	// key file, a fingerprint, or the key itself.
	SignedBy string `arg:"signed_by"`
	// Take the repository for trusted without a check.
	Trusted *bool `arg:"trusted"`
	// Allow a repository without a signature.
	AllowInsecure *bool `arg:"allow_insecure"`
	// Allow weak signatures.
	AllowWeak *bool `arg:"allow_weak"`
	// Allow a repository that was signed before and no longer is.
	AllowDowngradeToInsecure *bool `arg:"allow_downgrade_to_insecure"`
	// Ask for lists by their digest.
	ByHash *bool `arg:"by_hash"`
	// Check whether the repository's date lies in the future.
	CheckDate *bool `arg:"check_date"`
	// Check whether the repository has expired.
	CheckValidUntil *bool `arg:"check_valid_until"`
	// How many seconds the date may lie in the future.
	DateMaxFuture *int `arg:"date_max_future"`
	// The path of the file InRelease.
	InreleasePath string `arg:"inrelease_path"`
	// The languages of descriptions.
	Languages []string `arg:"languages"`
	// The kinds of lists to fetch.
	Targets []string `arg:"targets"`
	// Fetch only what changed in a list.
	PDiffs *bool `arg:"pdiffs"`
	// The permissions of the files, as octal digits in quotes.
	Mode any `arg:"mode" form:"mode" default:"0644"`
}

type deb822RepositoryResult struct {
	// The text of the file.
	Repo string `json:"repo,omitempty"`
	// The file.
	Dest string `json:"dest"`
	// The file of the key that was downloaded.
	KeyFilename string `json:"key_filename,omitempty"`
}

var (
	slugSpace = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[_\s]+`) })
	slugNot   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^a-z0-9-]+`) })
)

func deb822Repository(ctx context.Context, m *sys.Machine, a *deb822RepositoryArgs) (any, error) {
	slug := slugNot().ReplaceAllString(slugSpace().ReplaceAllString(strings.ToLower(a.Name), "-"), "")
	if slug == "" {
		return nil, fmt.Errorf("argument %q: %q has no letter or digit to name a file after", "name", a.Name)
	}
	res := &deb822RepositoryResult{Dest: "/etc/apt/sources.list.d/" + slug + ".sources"}
	if a.State == "absent" {
		if err := m.Remove(ctx, res.Dest); err != nil {
			return res, err
		}
		for _, ending := range []string{".asc", ".gpg"} {
			if err := m.Remove(ctx, "/etc/apt/keyrings/"+slug+ending); err != nil {
				return res, err
			}
		}
		return res, nil
	}
	for _, need := range []struct {
		name  string
		given []string
	}{{"uris", a.URIs}, {"suites", a.Suites}} {
		if len(need.given) == 0 {
			return res, fmt.Errorf("argument %q is missing", need.name)
		}
	}
	signedBy, err := a.key(ctx, m, slug, res)
	if err != nil {
		return res, err
	}
	res.Repo = a.text(signedBy)
	_, err = m.Write(ctx, sys.Write{Path: res.Dest, Content: sys.Bytes([]byte(res.Repo)), Perms: sys.Perms{Mode: a.Mode}})
	return res, err
}

// key returns the value of Signed-By. A key that is given by its address goes to
// a file of its own.
func (a *deb822RepositoryArgs) key(ctx context.Context, m *sys.Machine, slug string, res *deb822RepositoryResult) (string, error) {
	switch {
	case isArmored([]byte(a.SignedBy)):
		if _, err := readKeys([]byte(a.SignedBy)); err != nil {
			return "", fmt.Errorf("argument %q: %w", "signed_by", err)
		}
		return inlineKey(a.SignedBy), nil
	case !isURL(a.SignedBy):
		return a.SignedBy, nil
	}
	data, err := fetchKey(ctx, m, sys.Address{URL: a.SignedBy})
	if err != nil {
		return "", err
	}
	if _, err := readKeys(data); err != nil {
		return "", fmt.Errorf("%s: %w", a.SignedBy, err)
	}
	ending := ".gpg"
	if isArmored(data) {
		ending = ".asc"
	}
	res.KeyFilename = "/etc/apt/keyrings/" + slug + ending
	old, err := m.ReadFile(res.KeyFilename)
	if err == nil && bytes.Equal(old, data) {
		return res.KeyFilename, nil
	}
	if _, err := m.MakeDir(ctx, filepath.Dir(res.KeyFilename), sys.Perms{Mode: "0755"}); err != nil {
		return "", err
	}
	_, err = m.Write(ctx, sys.Write{Path: res.KeyFilename, Content: sys.Bytes(data), Perms: sys.Perms{Mode: a.Mode}})
	return res.KeyFilename, err
}

// inlineKey writes a key as the continuation lines of a field.
func inlineKey(key string) string {
	var b strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(key), "\n") {
		b.WriteString("\n    " + cmp.Or(strings.TrimSpace(line), "."))
	}
	return b.String()
}

// text is the file's text, by sources.list(5).
func (a *deb822RepositoryArgs) text(signedBy string) string {
	var b strings.Builder
	field := func(name, value string) {
		if value == "" {
			return
		}
		if value[0] != '\n' {
			value = " " + value
		}
		b.WriteString(name + ":" + value + "\n")
	}
	flag := func(name string, on *bool) {
		if on != nil {
			field(name, map[bool]string{true: "yes", false: "no"}[*on])
		}
	}
	join := func(words []string) string { return strings.Join(words, " ") }
	// The order and the case of names are Ansible's: a file that it wrote stays.
	flag("Allow-Downgrade-To-Insecure", a.AllowDowngradeToInsecure)
	flag("Allow-Insecure", a.AllowInsecure)
	flag("Allow-Weak", a.AllowWeak)
	field("Architectures", join(a.Architectures))
	flag("By-Hash", a.ByHash)
	flag("Check-Date", a.CheckDate)
	flag("Check-Valid-Until", a.CheckValidUntil)
	field("Components", join(a.Components))
	if a.DateMaxFuture != nil {
		field("Date-Max-Future", fmt.Sprint(*a.DateMaxFuture))
	}
	flag("Enabled", a.Enabled)
	field("Inrelease-Path", a.InreleasePath)
	field("Languages", join(a.Languages))
	field("X-Repolib-Name", a.Name)
	flag("Pdiffs", a.PDiffs)
	field("Signed-By", signedBy)
	field("Suites", join(a.Suites))
	field("Targets", join(a.Targets))
	flag("Trusted", a.Trusted)
	field("Types", join(a.Types))
	field("URIs", join(a.URIs))
	return b.String()
}
