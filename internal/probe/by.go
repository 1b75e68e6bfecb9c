package probe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// maxName bounds the name of who answered, in bytes.
const maxName = 120

// By says what of an answer tells who gave it. The zero value is the first line
// of its body.
type By struct {
	what  string // "", "status", "header" or "json"
	which string // the header's or field's name
}

// ParseBy reads "body", "status", "header:NAME" or "json:FIELD", where the field
// of a field has a dot ("json:node.name", "json:nodes.0").
func ParseBy(text string) (By, error) {
	what, which, named := strings.Cut(text, ":")
	switch {
	case text == "" || text == "body":
		return By{}, nil
	case text == "status":
		return By{what: what}, nil
	case (what == "header" || what == "json") && which != "":
		return By{what, which}, nil
	case (what == "header" || what == "json") && named:
		return By{}, fmt.Errorf("%q does not say which %s", text, map[string]string{"header": "header", "json": "field"}[what])
	}
	return By{}, fmt.Errorf("%q: want body, status, header:NAME or json:FIELD", text)
}

// name returns who answered. An error says why that is not known.
func (b By) name(resp *http.Response, body []byte) (string, error) {
	name := ""
	switch b.what {
	case "status":
		name = strconv.Itoa(resp.StatusCode)
	case "header":
		if name = strings.Join(resp.Header.Values(b.which), ", "); name == "" {
			return "", fmt.Errorf("the answer has no header %q", b.which)
		}
	case "json":
		var err error
		if name, err = field(body, b.which); err != nil {
			return "", err
		}
	default:
		line, _, _ := bytes.Cut(bytes.TrimSpace(body), []byte("\n"))
		if name = string(bytes.TrimSpace(line)); name == "" {
			name = "(empty)"
		}
	}
	return bounded(name, maxName), nil
}

// field returns a value inside of a JSON document, as text.
func field(body []byte, path string) (string, error) {
	var v any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return "", errors.New("the answer is not JSON")
	}
	for key := range strings.SplitSeq(path, ".") {
		next, ok := child(v, key)
		if !ok {
			return "", fmt.Errorf("the answer has no field %q", path)
		}
		v = next
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case nil:
		return "", fmt.Errorf("the answer's field %q is null", path)
	}
	text, err := json.Marshal(v)
	return string(text), err
}

func child(v any, key string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		next, ok := v[key]
		return next, ok
	case []any:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(v) {
			return v[i], true
		}
	}
	return nil, false
}
