package launch

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"fleet/internal/helper"
	"fleet/internal/source"
	"fleet/internal/wire"
)

// push sends the helper that the machine needs; platform is what uname -sm says.
func (l *launching) push(ctx context.Context, store *helper.Store, name string) error {
	h, err := ForPlatform(store, strings.TrimSpace(name))
	if err != nil {
		return err
	}
	packed, size, err := h.Open()
	if err != nil {
		return err
	}
	defer packed.Close()
	defer context.AfterFunc(ctx, func() { l.transport.Close() })()
	began := time.Now()
	w := bufio.NewWriterSize(l.transport.p.Stdin(), wire.MaxChunk)
	if _, err := fmt.Fprintf(w, "%d\n", size); err != nil {
		return l.explain(err)
	}
	if _, err := io.Copy(w, packed); err != nil {
		return l.explain(err)
	}
	if err := w.Flush(); err != nil {
		return l.explain(err)
	}
	// The last of it, as much as SSH's window takes, is still under way: for as
	// long as the rest took, or twice as long where the helper is small.
	l.timeout += 2 * time.Since(began)
	return nil
}

// ForPlatform returns the helper for what uname -sm says.
func ForPlatform(store *helper.Store, name string) (helper.Helper, error) {
	system, machine, _ := strings.Cut(name, " ")
	for goos, s := range systems {
		for goarch, m := range machines {
			if s == system && (m == machine || goarch == machine) {
				return store.For(goos, goarch)
			}
		}
	}
	return helper.Helper{}, source.Errorf(source.Pos{}, "fleet has no helper for this machine: %q", name).
		WithHint("targets are Linux on x86_64 or aarch64")
}
