package archives

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"fleet/internal/archive"
	"fleet/internal/tasks/sys"
)

// look finds out what is in the archive: from the controller's listing, where it
// has sent one, and from the archive otherwise.
func (u *unpacking) look(ctx context.Context) error {
	if u.remote() || len(u.m.Files) < 2 {
		arc, err := u.fetched(ctx)
		if err == nil {
			u.form, u.each = arc.form.Name, func(visit func(archive.Member) error) error {
				return arc.each(func(mb archive.Member, _ io.Reader) error { return visit(mb) })
			}
		}
		return err
	}
	r, err := u.m.Sent(u.m.Files[1]).Open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	var l archive.Listing
	if err := json.NewDecoder(r).Decode(&l); err != nil {
		return fmt.Errorf("the controller's listing of it: %w", err)
	}
	u.form, u.each = l.Form, func(visit func(archive.Member) error) error {
		for _, mb := range l.Members {
			if err := visit(mb); err != nil {
				return err
			}
		}
		return nil
	}
	return nil
}

// fetched returns the archive itself, which is brought here the first time.
func (u *unpacking) fetched(ctx context.Context) (*unpackable, error) {
	if u.arc != nil {
		return u.arc, nil
	}
	work, err := os.MkdirTemp("", "fleet-unarchive-")
	if err != nil {
		return nil, fmt.Errorf("a place for it: %w", err)
	}
	u.work = work
	u.arc, err = u.open(ctx, u.m, work)
	return u.arc, err
}

func (u *unpacking) close() {
	if u.work != "" {
		os.RemoveAll(u.work)
	}
}

// remote reports whether the archive lies on the target.
func (a *unarchiveArgs) remote() bool { return a.RemoteSrc || a.Copy != nil && !*a.Copy }

// open brings the archive into the folder work, unless it is a file that can be
// read where it lies.
func (a *unarchiveArgs) open(ctx context.Context, m *sys.Machine, work string) (*unpackable, error) {
	if !a.remote() {
		if len(m.Files) == 0 {
			return nil, errors.New("the controller offers no archive with this call")
		}
		return openArchive(ctx, m, m.Sent(m.Files[0]), work)
	}
	if strings.Contains(a.Src, "://") {
		return nil, errors.New("an address is not unpacked directly; download it first with get_url")
	}
	src, err := m.Expand(a.Src)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(m.Path(src))
	if err != nil {
		return nil, sys.Inner(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a file")
	}
	local := sys.NewContent(info.Size(), "", func(context.Context) (io.ReadCloser, error) { return m.Open(src) })
	return openArchive(ctx, m, local, work)
}
