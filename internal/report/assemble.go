package report

import (
	"bytes"

	"fleet/internal/wire"
)

// maxPartial is how many bytes of a line are kept until it is passed on without
// its end.
const maxPartial = 64 << 10

// assembler makes whole lines of the pieces of one host's output, so that no
// line is torn and no secret hides between two pieces.
type assembler struct {
	stdout, stderr string // whose end has not come
}

func (a *assembler) of(s wire.Stream) *string {
	if s == wire.Stderr {
		return &a.stderr
	}
	return &a.stdout
}

// add takes a piece and returns the lines that are whole now, each with its end.
func (a *assembler) add(s wire.Stream, data []byte) string {
	kept := a.of(s)
	end := bytes.LastIndexByte(data, '\n') + 1
	open := string(data[end:])
	if end == 0 {
		open = *kept + open
		*kept = ""
	}
	whole := *kept + string(data[:end])
	if *kept = open; len(open) >= maxPartial {
		whole, *kept = whole+open+"\n", ""
	}
	return whole
}

// rest returns the line that never ended, if there is one.
func (a *assembler) rest(s wire.Stream) (line string, ok bool) {
	kept := a.of(s)
	line, *kept = *kept, ""
	return line, line != ""
}
