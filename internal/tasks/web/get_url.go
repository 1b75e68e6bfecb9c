package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fleet/internal/spec"
	"fleet/internal/tasks/fetch"
	"fleet/internal/tasks/sys"
)

// GetURL downloads a file.
//
// A file that is there is only downloaded again where its digest is not the one
// of checksum, or without checksum where the server has a newer one.
//
// Example:
//
//	tasks:
//	  - name: Fetch the release
//	    get_url:
//	      url: https://example.org/app-1.2.tar.gz
//	      dest: /opt/app.tar.gz
//	      checksum: sha256:https://example.org/app-1.2.sha256
//	      mode: "0644"
var GetURL = sys.Define(spec.Module{
	Name:  "get_url",
	Names: []string{"ansible.builtin.get_url", "ansible.legacy.get_url"},
}, getURL)

type getUrlArgs struct {
	// The address: http, https or file.
	URL string `arg:"url,required"`
	// The file to write, or a folder for it.
	Dest string `arg:"dest,required" type:"path"`
	sys.Perms
	// What the file's digest has to be: the kind, a colon, and the digits or the
	// address of a file with them ("sha256:https://example.org/SHA256SUMS").
	Checksum string `arg:"checksum"`
	// Keeps a file that is replaced under a name with the time in it.
	Backup bool `arg:"backup"`
	// The folder that the download lies in until it is whole and has the right digest,
	// where the machine's own for temporary files is too small. It has to be there.
	TmpDest string `arg:"tmp_dest" type:"path"`
	// Downloads without asking whether the server's file is newer.
	Force bool `arg:"force"`
	// How many seconds the download may take before its first byte comes.
	Timeout int `arg:"timeout" default:"10"`
	// Unpacks an answer that the server has compressed for the way.
	Decompress bool `arg:"decompress" default:"yes"`
	clientArgs
}

type getUrlResult struct {
	// The address.
	URL string `json:"url"`
	// The file that was written.
	Dest string `json:"dest"`
	// The status code, or 0 where nothing was asked.
	StatusCode int `json:"status_code,omitempty"`
	// The status in words.
	Msg string `json:"msg"`
	// The SHA-1 digest of what was downloaded.
	ChecksumSrc string `json:"checksum_src,omitempty"`
	// The SHA-1 digest of the file that was there before.
	ChecksumDest string `json:"checksum_dest,omitempty"`
	// The name of the backup, where one was made.
	BackupFile string `json:"backup_file,omitempty"`
	// How many seconds it took.
	Elapsed int `json:"elapsed"`
	sys.FileInfo
}

// download is one call of the module.
type download struct {
	*getUrlArgs
	m      *sys.Machine
	client *client
	url    *url.URL
	dest   string
	digest digest
	res    getUrlResult
}

func getURL(ctx context.Context, m *sys.Machine, a *getUrlArgs) (any, error) {
	start := time.Now()
	d := download{getUrlArgs: a, m: m, res: getUrlResult{URL: fetch.Shown(a.URL)}}
	if err := d.prepare(ctx); err != nil {
		return nil, err
	}
	err := d.bring(ctx)
	d.res.Dest, d.res.FileInfo = d.dest, m.FileInfo(d.dest)
	d.res.Elapsed = int(time.Since(start).Seconds())
	return d.res, err
}

func (d *download) prepare(ctx context.Context) (err error) {
	if d.url, err = needHTTP(d.URL, "file"); err != nil {
		return err
	}
	if d.dest, err = d.m.Expand(d.Dest); err != nil {
		return err
	}
	if d.client, err = d.newClient(d.m, 0, ""); err != nil {
		return err
	}
	transport := d.client.http.Transport.(*http.Transport)
	transport.ResponseHeaderTimeout = time.Duration(d.Timeout) * time.Second
	transport.TLSHandshakeTimeout = transport.ResponseHeaderTimeout
	transport.DisableCompression = !d.Decompress
	d.digest, err = d.readChecksum(ctx)
	return err
}

// bring has the file there, by asking for it only where that is needed.
func (d *download) bring(ctx context.Context) error {
	folder, err := d.place()
	if err != nil {
		return err
	}
	since := time.Time{}
	if info, err := os.Stat(d.m.Path(d.dest)); err == nil && !folder {
		same, err := d.digest.of(d.m, d.dest)
		if err != nil {
			return err
		}
		if same && !d.Force {
			d.res.Msg = "file already exists"
			return d.m.SetPerms(ctx, d.dest, d.Perms, true)
		}
		if d.digest.sum == "" && !d.Force {
			since = info.ModTime()
		}
		d.res.ChecksumDest, _ = d.m.Digest(d.dest, "sha1")
	}
	resp, err := d.ask(ctx, d.url, since)
	if err != nil {
		return fmt.Errorf("download %s: %w", fetch.Shown(d.URL), err)
	}
	defer resp.Body.Close()
	return d.take(ctx, resp, folder)
}

// place reports whether dest is a folder in which the answer has to say the
// file's name.
func (d *download) place() (folder bool, err error) {
	info, err := os.Stat(d.m.Path(d.dest))
	if err != nil || !info.IsDir() {
		if strings.HasSuffix(d.dest, "/") {
			return false, fmt.Errorf("dest folder %q does not exist; create it first (file: with state: directory)", d.Dest)
		}
		return false, nil
	}
	if name := plainName(d.url.Path); name != "" && d.digest.sum != "" {
		d.dest = filepath.Join(d.dest, name)
		return false, nil
	}
	return true, nil
}

// take judges the answer and writes it.
func (d *download) take(ctx context.Context, resp *http.Response, folder bool) error {
	d.res.StatusCode = resp.StatusCode
	if resp.StatusCode == http.StatusNotModified {
		d.res.Msg = "HTTP Error 304: Not Modified"
		return d.m.SetPerms(ctx, d.dest, d.Perms, true)
	}
	if resp.StatusCode != http.StatusOK {
		d.res.Msg = resp.Status
		return fmt.Errorf("download %s: the server answered %s", fetch.Shown(d.URL), resp.Status)
	}
	if folder {
		d.dest = filepath.Join(d.dest, nameOf(resp))
	}
	if _, err := os.Stat(d.m.Path(d.dest)); err != nil && d.m.Check {
		// That the server has it is enough to know.
		return d.m.Change(ctx, sys.Change{What: "create " + d.dest})
	}
	return d.write(ctx, resp.Body)
}

// scratch returns the folder for the download; "" is the machine's own.
func (d *download) scratch() (string, error) {
	folder, err := d.m.Expand(d.TmpDest)
	if folder == "" || err != nil {
		return "", err
	}
	info, err := os.Stat(d.m.Path(folder))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", sys.Messagef("%s directory does not exist.\nhint: create it first (file: with state: directory); tmp_dest makes none", folder)
	case err != nil:
		return "", err
	case !info.IsDir():
		return "", sys.Messagef("%s is a file but should be a directory.\nhint: tmp_dest is the folder for the download on its way", folder)
	}
	return d.m.Path(folder), nil
}

// write puts what comes at its place if it has the right digest.
func (d *download) write(ctx context.Context, body io.Reader) error {
	folder, err := d.scratch()
	if err != nil {
		return err
	}
	temp, err := spool(folder, body)
	if err != nil {
		return fmt.Errorf("download %s: %w", fetch.Shown(d.URL), cleanURL(err))
	}
	defer os.Remove(temp.path)
	d.res.Msg = fmt.Sprintf("OK (%d bytes)", temp.size)
	outside := &sys.Machine{}
	d.res.ChecksumSrc, _ = outside.Digest(temp.path, "sha1")
	if d.digest.sum != "" {
		same, err := d.digest.of(outside, temp.path)
		if err != nil {
			return err
		}
		if !same {
			got, _ := outside.Digest(temp.path, d.digest.algorithm)
			return fmt.Errorf("download %s: the %s digest is %s, not %s as argument %q wants", fetch.Shown(d.URL), d.digest.algorithm, got, d.digest.sum, "checksum")
		}
	}
	done, err := d.m.Write(ctx, sys.Write{Path: d.dest, Content: temp.content(), Perms: d.Perms, Follow: true, Backup: d.Backup})
	d.res.BackupFile = done.BackupFile
	return err
}

// ask returns the answer for an address. With a time it asks for a newer one only.
func (d *download) ask(ctx context.Context, address *url.URL, since time.Time) (*http.Response, error) {
	if address.Scheme == "file" {
		return openLocal(d.m, address)
	}
	header := http.Header{}
	if !since.IsZero() {
		header.Set("If-Modified-Since", since.UTC().Format(http.TimeFormat))
	}
	if d.Force {
		header.Set("Cache-Control", "no-cache")
	}
	return d.client.do(ctx, http.MethodGet, address.String(), header, nil)
}

// openLocal answers with a file of the target.
func openLocal(m *sys.Machine, address *url.URL) (*http.Response, error) {
	f, err := m.Open(address.Path)
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Body: f, Request: &http.Request{URL: address}}, err
}
