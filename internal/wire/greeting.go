package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// greetingMark stands in front of every greeting. Its control characters keep
// login banners and an echoed command line from being taken for one.
const greetingMark = "\x00\x1efleet "

// maxGreeting bounds a greeting's text, in bytes.
const maxGreeting = 8 << 10

// Greeting is the line that comes first from a target: "hello" from a helper,
// whose frames follow, or another word from the script that starts it.
type Greeting struct {
	Word string
	Rest string
}

// GreetingHello is the word that a helper says. Its version follows.
const GreetingHello = "hello"

// Append appends the greeting as it goes over the wire.
func (g Greeting) Append(b []byte) []byte {
	return fmt.Appendf(b, "%s%s %s\n", greetingMark, g.Word, g.Rest)
}

// NoGreetingError says that something else than a greeting came.
type NoGreetingError struct {
	Noise []byte // what came, at most 4 KiB of its end
	Err   error  // io.EOF where the other side ended
}

func (e *NoGreetingError) Error() string {
	if e.Err == errTooMuchNoise {
		return e.Err.Error()
	}
	return fmt.Sprintf("the helper did not greet: %v", e.Err)
}

func (e *NoGreetingError) Unwrap() error { return e.Err }

var errTooMuchNoise = errors.New("more than 256 KiB came before the helper's greeting")

// ReadGreeting skips what a login prints until the greeting, and reads it. The
// error is a *NoGreetingError.
func ReadGreeting(r *bufio.Reader) (Greeting, error) {
	var noise []byte
	for seen := 0; seen <= MaxNoise; seen++ {
		c, err := r.ReadByte()
		if err != nil {
			return Greeting{}, &NoGreetingError{tail(noise), err}
		}
		noise = append(noise, c)
		if c == greetingMark[len(greetingMark)-1] && bytes.HasSuffix(noise, []byte(greetingMark)) {
			return readGreetingLine(r, noise)
		}
		if len(noise) >= 8<<10 {
			noise = append(noise[:0], noise[4<<10:]...)
		}
	}
	return Greeting{}, &NoGreetingError{tail(noise), errTooMuchNoise}
}

func readGreetingLine(r *bufio.Reader, noise []byte) (Greeting, error) {
	line := make([]byte, 0, 64)
	for len(line) <= maxGreeting {
		c, err := r.ReadByte()
		if err != nil {
			return Greeting{}, &NoGreetingError{tail(noise), err}
		}
		if c == '\n' {
			word, rest, _ := strings.Cut(string(line), " ")
			return Greeting{word, rest}, nil
		}
		line = append(line, c)
	}
	return Greeting{}, &NoGreetingError{tail(noise), io.ErrShortBuffer}
}

func tail(noise []byte) []byte { return noise[max(0, len(noise)-4<<10):] }
