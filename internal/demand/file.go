package demand

import (
	"os"

	"fleet/internal/jinja"
	"fleet/internal/source"
)

// maxTemplate bounds the size of a template file that is looked into, in bytes.
const maxTemplate = 1 << 20

// file takes in a template file.
func (r *run) file(path string) {
	type template string
	if !r.meets(template(path)) {
		return
	}
	r.files = true
	info, err := os.Stat(path)
	if err != nil || info.Size() > maxTemplate {
		r.anything()
		return
	}
	data, err := source.ReadFile(path)
	if err != nil {
		r.anything()
		return
	}
	r.template(jinja.Parse(string(data), source.Pos{File: path, Line: 1, Col: 1}, jinja.ForFile()))
}
