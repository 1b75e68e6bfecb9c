package launch

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"fleet/internal/helper"
	"fleet/internal/source"
	"fleet/internal/wire"
)

// A helper is sent in pieces of so many bytes, each after the host has taken the
// last but one. What comes faster than the host unpacks it would pile up in sshd,
// which copies all that it holds for every packet: that cost the host three times
// as much as the unpacking. Half a megabyte on its way fills a link of 40 Mbit/s
// over 100 ms.
const (
	pieceSize   = 256 << 10
	piecesAhead = 2
)

// pieceTime is how long the host may take for a piece, and for unpacking: a link
// of 35 kbit/s is waited for.
const pieceTime = time.Minute

// upload is a helper on its way.
type upload struct {
	packed helper.Packed
	w      *bufio.Writer
}

// push begins to send the helper that the machine needs, which is what uname -sm
// says and, behind it, the program that unpacks faster than gzip, where it has one.
func (l *launching) push(ctx context.Context, store *helper.Store, need string) error {
	words := strings.Fields(need)
	platform, more := words[:min(2, len(words))], words[min(2, len(words)):]
	h, err := ForPlatform(store, strings.Join(platform, " "), l.whole)
	if err != nil {
		return err
	}
	var has []helper.Packer
	for _, w := range more {
		has = append(has, helper.Packer(w))
	}
	packed, err := h.Open(has...)
	if err != nil {
		return err
	}
	l.endUpload()
	l.upload = &upload{packed, bufio.NewWriterSize(l.transport.p.Stdin(), wire.MaxChunk)}
	l.timeout = max(l.timeout, pieceTime)
	if _, err := fmt.Fprintf(l.upload.w, "%d %d %d %s\n", packed.Size/pieceSize, pieceSize, packed.Size%pieceSize, packed.Packer); err != nil {
		return l.explain(err)
	}
	return l.sendPieces(ctx, piecesAhead)
}

// sendPieces sends the next pieces, as many as there are. A host that takes none of
// them in time is given up.
func (l *launching) sendPieces(ctx context.Context, n int64) error {
	if l.upload == nil {
		return errors.New("the host asked for more of a helper that it has")
	}
	patience := time.Duration(n) * l.timeout
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("the host did not take the helper within %s", patience))
	defer cancel()
	defer context.AfterFunc(ctx, func() { l.transport.Close() })()
	_, err := io.CopyN(l.upload.w, l.upload.packed, n*pieceSize)
	if err == nil || err == io.EOF { // the last one was shorter
		err = l.upload.w.Flush()
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return l.late(context.Cause(ctx))
	}
	return l.explain(err)
}

// endUpload lets the helper go that was sent last.
func (l *launching) endUpload() {
	if l.upload != nil {
		l.upload.packed.Close()
		l.upload = nil
	}
}

// ForPlatform returns the helper for what uname -sm says.
func ForPlatform(store *helper.Store, name string, whole bool) (helper.Helper, error) {
	system, machine, _ := strings.Cut(name, " ")
	for goos, s := range systems {
		for goarch, m := range machines {
			if s == system && (m == machine || goarch == machine) {
				return store.For(goos, goarch, whole)
			}
		}
	}
	return helper.Helper{}, source.Errorf(source.Pos{}, "fleet has no helper for this machine: %q", name).
		WithHint("targets are Linux on x86_64 or aarch64")
}
