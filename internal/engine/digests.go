package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"runtime"
	"sync"
	"time"
)

// digests knows the SHA-256 digests of the controller's files, so that a file
// that goes to many hosts is read for it once. The zero value is empty; its
// methods may be called concurrently.
type digests struct {
	mu    sync.Mutex
	known map[version]*digest
}

// version identifies what is in a file, as far as its folder knows.
type version struct {
	path  string
	size  int64
	mtime int64 // nanoseconds
}

type digest struct {
	once sync.Once
	sum  string
	size int64
	err  error
}

// settled is how long a file has to be unchanged before its time says that it
// still is: file systems keep the time of a change only roughly.
const settled = 2 * time.Second

// of returns the digest of a regular file, and the number of bytes that it is of.
func (d *digests) of(path string, info fs.FileInfo) (sum string, size int64, err error) {
	if time.Since(info.ModTime()) < settled {
		return digestFile(path)
	}
	v := version{path, info.Size(), info.ModTime().UnixNano()}
	d.mu.Lock()
	known := d.known[v]
	if known == nil {
		if d.known == nil {
			d.known = map[version]*digest{}
		}
		known = &digest{}
		d.known[v] = known
	}
	d.mu.Unlock()
	known.once.Do(func() {
		known.sum, known.size, known.err = digestFile(path)
		if known.err != nil {
			d.mu.Lock()
			delete(d.known, v) // it may be readable the next time
			d.mu.Unlock()
		}
	})
	return known.sum, known.size, known.err
}

func digestFile(path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
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
		sum, size, ferr := d.of(files[i].path, files[i].info)
		mu.Lock()
		defer mu.Unlock()
		if ferr == nil {
			take(files[i], sum, size)
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
