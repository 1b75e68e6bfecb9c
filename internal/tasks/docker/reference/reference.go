// Package reference reads the names of images as Docker writes them:
// [registry/]path[:tag][@digest]. It runs on the target. The grammar is that of
// the distribution project (github.com/distribution/reference), read by hand,
// because the helper would pay for its regular expressions at every start.
package reference

import (
	"errors"
	"fmt"
	"strings"
)

// What stands for a registry and a folder that a name leaves out.
const (
	hub      = "docker.io"
	official = "library/"
)

// maxPath is how many bytes the path may have.
const maxPath = 255

var errFormat = errors.New("invalid reference format")

// Name is an image's name in full. The zero Name is none.
type Name struct {
	Domain string // of the registry, with its port
	Path   string
	Tag    string // may be empty
	Digest string // may be empty
}

// Parse reads a name; what it leaves out of registry and path is filled in.
func Parse(s string) (Name, error) {
	if len(s) == 64 && all(s, hex) {
		return Name{}, fmt.Errorf("%w: %q is an ID and no name", errFormat, s)
	}
	var n Name
	rest, digest, digested := strings.Cut(s, "@")
	n.Domain, n.Path = split(rest)
	path, tag, tagged := strings.Cut(n.Path, ":")
	n.Path, n.Tag, n.Digest = path, tag, digest
	if n.Domain == hub && !strings.Contains(n.Path, "/") {
		n.Path = official + n.Path
	}
	switch {
	case strings.ToLower(path) != path:
		return Name{}, fmt.Errorf("%w: repository name (%s) must be lowercase", errFormat, path)
	case !isDomain(n.Domain), !isPath(n.Path), tagged && !isTag(tag), digested && !isDigest(digest):
		return Name{}, errFormat
	case len(n.Path) > maxPath:
		return Name{}, fmt.Errorf("%w: repository name must not be more than %d characters", errFormat, maxPath)
	}
	return n, nil
}

// split returns the registry of a name and the rest of it. What stands in front
// of the first slash is a registry if it looks like a host.
func split(s string) (domain, rest string) {
	first, rest, found := strings.Cut(s, "/")
	if !found || !strings.ContainsAny(first, ".:") && first != "localhost" && strings.ToLower(first) == first {
		return hub, s
	}
	if first == "index."+hub {
		first = hub
	}
	return first, rest
}

// NameOnly reports whether the name has neither tag nor digest.
func (n Name) NameOnly() bool { return n.Tag == "" && n.Digest == "" }

// Tagged returns the name with the tag "latest" where it has neither tag nor digest.
func (n Name) Tagged() Name {
	if n.NameOnly() {
		n.Tag = "latest"
	}
	return n
}

// Repository returns the name without tag and digest.
func (n Name) Repository() string { return n.Domain + "/" + n.Path }

// String returns the name in full.
func (n Name) String() string { return n.Repository() + n.suffix() }

// Familiar returns the shortest name that says the same.
func (n Name) Familiar() string {
	if n.Domain != hub {
		return n.String()
	}
	if short, ok := strings.CutPrefix(n.Path, official); ok && !strings.Contains(short, "/") {
		return short + n.suffix()
	}
	return n.Path + n.suffix()
}

func (n Name) suffix() string {
	out := ""
	if n.Tag != "" {
		out = ":" + n.Tag
	}
	if n.Digest != "" {
		out += "@" + n.Digest
	}
	return out
}
