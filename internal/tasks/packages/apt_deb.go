package packages

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"fleet/internal/tasks/sys"
)

// maxDownload bounds a file that is downloaded, in bytes.
const maxDownload = 4 << 30

// debFile installs one .deb file with what it depends on.
func (r *aptRun) debFile(ctx context.Context) error {
	file := r.a.Deb
	if isURL(file) {
		temp, err := download(ctx, r.m, sys.Address{URL: file}, "*.deb")
		if err != nil {
			return err
		}
		defer os.Remove(temp)
		file = temp
	} else {
		var err error
		if file, err = r.m.Expand(file); err != nil {
			return err
		}
		if _, err := os.Stat(r.m.Path(file)); err != nil {
			if r.m.Check {
				r.warn("file %q is not there now", file)
				return r.m.Change(ctx, sys.Change{What: "install " + file})
			}
			return fmt.Errorf("file %q does not exist on the machine; copy it there first", file)
		}
		file = r.m.Path(file)
	}
	out, err := r.m.Must(ctx, "dpkg-deb", "--field", file, "Package", "Version", "Architecture")
	if err != nil {
		return err
	}
	field := map[string]string{}
	for _, line := range strings.Split(out.Stdout, "\n") {
		if key, value, ok := strings.Cut(line, ": "); ok {
			field[key] = value
		}
	}
	has := r.db.installed(field["Package"], field["Architecture"])
	if has != nil && has.Version == field["Version"] {
		return nil
	}
	before := ""
	if has != nil {
		before = has.Name + " " + has.Version + "\n"
	}
	args := append(append(r.flags(), "install"), file)
	return r.m.Change(ctx, sys.Change{
		What: "install " + field["Package"] + " " + field["Version"], Before: before,
		After: field["Package"] + " " + field["Version"] + "\n", BeforeName: "packages", AfterName: "packages",
		Do: func(ctx context.Context) error { return r.guarded(ctx, args...) },
	})
}

func isURL(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// download fetches an address into a new temporary file, which is the caller's
// to remove.
func download(ctx context.Context, m *sys.Machine, a sys.Address, pattern string) (file string, err error) {
	body, err := m.Get(ctx, a)
	if err != nil {
		return "", err
	}
	defer body.Close()
	f, err := os.CreateTemp("", "fleet-"+pattern)
	if err != nil {
		return "", err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	n, err := io.Copy(f, io.LimitReader(body, maxDownload+1))
	if err != nil {
		return "", fmt.Errorf("cannot download %s: %w", a.URL, err)
	}
	if n > maxDownload {
		return "", fmt.Errorf("%s is larger than %d bytes", a.URL, int64(maxDownload))
	}
	// apt reads the file as a user of its own.
	return f.Name(), f.Chmod(0o644)
}
