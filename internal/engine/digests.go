package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"runtime"
	"sync"
)

// digests knows the SHA-256 digests of the controller's files, so that a file
// that goes to many hosts is read for it once. The zero value is empty; its
// methods may be called concurrently once open is set.
type digests struct {
	versions[digest]
	open opener
}

// opener opens a file of the controller, or what it holds where it is a vault.
type opener func(path string) (io.ReadCloser, error)

// openFile opens a file as it is.
func openFile(path string) (io.ReadCloser, error) { return os.Open(path) }

// digest is a file's SHA-256 digest, and of how many bytes it is.
type digest struct {
	sum  string
	size int64
}

// of returns the digest of a regular file.
func (d *digests) of(path string, info fs.FileInfo) (digest, error) {
	return d.get(path, info, func(path string) (out digest, err error) {
		out.sum, out.size, err = digestFile(path, d.open)
		return out, err
	})
}

func digestFile(path string, open opener) (sum string, size int64, err error) {
	f, err := open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return "", 0, err
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// regular is a file whose digest is wanted, and where it goes.
type regular struct {
	path string
	info fs.FileInfo
	at   int // its place in the payload
}

// all calls take with the digest of each file, on all processors but for one
// call at a time. It returns the error of the first file that has one.
func (d *digests) all(files []regular, take func(f regular, sum string, size int64)) error {
	var (
		mu    sync.Mutex
		next  int
		first = len(files)
		err   error
		work  sync.WaitGroup
	)
	one := func() bool {
		mu.Lock()
		i := next
		next++
		stop := i >= len(files) || err != nil
		mu.Unlock()
		if stop {
			return false
		}
		got, ferr := d.of(files[i].path, files[i].info)
		mu.Lock()
		defer mu.Unlock()
		if ferr == nil {
			take(files[i], got.sum, got.size)
		} else if i < first {
			first, err = i, ferr
		}
		return true
	}
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		work.Go(func() {
			for one() {
			}
		})
	}
	work.Wait()
	return err
}
