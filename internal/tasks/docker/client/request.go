package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxError bounds an error's text, in bytes.
const maxError = 1 << 20

// request is one question to the engine.
type request struct {
	method string
	path   []string // its parts; a part may hold slashes, as the names of images do
	query  url.Values
	body   any // an io.Reader is sent as a tar, other values as JSON; nil is none
	header http.Header
	bare   bool // the path has no version in front
}

// send sends a request and returns the answer, which the caller closes. What is no
// success is an *Error.
func (c *Client) send(ctx context.Context, r request) (*http.Response, error) {
	for _, part := range r.path {
		if strings.Trim(part, "/ ") == "" {
			return nil, &Error{http.StatusNotFound, "an empty name names nothing"}
		}
	}
	u := c.base
	if !r.bare {
		u.Path += "/v1." + strconv.Itoa(c.minor)
	}
	u.Path += "/" + strings.Join(r.path, "/")
	u.RawQuery = r.query.Encode()
	body, kind, err := encode(r.body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), body)
	if err != nil {
		return nil, err
	}
	for k, v := range r.header {
		req.Header[k] = v
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := c.http.Do(req)
	switch {
	case err == nil && resp.StatusCode >= 400:
		defer resp.Body.Close()
		return nil, failure(resp)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), err == nil:
		return resp, err
	}
	return nil, unreached{inner(err)}
}

// inner returns what went wrong, without the request.
func inner(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func encode(body any) (r io.Reader, kind string, err error) {
	switch body := body.(type) {
	case nil:
		return nil, "", nil
	case io.Reader:
		return body, "application/x-tar", nil
	}
	data, err := json.Marshal(body)
	return bytes.NewReader(data), "application/json", err
}

// failure reads what the engine says is wrong.
func failure(resp *http.Response) error {
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxError))
	if err != nil {
		return err
	}
	var said struct {
		Message string `json:"message"`
	}
	text := strings.TrimSpace(string(data))
	if json.Unmarshal(data, &said) == nil && said.Message != "" {
		text = strings.TrimSpace(said.Message)
	}
	if text == "" {
		text = fmt.Sprintf("the answer to %s %s is %s", resp.Request.Method, resp.Request.URL.Path, resp.Status)
	}
	return &Error{resp.StatusCode, text}
}

// call sends a request and reads its answer.
func call[T any](ctx context.Context, c *Client, r request) (answer T, err error) {
	resp, err := c.send(ctx, r)
	if err != nil {
		return answer, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNoContent {
		return answer, nil
	}
	if err = json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		err = fmt.Errorf("the answer to %s /%s: %w", r.method, strings.Join(r.path, "/"), err)
	}
	return answer, err
}

// callRaw is call that returns the answer's text, too.
func callRaw[T any](ctx context.Context, c *Client, r request) (answer T, raw json.RawMessage, err error) {
	if raw, err = call[json.RawMessage](ctx, c, r); err == nil {
		err = json.Unmarshal(raw, &answer)
	}
	return answer, raw, err
}

// do sends a request whose answer says nothing.
func (c *Client) do(ctx context.Context, r request) error {
	resp, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxError)) // the connection serves again
	return errors.Join(err, resp.Body.Close())
}

// stream sends a request whose answer is read as it comes; the caller closes it.
func (c *Client) stream(ctx context.Context, r request) (io.ReadCloser, error) {
	resp, err := c.send(ctx, r)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// Filters narrow a list: the values that are wanted, by what they are values of.
type Filters map[string]map[string]bool

// Add adds values, and returns f.
func (f Filters) Add(term string, values ...string) Filters {
	if f[term] == nil {
		f[term] = map[string]bool{}
	}
	for _, v := range values {
		f[term][v] = true
	}
	return f
}

// query returns filters as a query has them.
func (f Filters) query() url.Values {
	q := url.Values{}
	if len(f) > 0 {
		q.Set("filters", asJSON(f))
	}
	return q
}

// asJSON writes a mapping or a list of plain values.
func asJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return "" // plain values can always be written
	}
	return string(data)
}
