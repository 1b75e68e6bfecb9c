package target

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Names in the cache folder: a helper is namePrefix and its digest, one that is
// not whole yet has a dot in front.
const namePrefix = "fleet-target-"

// keptHelpers is how many helpers stay in a cache folder, of which a version of
// fleet has two, and leftTime how long
// one that never became whole.
const (
	keptHelpers = 4
	leftTime    = time.Hour
)

// install gives this program, which lies in file, the name in the cache under
// which it is found from now on, once it is on the disk: a crash of the machine
// must not leave a part of it there. Then it clears the folder up.
func install(file, name string) error {
	if err := settle(file); err != nil {
		return err
	}
	if err := os.Rename(file, name); err != nil {
		return err
	}
	clearUp(filepath.Dir(name), time.Now())
	return nil
}

// settle waits until the file is on the disk, where its file system can say that.
func settle(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return fmt.Errorf("cannot be kept: %w", err)
	}
	return nil
}

// clearUp removes what is too much in a cache folder, which is our user's alone.
// What it cannot remove is in the way of nothing.
func clearUp(dir string, now time.Time) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	var helpers []os.FileInfo
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		switch {
		case strings.HasPrefix(e.Name(), namePrefix):
			helpers = append(helpers, info)
		case strings.HasPrefix(e.Name(), "."+namePrefix) && now.Sub(info.ModTime()) > leftTime:
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
	slices.SortFunc(helpers, func(a, b os.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, old := range helpers[min(keptHelpers, len(helpers)):] {
		_ = os.Remove(filepath.Join(dir, old.Name()))
	}
}
