package engine

import (
	"io/fs"
	"sync"
	"time"
)

// versions keeps what was found out about the controller's files, as long as they
// do not change. The zero value is empty; get may be called concurrently.
type versions[T any] struct {
	mu    sync.Mutex
	known map[version]*found[T]
}

// version identifies what is in a file, as far as its folder knows.
type version struct {
	path  string
	size  int64
	mtime int64 // nanoseconds
}

type found[T any] struct {
	once  sync.Once
	value T
	err   error
}

// settled is how long a file has to be unchanged before its time says that it
// still is: file systems keep the time of a change only roughly.
const settled = 2 * time.Second

// get returns what read finds in the file. Whoever else asks for it meanwhile
// waits for that. An error is not kept.
func (v *versions[T]) get(path string, info fs.FileInfo, read func(path string) (T, error)) (T, error) {
	if time.Since(info.ModTime()) < settled {
		return read(path)
	}
	key := version{path, info.Size(), info.ModTime().UnixNano()}
	v.mu.Lock()
	f := v.known[key]
	if f == nil {
		if v.known == nil {
			v.known = map[version]*found[T]{}
		}
		f = &found[T]{}
		v.known[key] = f
	}
	v.mu.Unlock()
	f.once.Do(func() {
		if f.value, f.err = read(path); f.err != nil {
			v.mu.Lock()
			delete(v.known, key)
			v.mu.Unlock()
		}
	})
	return f.value, f.err
}
