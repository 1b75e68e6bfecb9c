package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"fleet/internal/tasks/sys"
)

// body returns what is sent and the headers that say what it is. A body can be
// opened again, for a redirection or a login.
func (a *uriArgs) body(ctx context.Context, m *sys.Machine) (func() (io.ReadCloser, error), http.Header, error) {
	header := http.Header{}
	if a.Src != "" {
		open, err := a.source(ctx, m)
		return open, header, err
	}
	if a.Body == nil {
		return nil, header, nil
	}
	data, kind, err := a.bodyBytes(m)
	if err != nil {
		return nil, nil, fmt.Errorf("argument %q: %w", "body", err)
	}
	if kind != "" {
		header.Set("Content-Type", kind)
	}
	return func() (io.ReadCloser, error) { return buffer{bytes.NewReader(data)}, nil }, header, nil
}

// buffer is a body that knows how long it is.
type buffer struct{ *bytes.Reader }

func (buffer) Close() error { return nil }

func (a *uriArgs) source(ctx context.Context, m *sys.Machine) (func() (io.ReadCloser, error), error) {
	if !a.RemoteSrc && len(m.Files) == 1 {
		content := m.Sent(m.Files[0])
		return func() (io.ReadCloser, error) {
			r, err := content.Open(ctx)
			return sized{r, content.Size}, err
		}, nil
	}
	if !a.RemoteSrc {
		return nil, fmt.Errorf("argument %q: the controller offers no file with this call; remote_src: true takes it from the target", "src")
	}
	src, err := m.Expand(a.Src)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(m.Path(src))
	if err != nil {
		return nil, fmt.Errorf("argument %q: %q does not exist on the target", "src", a.Src)
	}
	return func() (io.ReadCloser, error) {
		f, err := m.Open(src)
		return sized{f, info.Size()}, err
	}, nil
}

// sized is a stream of a known length, which many servers insist on.
type sized struct {
	io.ReadCloser
	size int64
}

func (s sized) Len() int { return int(s.size) }

func (a *uriArgs) bodyBytes(m *sys.Machine) (data []byte, kind string, err error) {
	text, isText := a.Body.(string)
	switch a.BodyFormat {
	case "json":
		if isText {
			return []byte(text), "application/json", nil
		}
		data, err = json.Marshal(a.Body)
		return data, "application/json", err
	case "form-multipart":
		return a.multipartForm(m)
	case "form-urlencoded":
		if !isText {
			text, err = form(a.Body)
		}
		return []byte(text), "application/x-www-form-urlencoded", err
	}
	if !isText {
		data, err = json.Marshal(a.Body)
		return data, "", err
	}
	return []byte(text), "", nil
}

// form writes a mapping, or a list of pairs, as the fields of a form. A list as
// a value is as many fields.
func form(v any) (string, error) {
	fields := url.Values{}
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			addField(fields, name, value)
		}
	case []any:
		for _, item := range v {
			pair, ok := item.([]any)
			if !ok || len(pair) != 2 {
				return "", fmt.Errorf("a form is a mapping or a list of pairs, not %v", item)
			}
			addField(fields, fmt.Sprint(pair[0]), pair[1])
		}
	default:
		return "", fmt.Errorf("a form is a mapping or a list of pairs, not %v", v)
	}
	return fields.Encode(), nil
}

func addField(fields url.Values, name string, value any) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			addField(fields, name, item)
		}
	case nil:
		fields.Add(name, "")
	case bool:
		fields.Add(name, map[bool]string{true: "True", false: "False"}[value])
	default:
		fields.Add(name, fmt.Sprint(value))
	}
}
