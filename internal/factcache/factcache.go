// Package factcache keeps the facts of hosts between runs: a folder with a JSON
// file for each host, as Ansible's cache jsonfile has it. It runs on the
// controller. What it reads came from hosts: it is data, and never a template.
package factcache

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"fleet/internal/jinja"
	"fleet/internal/outfile"
)

// maxFile bounds what is read of a host, in bytes.
const maxFile = 64 << 20

// Folder is a cache. Its methods may be called concurrently.
type Folder struct {
	Dir, Prefix string
	Timeout     time.Duration // what is older is not there; 0 is never

	mu sync.Mutex // files are changed one after the other
}

func (f *Folder) path(host string) string {
	return filepath.Join(f.Dir, filepath.Base(f.Prefix+host))
}

// Load returns the facts of a host, nil where there are none.
func (f *Folder) Load(host string) (*jinja.Map, error) {
	info, err := os.Stat(f.path(host))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case f.Timeout > 0 && time.Since(info.ModTime()) > f.Timeout:
		return nil, nil
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%s has more than %d MiB", f.path(host), maxFile>>20)
	}
	data, err := os.ReadFile(f.path(host))
	if err != nil {
		return nil, err
	}
	v, err := jinja.FromJSON(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path(host), err)
	}
	m, ok := v.(*jinja.Map)
	if !ok {
		return nil, fmt.Errorf("%s does not hold a JSON object", f.path(host))
	}
	return m, nil
}

// Add puts facts of a host over those that are there.
func (f *Folder) Add(host string, facts *jinja.Map) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	all, err := f.Load(host)
	if err != nil || all == nil {
		all = jinja.NewMap() // what cannot be read is written anew
	}
	for k, v := range facts.All() {
		all.Set(k, v)
	}
	data, err := jinja.ToJSON(all)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := json.Indent(&text, data, "", "    "); err != nil {
		return err
	}
	return f.write(f.path(host), text.Bytes())
}

// write replaces a file as a whole. Facts may be nobody else's business.
func (f *Folder) write(path string, data []byte) error {
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return err
	}
	return outfile.Write(path, data, 0o600)
}

// Drop forgets a host.
func (f *Folder) Drop(host string) error {
	err := os.Remove(f.path(host))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
