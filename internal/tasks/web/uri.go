package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"fleet/internal/spec"
	"fleet/internal/tasks/fetch"
	"fleet/internal/tasks/sys"
)

// URI asks a web service.
//
// A request counts as no change, unless it writes dest. In check mode GET, HEAD
// and OPTIONS are sent and everything else is skipped.
//
// Example:
//
//	tasks:
//	  - name: Wait until the service is well
//	    uri:
//	      url: http://localhost:8080/health
//	      status_code: [200, 204]
//	    register: health
//	    until: health is success
//	    retries: 30
//	    delay: 1
var URI = sys.Define(spec.Module{
	Name:      "uri",
	Names:     []string{"ansible.builtin.uri", "ansible.legacy.uri"},
	Exclusive: [][]string{{"body", "src"}},
}, uri)

type uriArgs struct {
	// The address.
	URL string `arg:"url,required"`
	// The method.
	Method string `arg:"method" default:"GET"`
	// What to send. With body_format json a list or mapping is written as JSON, with
	// form-urlencoded as the fields of a form. With form-multipart a field may be a
	// mapping, too: of content, or of filename, a file of the target where remote_src
	// is on; and of mime_type.
	Body any `arg:"body"`
	// How body is written.
	BodyFormat string `arg:"body_format" choices:"raw,json,form-urlencoded,form-multipart" default:"raw"`
	// A file whose content is sent.
	Src string `arg:"src" type:"path"`
	// Takes src from the target.
	RemoteSrc bool `arg:"remote_src"`
	// The status codes that are no failure.
	StatusCode []int `arg:"status_code" default:"200"`
	// Returns the answer as "content".
	ReturnContent bool `arg:"return_content"`
	// A file for the answer, or a folder for such a file.
	Dest string `arg:"dest" type:"path"`
	sys.Perms
	// A file. Where it exists, nothing is sent.
	Creates string `arg:"creates" type:"path"`
	// A file. Where it does not exist, nothing is sent.
	Removes string `arg:"removes" type:"path"`
	// Whether redirections are followed: all, none, or safe for GET and HEAD only.
	FollowRedirects string `arg:"follow_redirects" choices:"all,no,none,safe,yes" default:"safe"`
	// Asks caches on the way to fetch the answer anew.
	Force bool `arg:"force"`
	// How many seconds the answer may take.
	Timeout int `arg:"timeout" default:"30"`
	// A unix socket to connect to, in place of the address's host.
	UnixSocket string `arg:"unix_socket" type:"path"`
	clientArgs
}

// uriResult is what is returned besides the answer's headers, whose names are in
// lower case with underscores.
type uriResult struct {
	// Whether dest was written.
	Changed bool `json:"changed"`
	// The status code, or -1 where there was no answer.
	Status int `json:"status"`
	// The status in words.
	Msg string `json:"msg"`
	// The address that answered in the end.
	URL string `json:"url"`
	// Whether that is another than the one asked.
	Redirected bool `json:"redirected"`
	// How many seconds it took.
	Elapsed int `json:"elapsed"`
	// The answer, with return_content: of more than 8 MiB dest can make a file.
	Content *string `json:"content,omitempty"`
	// The answer as a value, where it is JSON.
	JSON json.RawMessage `json:"json,omitempty"`
	// The file that was written.
	Path string `json:"path,omitempty"`
	// The cookies that the server set.
	Cookies map[string]string `json:"cookies"`
	// The cookies as one text.
	CookiesString string `json:"cookies_string"`
}

// maxContent bounds the answers that are returned or read as JSON, in bytes.
const maxContent = 8 << 20

func uri(ctx context.Context, m *sys.Machine, a *uriArgs) (any, error) {
	if _, err := needHTTP(a.URL); err != nil {
		return nil, err
	}
	if done, reason, err := a.needless(m); done || err != nil {
		return map[string]any{"changed": false, "msg": reason}, err
	}
	method := strings.ToUpper(a.Method)
	if m.Check && !slices.Contains([]string{"GET", "HEAD", "OPTIONS"}, method) {
		return sys.Skip("skipped in check mode: a " + method + " request may change the service"), nil
	}
	body, header, err := a.body(ctx, m)
	if err != nil {
		return nil, err
	}
	if a.Force {
		header.Set("Cache-Control", "no-cache")
	}
	c, err := a.newClient(m, time.Duration(a.Timeout)*time.Second, a.UnixSocket)
	if err != nil {
		return nil, err
	}
	c.onRedirect(redirects(a.FollowRedirects))
	start := time.Now()
	resp, err := c.do(ctx, method, a.URL, header, body)
	if err != nil {
		res := uriResult{Status: -1, URL: fetch.Shown(a.URL), Elapsed: int(time.Since(start).Seconds()), Msg: err.Error()}
		return res, fmt.Errorf("%s %s: %w", method, fetch.Shown(a.URL), err)
	}
	defer resp.Body.Close()
	return a.answer(ctx, m, resp, start)
}

func (a *uriArgs) needless(m *sys.Machine) (done bool, reason string, err error) {
	for _, c := range []struct {
		path, state string
		stops       bool
	}{{a.Creates, "exists", true}, {a.Removes, "does not exist", false}} {
		path, err := m.Expand(c.path)
		if err != nil {
			return false, "", err
		}
		if _, serr := os.Stat(m.Path(path)); c.path != "" && (serr == nil) == c.stops {
			return true, fmt.Sprintf("skipped, since %q %s", c.path, c.state), nil
		}
	}
	return false, "", nil
}

// redirects returns the client's rule for the next request of a chain.
func redirects(follow string) func(*http.Request, []*http.Request) error {
	return func(next *http.Request, before []*http.Request) error {
		first := before[0].Method
		safe := first == http.MethodGet || first == http.MethodHead
		switch {
		case follow == "no" || follow == "none" || follow == "safe" && !safe:
			return http.ErrUseLastResponse
		case len(before) > maxRedirects:
			return errTooMany
		}
		return nil
	}
}

// answer reads the response and judges it.
func (a *uriArgs) answer(ctx context.Context, m *sys.Machine, resp *http.Response, start time.Time) (any, error) {
	final := resp.Request.URL.String()
	res := uriResult{Status: resp.StatusCode, URL: resp.Request.URL.Redacted(), Redirected: final != a.URL, Cookies: map[string]string{}}
	var cookies []string
	for _, c := range resp.Cookies() {
		res.Cookies[c.Name] = c.Value
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	res.CookiesString = strings.Join(cookies, "; ")
	good := slices.Contains(a.StatusCode, resp.StatusCode)
	var err error
	if a.Dest != "" && good {
		err = a.save(ctx, m, resp, &res)
	} else {
		err = a.read(resp, &res)
	}
	res.Elapsed = int(time.Since(start).Seconds())
	if err == nil && !good {
		err = fmt.Errorf("status code was %d and not %v: %s", resp.StatusCode, a.StatusCode, res.Msg)
	}
	fields, ferr := withHeaders(resp.Header, res)
	return fields, errors.Join(err, ferr)
}

// read takes in the answer as text and as JSON.
func (a *uriArgs) read(resp *http.Response, res *uriResult) error {
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxContent+1))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", fetch.Shown(a.URL), cleanURL(err))
	}
	if len(data) > maxContent {
		if a.ReturnContent {
			return fmt.Errorf("the answer has more than %d MiB; write it to a file by dest", maxContent>>20)
		}
		return nil
	}
	res.Msg = fmt.Sprintf("%s (%d bytes)", http.StatusText(resp.StatusCode), len(data))
	if a.ReturnContent {
		text := strings.ToValidUTF8(string(data), "\uFFFD")
		res.Content = &text
	}
	kind := strings.ToLower(resp.Header.Get("Content-Type"))
	if (strings.Contains(kind, "json") || strings.Contains(kind, "javascript")) && utf8.Valid(data) && json.Valid(data) {
		res.JSON = data
	}
	return nil
}

// save writes the answer to dest.
func (a *uriArgs) save(ctx context.Context, m *sys.Machine, resp *http.Response, res *uriResult) error {
	dest, err := m.Expand(a.Dest)
	if err != nil {
		return err
	}
	if info, err := os.Stat(m.Path(dest)); err == nil && info.IsDir() {
		dest = filepath.Join(dest, nameOf(resp))
	}
	temp, err := spool("", resp.Body)
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", fetch.Shown(a.URL), cleanURL(err))
	}
	defer os.Remove(temp.path)
	res.Msg = fmt.Sprintf("%s (%d bytes)", http.StatusText(resp.StatusCode), temp.size)
	done, err := m.Write(ctx, sys.Write{Path: dest, Content: temp.content(), Perms: a.Perms, Follow: true})
	res.Path, res.Changed = dest, done.Changed || m.Changed()
	return err
}

// withHeaders returns the result's fields among the answer's headers. A header
// never takes the place of a field that means something to the playbook.
func withHeaders(header http.Header, res uriResult) (map[string]any, error) {
	fields := map[string]any{}
	for name, values := range header {
		key := strings.ReplaceAll(strings.ToLower(name), "-", "_")
		if !reserved(key) {
			fields[key] = strings.Join(values, ", ")
		}
	}
	data, err := json.Marshal(res)
	if err != nil {
		return fields, err
	}
	own := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &own); err != nil {
		return fields, err
	}
	for k, v := range own {
		fields[k] = v
	}
	return fields, nil
}

func reserved(key string) bool {
	return strings.HasPrefix(key, "ansible_") || slices.Contains([]string{"failed", "skipped", "unreachable", "rc", "diff", "changes",
		"warnings", "deprecations", "exception", "invocation", "results", "stdout", "stderr", "json", "content", "path"}, key)
}
