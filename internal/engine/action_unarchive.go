package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"

	"fleet/internal/archive"
	"fleet/internal/jinja"
	"fleet/internal/wire"
)

// runUnarchive offers an archive of the controller to the target's module
// unarchive, and a listing of it, by which the target sees whether it needs it.
func runUnarchive(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
	src := args.GetString("src")
	if isTrue(args, "remote_src") || strings.Contains(src, "://") {
		return a.module(ctx, "unarchive", args, nil)
	}
	file, err := a.searchFor(a.task).Find("files", src)
	if err != nil {
		return nil, a.at("src", err)
	}
	with, err := a.engine.offer(file, true, true, a.stock(args))
	if err != nil {
		return nil, a.at("src", err)
	}
	if listing := a.engine.listing(file); len(with.files) == 1 && listing != nil {
		with.also(listing)
	}
	return a.module(ctx, "unarchive", args, with)
}

// maxListing bounds what is sent in place of an archive, in bytes.
const maxListing = 8 << 20

// listing returns an archive's listing as JSON, and nil where there is none, or
// where it is not much smaller than the archive: the target then gets the archive.
func (e *Engine) listing(path string) []byte {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() <= wire.MaxInline {
		return nil
	}
	data, err := e.listings.get(path, info, func(path string) ([]byte, error) {
		l, err := archive.List(path)
		if err != nil {
			return nil, err
		}
		return json.Marshal(l)
	})
	if err != nil || len(data) > maxListing || int64(len(data)) > info.Size()/2 {
		return nil
	}
	return data
}

// also adds a file to the payload, whose bytes are in memory.
func (p *payload) also(data []byte) {
	more := inline("listing", data)
	more.files[0].Name = p.files[0].Name + ".listing"
	name, open := more.files[0].Name, p.open
	p.files = append(p.files, more.files[0])
	p.open = func(f wire.File) (io.ReadCloser, error) {
		if f.Name == name {
			return io.NopCloser(bytes.NewReader(data)), nil
		}
		return open(f)
	}
}
