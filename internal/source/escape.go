package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strconv"
	"sync"

	"gopkg.in/yaml.v3"
)

// decode returns the documents of a text.
func decode(data []byte) ([]*yaml.Node, error) {
	var docs []*yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, err
		}
		if len(doc.Content) > 0 {
			docs = append(docs, doc.Content[0])
		}
	}
}

// maxEscapes is how many lines with an escaped slash are mended.
const maxEscapes = 1000

// decodeSlashes is decode for texts that may hold "\/", which YAML has for a slash
// in double quotes and yaml.v3 does not know. The same escape stands in plain and
// in single-quoted text for itself: only what yaml.v3 stops at is replaced.
func decodeSlashes(data []byte) ([]*yaml.Node, error) {
	docs, err := decode(data)
	if !isEscapeError(err) {
		return docs, err
	}
	if json.Valid(data) { // every backslash is in a string
		return decode(slash().ReplaceAll(data, []byte(`${1}\x2f`)))
	}
	lines := bytes.Split(data, []byte("\n"))
	for range maxEscapes {
		if !mendLine(lines, escapeLine(err)) {
			return nil, err
		}
		if docs, err = decode(bytes.Join(lines, []byte("\n"))); !isEscapeError(err) {
			return docs, err
		}
	}
	return nil, err
}

// slash finds a slash behind an odd number of backslashes.
var slash = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`((?:^|[^\\])(?:\\\\)*)\\/`) })

var escapeProblem = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^yaml: (?:line (\d+): )?found unknown escape character`)
})

func isEscapeError(err error) bool {
	return err != nil && escapeProblem().MatchString(err.Error())
}

// escapeLine returns the line, from 0, of an escape that yaml.v3 does not know.
func escapeLine(err error) int {
	n, _ := strconv.Atoi(escapeProblem().FindStringSubmatch(err.Error())[1])
	return max(n-1, 0)
}

// mendLine replaces the escaped slashes in a line that yaml.v3 stops at: all, and
// then back again those that it does not mind. It reports whether it could.
func mendLine(lines [][]byte, n int) bool {
	if n >= len(lines) {
		return false
	}
	stops := func() bool {
		_, err := decode(bytes.Join(lines, []byte("\n")))
		return isEscapeError(err) && escapeLine(err) == n
	}
	old := lines[n]
	at := slashes(old)
	mended := make([]bool, len(at))
	for i := range mended {
		mended[i] = true
	}
	if lines[n] = replaceSlashes(old, at, mended); len(at) == 0 || stops() {
		lines[n] = old
		return false
	}
	for i := range mended {
		mended[i] = false
		if lines[n] = replaceSlashes(old, at, mended); stops() {
			mended[i] = true
		}
	}
	lines[n] = replaceSlashes(old, at, mended)
	return true
}

// slashes returns the places of the backslashes in front of slashes.
func slashes(line []byte) []int {
	var at []int
	for i := 0; i+1 < len(line); i++ {
		if line[i] != '\\' {
			continue
		}
		if line[i+1] == '/' {
			at = append(at, i)
		}
		i++
	}
	return at
}

// replaceSlashes writes those that are mended as YAML's escape by number.
func replaceSlashes(line []byte, at []int, mended []bool) []byte {
	var out []byte
	from := 0
	for i, p := range at {
		if mended[i] {
			out = append(append(out, line[from:p]...), `\x2f`...)
			from = p + len(`\/`)
		}
	}
	return append(out, line[from:]...)
}
