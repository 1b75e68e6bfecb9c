package source

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// ErrSyntax is in the chain of errors that say what is not valid YAML.
var ErrSyntax = errors.New("not valid YAML")

var yamlLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)
})

// syntaxError turns yaml.v3's message, which has a line at most, into an Error
// whose column is the first byte of that line that is not blank. A file of JSON
// gets JSON's own message.
func (d *document) syntaxError(data []byte, err error) error {
	if e := d.jsonError(data); e != nil {
		return e
	}
	pos := Pos{File: d.file}
	msg := strings.SplitN(err.Error(), "\n", 2)[0]
	if m := yamlLine().FindStringSubmatch(msg); m != nil {
		msg = m[2]
		pos.Line = 1 // yaml.v3 leaves the first line out
		if m[1] != "" {
			pos.Line, _ = strconv.Atoi(m[1])
		}
	}
	if e := d.unclosedError(msg); e != nil {
		return e
	}
	pos.Col = d.indent(pos.Line) + 1
	e := Errorf(pos, "%w: %s", ErrSyntax, msg)
	switch {
	case strings.Contains(msg, "cannot start any token"):
		e.Hint = "indent with spaces, not tabs; quote a value that starts with a special character such as { @ % or `"
	case strings.Contains(msg, "mapping values are not allowed"):
		e.Hint = "quote a value that contains \": \", and check the indentation of this line and the one above"
	case strings.Contains(msg, "did not find expected ',' or"):
		e.Hint = "a [ or { above is not closed, or a quote is missing"
	case strings.Contains(msg, "did not find expected key"), strings.Contains(msg, "did not find expected '-'"):
		e.Hint = "check the indentation and the quotes of this line and the one above; quote a value that starts with {{"
	}
	return e
}

// jsonError returns what is wrong in a file of JSON, or nil.
func (d *document) jsonError(data []byte) *Error {
	if filepath.Ext(d.file) != ".json" {
		return nil
	}
	var syntax *json.SyntaxError
	if !errors.As(json.Unmarshal(data, new(any)), &syntax) {
		return nil
	}
	pos := Pos{File: d.file, Line: 1, Col: 1}.At(string(data), int(syntax.Offset)-1)
	return &Error{Pos: pos, Msg: "not valid JSON: " + syntax.Error(), Err: ErrSyntax}
}
