package packages

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fleet/internal/tasks/sys"
)

const (
	aptLists = "/var/lib/apt/lists"
	aptStamp = "/var/lib/apt/periodic/update-success-stamp"
)

// listsTime returns when the package lists were fetched last. The zero time in
// seconds since 1970 is never.
func listsTime(m *sys.Machine) time.Time {
	if info, err := os.Stat(m.Path(aptStamp)); err == nil {
		return info.ModTime()
	}
	if info, err := os.Stat(m.Path(aptLists)); err == nil && hasLists(m) {
		return info.ModTime()
	}
	return time.Unix(0, 0)
}

func hasLists(m *sys.Machine) bool {
	files, _ := filepath.Glob(m.Path(aptLists + "/*Release"))
	return len(files) > 0
}

// sourcesTime returns when a file of sources was changed last.
func sourcesTime(m *sys.Machine) time.Time {
	last := time.Unix(0, 0)
	for _, pattern := range []string{"/etc/apt/sources.list", "/etc/apt/sources.list.d/*"} {
		files, _ := filepath.Glob(m.Path(pattern))
		for _, file := range files {
			if info, err := os.Stat(file); err == nil && info.ModTime().After(last) {
				last = info.ModTime()
			}
		}
	}
	return last
}

// updateLists fetches the package lists where that is asked for and they are too
// old. Fetching is no change of the machine's state by itself, so it does not
// pass the door; that the lists became different ones is a change where the
// task does nothing else.
func (r *aptRun) updateLists(ctx context.Context, only bool) error {
	asked := r.a.CacheValidTime > 0
	if r.a.UpdateCache != nil {
		asked = *r.a.UpdateCache
	}
	if !asked {
		return nil
	}
	fetched := listsTime(r.m)
	outdated := fetched.Unix() == 0 || sourcesTime(r.m).After(fetched)
	if !outdated && time.Since(fetched) < time.Duration(r.a.CacheValidTime)*time.Second {
		r.fresh = true
		return nil
	}
	done := sys.Change{What: "fetch the package lists", Do: func(context.Context) error { return nil }}
	if r.m.Check {
		if only && outdated {
			return r.m.Change(ctx, done)
		}
		return nil
	}
	before := listsPrint(r.m)
	if err := r.fetchLists(ctx); err != nil {
		return err
	}
	r.res.CacheUpdated, r.fresh = true, true
	if only && listsPrint(r.m) != before {
		return r.m.Change(ctx, done)
	}
	return nil
}

// listsPrint is a text that is another one where the lists are other ones.
func listsPrint(m *sys.Machine) string {
	var b strings.Builder
	entries, _ := os.ReadDir(m.Path(aptLists))
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && e.Name() != "lock" {
			fmt.Fprintln(&b, e.Name(), info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String()
}

// passing are words of failures that may go away by themselves.
var passing = []string{"Temporary failure", "Could not connect", "Connection failed", "Connection timed out", "timed out",
	"Hash Sum mismatch", "File has unexpected size", "503 ", "502 ", "504 ", "Connection reset", "Undetermined Error", "Unable to connect"}

func (r *aptRun) fetchLists(ctx context.Context) error {
	delay := time.Second
	for try := 0; ; try++ {
		r.res.Stdout, r.res.Stderr = "", ""
		err := r.aptGet(ctx, "update", "-q")
		if why := untrusted(r.m, r.res.Stderr); why != nil {
			return why
		}
		failed := failedFetches(r.res.Stderr)
		if err == nil && len(failed) == 0 {
			now := time.Now()
			// apt leaves the folder's time alone where all lists were still good.
			_ = os.Chtimes(r.m.Path(aptLists), now, now)
			return nil
		}
		if err == nil {
			err = fmt.Errorf("apt-get update: %s", strings.Join(failed, "; "))
		}
		if try >= r.a.UpdateCacheRetries || !contains(r.res.Stderr, passing) {
			return err
		}
		if err := pause(ctx, delay); err != nil {
			return err
		}
		delay = min(2*delay, time.Duration(r.a.UpdateCacheRetryMaxDelay)*time.Second)
	}
}

// failedFetches returns what apt-get update warns of and takes for success: a
// list that is missing, or an old one that it goes on with.
func failedFetches(stderr string) []string {
	var failed []string
	for _, line := range strings.Split(stderr, "\n") {
		if rest, ok := strings.CutPrefix(line, "W: Failed to fetch "); ok {
			failed = append(failed, "cannot fetch "+rest)
		}
	}
	return failed
}

func contains(s string, words []string) bool {
	for _, word := range words {
		if strings.Contains(s, word) {
			return true
		}
	}
	return false
}
