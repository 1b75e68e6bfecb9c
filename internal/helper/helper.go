// Package helper holds the built helpers that are pushed to targets. It runs on
// the controller.
package helper

import "io"

// Verb is the hidden argument that makes any fleet program serve as the helper.
const Verb = "__target"

// Helper is one program that can serve as the helper.
type Helper struct {
	OS, Arch string // as GOOS and GOARCH
	Digest   string // the SHA-256 of the program, in lower-case hex
	Size     int64  // of the program, in bytes
	Packed   int64  // of what Open reads, in bytes

	open func() (io.ReadCloser, error)
}

// Open returns the program, compressed with gzip.
func (h Helper) Open() (io.ReadCloser, error) { return h.open() }

// Store finds helpers. The zero value is ready; it may be used concurrently.
type Store struct{}
