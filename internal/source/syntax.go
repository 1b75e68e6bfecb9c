package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
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
	if e := d.unreadable(data); e != nil {
		return e
	}
	for _, find := range []func() *Error{
		func() *Error { return d.specialError(msg, pos.Line) },
		func() *Error { return d.slipError(err) },
		func() *Error { return d.unclosedError(msg) },
	} {
		if e := find(); e != nil {
			return e
		}
	}
	pos.Col = d.indent(pos.Line) + 1
	e := Errorf(pos, "%w: %s", ErrSyntax, msg)
	switch {
	case strings.Contains(msg, "cannot start any token"), strings.Contains(msg, "tab character"):
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

// unreadable returns where the bytes are no text that YAML may hold, or nil. Text in
// UTF-16, which begins with its mark, is yaml.v3's own matter.
func (d *document) unreadable(data []byte) *Error {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		pos := Pos{File: d.file, Line: 1, Col: 1}
		switch {
		case r == utf8.RuneError && size == 1:
			return Errorf(pos.At(string(data), i), "%w: the byte %#02x is not UTF-8", ErrSyntax, data[i]).
				WithHint("save the file as text in UTF-8")
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r >= 0x7f && r < 0xa0 && r != 0x85, r == 0xfffe, r == 0xffff:
			return Errorf(pos.At(string(data), i), "%w: the control character %U is not allowed", ErrSyntax, r).
				WithHint("remove it, or write it in double quotes as %s", strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
		i += size
	}
	return nil
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
