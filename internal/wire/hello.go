package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// Hello is what a helper says first.
type Hello struct {
	Version int    `json:"version"` // of the protocol
	OS      string `json:"os"`      // as GOOS
	Arch    string `json:"arch"`    // as GOARCH
	User    string `json:"user"`
	UID     int    `json:"uid"`
	PID     int    `json:"pid"`
}

// Need asks for the bytes of some of a call's files, one behind the other in one
// stream. Nothing stands between them: their sizes are known.
type Need struct {
	Files []Span `json:"files"`
}

// Span is a number of files that stand one behind the other in a call's list: the
// place of the first, and how many. Folders and links among them have no bytes.
type Span [2]int

// Spans returns the places, which ascend, as spans.
func Spans(places []int) []Span {
	var spans []Span
	for _, p := range places {
		if n := len(spans); n > 0 && spans[n-1][0]+spans[n-1][1] == p {
			spans[n-1][1]++
			continue
		}
		spans = append(spans, Span{p, 1})
	}
	return spans
}

// Choose returns the files that are asked for, in order, and fails for those that
// are not in the list or not in order.
func (n Need) Choose(files []File) ([]File, error) {
	var chosen []File
	next := 0
	for _, s := range n.Files {
		if s[0] < next || s[1] < 1 || s[0] > len(files) || s[1] > len(files)-s[0] {
			return nil, fmt.Errorf("bad message: files %d to %d of %d are asked for", s[0], s[0]+s[1]-1, len(files))
		}
		next = s[0] + s[1]
		chosen = append(chosen, files[s[0]:next]...)
	}
	return chosen, nil
}

// End ends a stream. Error says why, where it is not the regular end.
type End struct {
	Error string `json:"error,omitempty"`
}

// Encode returns a message as a frame's payload.
func Encode(message any) ([]byte, error) { return json.Marshal(message) }

// Decode reads a frame's payload into the message that dst points to. It refuses
// unknown fields and anything behind the message.
func Decode(payload []byte, dst any) error {
	dec := json.NewDecoder(bytes.NewReader(payload))
	dec.DisallowUnknownFields()
	if err := dec.Decode(dst); err != nil {
		return fmt.Errorf("bad message: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("bad message: something follows it")
	}
	return nil
}

// The text around the data of a result that has nothing else.
const (
	dataBegin = `{"data":`
	dataEnd   = `}`
)

// DecodeResult is Decode of a Result. The data may be much, and most results have
// nothing else: they are not looked into, so that whoever reads them finds what is
// wrong with them.
func DecodeResult(payload []byte) (Result, error) {
	if inner, ok := bytes.CutPrefix(payload, []byte(dataBegin)); ok {
		if data, ok := bytes.CutSuffix(inner, []byte(dataEnd)); ok {
			return Result{Data: data}, nil
		}
	}
	var r Result
	return r, Decode(payload, &r)
}

// EncodeCredit returns the payload of a Credit frame.
func EncodeCredit(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

// DecodeCredit reads the payload of a Credit frame.
func DecodeCredit(payload []byte) (int, error) {
	if len(payload) != 4 {
		return 0, fmt.Errorf("bad message: a credit has %d bytes, not 4", len(payload))
	}
	n := binary.BigEndian.Uint32(payload)
	if n == 0 || n > Window {
		return 0, fmt.Errorf("bad message: a credit of %d bytes", n)
	}
	return int(n), nil
}
