package web

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"mime"
	"mime/multipart"
	"net/textproto"
	"path"
	"slices"

	"fleet/internal/tasks/sys"
)

// multipartForm writes a form that may hold files: a field is a text, or a mapping
// of content or filename, and mime_type. Files are the target's.
func (a *uriArgs) multipartForm(m *sys.Machine) (data []byte, kind string, err error) {
	fields, ok := a.Body.(map[string]any)
	if !ok {
		return nil, "", fmt.Errorf("a form with files is a mapping, not %v", a.Body)
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if err := a.addPart(m, w, name, fields[name]); err != nil {
			return nil, "", fmt.Errorf("field %q: %w", name, err)
		}
	}
	err = w.Close()
	return b.Bytes(), w.FormDataContentType(), err
}

func (a *uriArgs) addPart(m *sys.Machine, w *multipart.Writer, name string, value any) error {
	about, isMapping := value.(map[string]any)
	parameters, kind, content := map[string]string{"name": name}, "text/plain", []byte(fmt.Sprint(value))
	if isMapping {
		text := func(key string) string { s, _ := about[key].(string); return s }
		file := text("filename")
		kind = cmp.Or(text("mime_type"), mime.TypeByExtension(path.Ext(file)), "application/octet-stream")
		content = []byte(text("content"))
		if about["content"] == nil || len(content) == 0 {
			var err error
			if content, err = a.partFile(m, file); err != nil {
				return err
			}
		}
		if file != "" {
			parameters["filename"] = path.Base(file)
		}
	} else if _, isList := value.([]any); isList || value == nil {
		return fmt.Errorf("want a text or a mapping, not %v", value)
	}
	header := textproto.MIMEHeader{"Content-Type": {kind}, "Content-Disposition": {mime.FormatMediaType("form-data", parameters)}}
	part, err := w.CreatePart(header)
	if err != nil {
		return err
	}
	_, err = part.Write(content)
	return err
}

func (a *uriArgs) partFile(m *sys.Machine, file string) ([]byte, error) {
	switch {
	case file == "":
		return nil, errors.New("at least one of filename or content must be provided")
	case !a.RemoteSrc:
		return nil, fmt.Errorf("%q would have to come from the controller, which is not supported\nhint: content: \"{{ lookup('file', '%s') }}\" sends it, remote_src: true takes the target's", file, file)
	}
	return m.ReadFile(file)
}
