package sys

import (
	"context"
	"os"
	"runtime"
	"sync"

	"fleet/internal/wire"
)

// Prepare looks at the files of many writes at once, and asks the controller for
// the bytes of all that differ, in one go. Each is to be written then by Write, in
// this order. What Prepare cannot look at, Write complains about.
func (m *Machine) Prepare(ctx context.Context, writes []*Write) error {
	m.compare(ctx, writes)
	var differ []Content
	for _, w := range writes {
		if w.compared != same && m.opens(w) {
			differ = append(differ, w.Content)
		}
	}
	return m.Ask(ctx, differ)
}

// Ask has the controller send, in one go, those of the contents that are its
// files. They have to be in the order of the call's list, and to be opened in it.
// Without it each that is opened costs the time of a question and an answer.
func (m *Machine) Ask(ctx context.Context, contents []Content) error {
	var files []wire.File
	for _, c := range contents {
		if c.sent != nil {
			files = append(files, *c.sent)
		}
	}
	if len(files) < 2 || m.Controller == nil {
		return nil // one is asked for when it is opened
	}
	return m.Controller.Ask(ctx, files)
}

// opens reports whether Write opens the content of a file that differs.
func (m *Machine) opens(w *Write) bool {
	return !m.Check || m.Diff && !w.Secret && w.Content.Size <= MaxDiff
}

// comparison is what is known of a file's content before Write.
type comparison byte

const (
	unknown comparison = iota
	same
	differs
)

// compare notes for each write whether the file has the content. Digests take
// processor time, so that each processor takes some.
func (m *Machine) compare(ctx context.Context, writes []*Write) {
	next := make(chan *Write)
	var work sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(writes)) {
		work.Go(func() {
			for w := range next {
				w.compared = m.compareOne(w)
			}
		})
	}
	for _, w := range writes {
		if ctx.Err() != nil {
			break // Write sees it, too
		}
		next <- w
	}
	close(next)
	work.Wait()
}

// compareOne may be called concurrently.
func (m *Machine) compareOne(w *Write) comparison {
	look := os.Lstat
	if w.Follow {
		look = os.Stat
	}
	info, err := look(m.Path(w.Path))
	if err != nil || !info.Mode().IsRegular() || info.Size() != w.Content.Size {
		return differs
	}
	if sum, err := m.Digest(w.Path, "sha256"); err != nil || sum != w.Content.SHA256 {
		return differs
	}
	return same
}
