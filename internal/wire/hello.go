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

// Need asks for the bytes of one of a call's files, by its place in the list.
type Need struct {
	File int `json:"file"`
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
