package source

import (
	"bytes"
	"errors"
)

// MaxOutput bounds what is kept of a program that the operator's files name, in
// bytes.
const MaxOutput = 64 << 20

// HeldHint is the next step where what a program started holds the program's output.
const HeldHint = "what is to go on behind it needs an output of its own: >/dev/null 2>&1 &"

// Output keeps what a program prints, up to MaxOutput; more is an error, which ends
// the program. It embeds no buffer: io.Copy would use the buffer's ReadFrom, which
// has no bound. The zero value is empty.
type Output struct {
	kept bytes.Buffer
	over bool
}

// Write implements io.Writer.
func (o *Output) Write(p []byte) (int, error) {
	if o.over = o.over || o.kept.Len()+len(p) > MaxOutput; o.over {
		return 0, errors.New("too much output")
	}
	return o.kept.Write(p)
}

// Over reports whether there was more than is kept.
func (o *Output) Over() bool { return o.over }

// Bytes returns what is kept; it is the Output's own.
func (o *Output) Bytes() []byte { return o.kept.Bytes() }

// String returns what is kept.
func (o *Output) String() string { return o.kept.String() }
