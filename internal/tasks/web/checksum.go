package web

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	"fleet/internal/tasks/fetch"
	"fleet/internal/tasks/sys"
)

// digest is what a file's digest shall be. The zero value is no digest.
type digest struct{ algorithm, sum string }

// of reports whether the file has the digest. No file has none.
func (d digest) of(m *sys.Machine, path string) (bool, error) {
	if d.sum == "" {
		return false, nil
	}
	got, err := m.Digest(path, d.algorithm)
	return strings.EqualFold(got, d.sum), err
}

// maxSums bounds a file of digests, in bytes.
const maxSums = 4 << 20

// readChecksum reads the argument checksum, and the file that it may name.
func (d *download) readChecksum(ctx context.Context) (digest, error) {
	if d.Checksum == "" {
		return digest{}, nil
	}
	algorithm, sum, ok := strings.Cut(d.Checksum, ":")
	if !ok {
		return digest{}, fmt.Errorf("argument %q: %q has not the form sha256:DIGITS or sha256:ADDRESS", "checksum", d.Checksum)
	}
	algorithm, sum = strings.ToLower(strings.TrimSpace(algorithm)), strings.TrimSpace(sum)
	if _, err := sys.NewHash(algorithm); err != nil {
		return digest{}, fmt.Errorf("argument %q: %w", "checksum", err)
	}
	if strings.Contains(sum, "://") {
		address := sum
		var err error
		if sum, err = d.fetchSum(ctx, address); err != nil {
			return digest{}, fmt.Errorf("argument %q: %s: %w", "checksum", fetch.Shown(address), err)
		}
	}
	if h, _ := sys.NewHash(algorithm); len(sum) != 2*h.Size() || !isHex(sum) {
		return digest{}, fmt.Errorf("argument %q: %q is no %s digest", "checksum", sum, algorithm)
	}
	return digest{algorithm, strings.ToLower(sum)}, nil
}

func isHex(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil
}

func (d *download) fetchSum(ctx context.Context, address string) (string, error) {
	u, err := needHTTP(address, "file")
	if err != nil {
		return "", err
	}
	resp, err := d.ask(ctx, u, time.Time{})
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the server answered %s", resp.Status)
	}
	name := path.Base(d.url.Path)
	sum, ok := findSum(io.LimitReader(resp.Body, maxSums), name)
	if !ok {
		return "", fmt.Errorf("no digest of %q in this file", name)
	}
	return sum, nil
}

// findSum looks for the file's line as sha256sum writes it, or as BSD's programs
// do ("SHA256 (name) = digits"). A file with nothing but one digest is taken, too.
func findSum(r io.Reader, name string) (string, bool) {
	var alone string
	lines := 0
	for scan := bufio.NewScanner(r); scan.Scan(); {
		line := strings.TrimSpace(scan.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		lines++
		if before, sum, ok := strings.Cut(line, ") = "); ok {
			if _, file, ok := strings.Cut(before, " ("); ok && path.Base(file) == name {
				return sum, true
			}
			continue
		}
		sum, file, ok := strings.Cut(line, " ")
		if !ok {
			alone = sum
			continue
		}
		if file = strings.TrimPrefix(strings.TrimSpace(file), "*"); path.Base(file) == name {
			return sum, true
		}
	}
	return alone, lines == 1 && alone != ""
}
