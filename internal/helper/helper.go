// Package helper holds the programs that are pushed to targets: those that "make
// build" has embedded, and fleet's own executable for machines of its own kind
// where there are none. It runs on the controller. It refuses helpers that were
// not built together with this fleet.
package helper

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"sync"

	"fleet/internal/source"
)

// Verb is the hidden argument that makes any fleet program serve as the helper.
const Verb = "__target"

// Helper is one program that can serve as the helper when it is run with Verb.
type Helper struct {
	OS, Arch string // as GOOS and GOARCH
	Digest   string // the SHA-256 of the program, in lower-case hex
	Size     int64  // of the program, in bytes
	// Lean is a helper of half the size, that speaks neither HTTP nor TLS and lacks the
	// modules that need them.
	Lean bool

	packed map[Packer]func() (Packed, error)
}

// Packer is the program that packed a helper, and that unpacks it with -dc.
type Packer string

// The packers. Every target has gzip; zstd takes a third of its time, and packs
// smaller.
const (
	Gzip Packer = "gzip"
	Zstd Packer = "zstd"
)

// Packed is a helper on its way to a target. Close it.
type Packed struct {
	io.ReadCloser
	Packer Packer
	Size   int64 // in bytes
}

// Open returns the program as the best one packed it of those that the target has
// besides gzip.
func (h Helper) Open(has ...Packer) (Packed, error) {
	if open := h.packed[Zstd]; open != nil && slices.Contains(has, Zstd) {
		return open()
	}
	return h.packed[Gzip]()
}

// inMemory returns how to open bytes that a function gives.
func inMemory(by Packer, data func() ([]byte, error)) func() (Packed, error) {
	return func() (Packed, error) {
		b, err := data()
		return Packed{io.NopCloser(bytes.NewReader(b)), by, int64(len(b))}, err
	}
}

// openIn returns how to open an embedded file, whose bytes are not copied.
func openIn(by Packer, dist fs.FS, name string) func() (Packed, error) {
	return func() (Packed, error) {
		f, err := dist.Open(name)
		if err != nil {
			return Packed{}, err
		}
		info, err := f.Stat()
		if err != nil {
			f.Close()
			return Packed{}, err
		}
		return Packed{f, by, info.Size()}, nil
	}
}

// Manifest is one line of dist/manifest.json: an embedded helper.
type Manifest struct {
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	Lean   bool   `json:"lean,omitempty"`
	Digest string `json:"digest"` // the SHA-256 of the program
	Size   int64  `json:"size"`   // of the program
	Zstd   string `json:"zstd"`   // the program packed: a file beside the manifest
}

//go:embed dist
var dist embed.FS

// stamp is the SHA-256 of dist/manifest.json in lower-case hex. "make build" has
// the linker set it. Without it, as in a plain go build, what lies in dist may be
// of older sources than this fleet, and is left out.
var stamp string

// Store finds helpers. The zero value is ready; it may be used concurrently.
type Store struct {
	// Own is the executable that serves machines of this one's kind when no helper
	// is embedded for them. Empty is the running one.
	Own string
	// OnlyOwn leaves the embedded helpers out.
	OnlyOwn bool

	mu  sync.Mutex // guards all
	all []Helper   // once they were asked for
}

// For returns the helper for a machine: the whole one, or the lean one where
// either will do and there is one.
func (s *Store) For(goos, goarch string, whole bool) (Helper, error) {
	all, err := s.All()
	if err != nil {
		return Helper{}, err
	}
	fits := func(lean bool) int {
		return slices.IndexFunc(all, func(h Helper) bool { return h.OS == goos && h.Arch == goarch && h.Lean == lean })
	}
	if i := fits(true); i >= 0 && !whole {
		return all[i], nil
	}
	if i := fits(false); i >= 0 {
		return all[i], nil
	}
	return Helper{}, source.Errorf(source.Pos{}, "this fleet was built without a helper for %s/%s", goos, goarch).
		WithHint("run \"make build\" in fleet's source and use bin/fleet")
}

// All returns the helpers that are there, for all kinds of machines.
func (s *Store) All() ([]Helper, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all != nil {
		return s.all, nil
	}
	var all []Helper
	if !s.OnlyOwn {
		embedded, err := stamped(dist, stamp)
		if err != nil {
			return nil, err
		}
		all = embedded
	}
	if !slices.ContainsFunc(all, func(h Helper) bool { return h.OS == runtime.GOOS && h.Arch == runtime.GOARCH }) {
		own, err := ownHelper(s.Own)
		if err != nil {
			return nil, err
		}
		all = append(all, own)
	}
	s.all = all
	return all, nil
}

// Embedded returns the machines that helpers are embedded for, as
// "linux/amd64"; none in a plain go build.
func Embedded() ([]string, error) {
	all, err := stamped(dist, stamp)
	var kinds []string
	for _, h := range all {
		if !h.Lean {
			kinds = append(kinds, h.OS+"/"+h.Arch)
		}
	}
	return kinds, err
}

// stamped returns the helpers of dist where its manifest is the one that fleet
// was linked with.
func stamped(dist fs.FS, stamp string) ([]Helper, error) {
	if stamp == "" {
		return nil, nil
	}
	data, err := fs.ReadFile(dist, "dist/manifest.json")
	if sum := sha256.Sum256(data); err != nil || hex.EncodeToString(sum[:]) != stamp {
		return nil, source.Errorf(source.Pos{}, "the helpers in this fleet were not built together with it").
			WithHint("run \"make build\" in fleet's source")
	}
	return embeddedIn(dist)
}

// embeddedIn returns the helpers that dist/manifest.json names.
func embeddedIn(dist fs.FS) ([]Helper, error) {
	data, err := fs.ReadFile(dist, "dist/manifest.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var rows []Manifest
	if err := json.Unmarshal(data, &rows); err != nil {
		return nil, fmt.Errorf("dist/manifest.json: %w", err)
	}
	var all []Helper
	for _, row := range rows {
		all = append(all, Helper{OS: row.OS, Arch: row.Arch, Digest: row.Digest, Size: row.Size, Lean: row.Lean,
			packed: packedForms(openIn(Zstd, dist, "dist/"+row.Zstd))})
	}
	return all, nil
}
