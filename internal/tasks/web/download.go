package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime"
	"net/http"
	"os"
	"path"

	"fleet/internal/tasks/sys"
)

// spooled is a temporary file with what was downloaded.
type spooled struct {
	path   string
	size   int64
	sha256 string
}

// spool writes r to a temporary file of the folder; "" is the machine's own for
// that. The caller removes it.
func spool(folder string, r io.Reader) (spooled, error) {
	f, err := os.CreateTemp(folder, "fleet-download-*")
	if err != nil {
		return spooled{}, err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), r)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(f.Name())
		return spooled{}, err
	}
	return spooled{f.Name(), n, hex.EncodeToString(h.Sum(nil))}, nil
}

func (s spooled) content() sys.Content {
	return sys.NewContent(s.size, s.sha256, func(context.Context) (io.ReadCloser, error) { return os.Open(s.path) })
}

// nameOf returns the file name that a response has, without any folder: as its
// header says, or else as its address ends.
func nameOf(resp *http.Response) string {
	if _, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err == nil {
		if name := plainName(params["filename"]); name != "" {
			return name
		}
	}
	if name := plainName(resp.Request.URL.Path); name != "" {
		return name
	}
	return "index.html"
}

func plainName(p string) string {
	name := path.Base(path.Clean("/" + p))
	if name == "/" || name == "." || name == ".." {
		return ""
	}
	return name
}
