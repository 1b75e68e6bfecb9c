package report

import (
	"strings"

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

// add takes a piece and returns the lines that are whole now, without their
// ends.
func (a *assembler) add(s wire.Stream, data []byte) []string {
	kept := a.of(s)
	text := *kept + string(data)
	var whole []string
	for {
		line, rest, ok := strings.Cut(text, "\n")
		if !ok && len(text) < maxPartial {
			*kept = text
			return whole
		}
		whole = append(whole, line)
		text = rest
	}
}

// rest returns the line that never ended, if there is one.
func (a *assembler) rest(s wire.Stream) (line string, ok bool) {
	kept := a.of(s)
	line, *kept = *kept, ""
	return line, line != ""
}
