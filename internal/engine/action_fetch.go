package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"os"
	"path"
	"path/filepath"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/outfile"
)

// maxFetch bounds how much a target may send as one file, in bytes.
const maxFetch = 16 << 30

// runFetch brings a file of the target here. What the target says never names
// the place: that is made of dest, the host's name and the src that was asked for.
func runFetch(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
	if args.GetString("src") == "" || args.GetString("dest") == "" {
		return failf("src and dest are required"), nil
	}
	if a.check {
		return ok("skipped", true, "msg", "check mode not (yet) supported for this module"), nil
	}
	dest, err := a.fetchPath(args)
	if err != nil {
		return nil, a.at("dest", err)
	}
	call := args.Clone()
	for _, key := range []string{"dest", "flat", "validate_checksum"} {
		call.Delete(key)
	}
	if info, err := os.Stat(dest); err == nil && info.Mode().IsRegular() { // reading a device may never end
		if have, _, err := digestFile(dest, openFile); err == nil {
			call.Set("have_sha256", have)
		}
	}
	in := &incoming{dest: dest}
	defer in.discard()
	res, err := a.module(ctx, "fetch", call, &payload{receive: in})
	if err != nil {
		return nil, err
	}
	res.data = nil
	res.value.Set("dest", dest)
	if sum, ok := res.value.Get("checksum"); ok {
		res.value.Set("remote_checksum", sum)
		res.value.Set("remote_md5sum", nil)
	}
	if isTrue(res.value, "failed") || !isTrue(res.value, "changed") {
		return res, nil
	}
	return res, in.keep(res.value.GetString("sha256"))
}

// fetchPath returns where on the controller a fetched file goes.
func (a *attempt) fetchPath(args *jinja.Map) (string, error) {
	dest, src := args.GetString("dest"), args.GetString("src")
	if dest == "" {
		return "", fmt.Errorf("fetch: argument \"dest\" is missing")
	}
	if !filepath.IsAbs(dest) {
		dest = filepath.Join(a.dir, dest) + dest[len(strings.TrimRight(dest, "/")):]
	}
	clean := path.Clean("/" + src)
	if isTrue(args, "flat") {
		if !strings.HasSuffix(dest, "/") {
			if isFolder(dest) {
				return "", fmt.Errorf("dest is an existing directory, use a trailing slash if you want to fetch src into that directory")
			}
			return dest, nil
		}
		if dest = filepath.Join(dest, path.Base(clean)); isFolder(dest) {
			return "", fmt.Errorf("calculated dest '%s' is an existing directory, use another path that does not point to an existing directory", dest)
		}
		return dest, nil
	}
	if !filepath.IsLocal(a.hostRun.host) {
		return "", fmt.Errorf("the host's name %q cannot be a folder's name", a.hostRun.host)
	}
	return filepath.Join(dest, a.hostRun.host, clean), nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// incoming takes a file's bytes, which are at dest once they are kept.
type incoming struct {
	dest string
	file *outfile.File
	hash hash.Hash
	size int64
}

func (in *incoming) Write(p []byte) (int, error) {
	if err := in.open(); err != nil {
		return 0, err
	}
	if in.size += int64(len(p)); in.size > maxFetch {
		return 0, fmt.Errorf("the file has more than %d GiB", maxFetch>>30)
	}
	in.hash.Write(p)
	return in.file.Write(p)
}

func (in *incoming) open() error {
	if in.file != nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(in.dest), 0o755); err != nil {
		return err
	}
	f, err := outfile.Create(in.dest, 0o666)
	if err != nil {
		return err
	}
	in.file, in.hash = f, sha256.New()
	return nil
}

// keep puts what arrived in place, if it is what the target said it would send.
func (in *incoming) keep(digest string) error {
	if err := in.open(); err != nil { // an empty file
		return err
	}
	if got := hex.EncodeToString(in.hash.Sum(nil)); got != digest {
		return fmt.Errorf("what arrived has another digest than the file on the target: was it changed meanwhile?")
	}
	return in.file.Keep()
}

// discard removes what was not kept.
func (in *incoming) discard() {
	if in.file != nil {
		in.file.Discard()
	}
}
