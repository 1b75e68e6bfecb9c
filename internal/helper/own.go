package helper

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
)

// ownHelper returns the executable at path as a helper; empty is the running one.
func ownHelper(path string) (Helper, error) {
	if path == "" {
		var err error
		if path, err = os.Executable(); err != nil {
			return Helper{}, fmt.Errorf("cannot find fleet's own executable: %w", err)
		}
	}
	digest, size, err := digestOf(path)
	if err != nil {
		return Helper{}, fmt.Errorf("cannot read fleet's own executable: %w", err)
	}
	// It is compressed when it is first pushed: most runs push nothing.
	return Helper{OS: runtime.GOOS, Arch: runtime.GOARCH, Digest: digest, Size: size,
		packed: map[Packer]func() (Packed, error){Gzip: inMemory(Gzip, sync.OnceValues(func() ([]byte, error) { return pack(path, digest) }))}}, nil
}

func digestOf(path string) (digest string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// pack compresses the file fast: it is sent once and not kept.
func pack(path, digest string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	if _, err := io.Copy(w, io.TeeReader(f, h)); err != nil {
		return nil, err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != digest {
		return nil, fmt.Errorf("%s changed while fleet ran", path)
	}
	err = w.Close() // writes the rest
	return b.Bytes(), err
}
