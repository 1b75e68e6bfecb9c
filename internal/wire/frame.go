package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// Version is the version of the protocol. Both sides must have the same.
const Version = 2

// Limits of what one side takes from the other, in bytes.
const (
	MaxMessage = 64 << 20 // of a Call or a Result
	MaxNeed    = 8 << 20  // of a Need: half a million files with gaps between them
	MaxControl = 64 << 10 // of every other message, known or not
	MaxChunk   = 64 << 10 // of a piece of a file or of output
	Window     = 2 << 20  // of a stream, sent and not yet asked for more, unpacked
	// OutputWindow is Window for what a call's commands write, both streams together.
	// A thousand hosts that write at the same time are to fit into memory.
	OutputWindow = 96 << 10
	MaxNoise     = 256 << 10 // in front of the greeting
)

// MaxCalls bounds the calls that run or wait on one helper at the same time,
// MaxStreams the streams of one call.
const (
	MaxCalls   = 256
	MaxStreams = 16
)

// Kind says what a frame's payload is.
type Kind byte

// The kinds of frames. C is sent by the controller, T by the target.
const (
	KindCall   Kind = 1  // C: JSON of a Call
	KindCancel Kind = 2  // C: end the call, its Result still comes
	KindPing   Kind = 3  // C: answer with the same payload
	KindHello  Kind = 4  // T: JSON of a Hello, the first frame
	KindResult Kind = 5  // T: JSON of a Result, the last frame of its call
	KindPong   Kind = 6  // T: a Ping's payload
	KindOutput Kind = 7  // T: a piece of output; the stream is a Stream
	KindNeed   Kind = 8  // T: JSON of a Need; opens a stream with the bytes of files towards the target
	KindSend   Kind = 9  // T: opens a stream towards the controller
	KindData   Kind = 10 // both: bytes of a stream
	KindEnd    Kind = 11 // both: JSON of an End; the sender ends the stream, or the receiver refuses the rest
	KindCredit Kind = 12 // both: four bytes; the receiver of a stream, or of output for stream 0, takes so many bytes more
	KindReject Kind = 13 // both: one byte; the other side sent a frame of a kind that is not known
)

var kindNames = map[Kind]string{
	KindCall: "call", KindCancel: "cancel", KindPing: "ping", KindHello: "hello", KindResult: "result",
	KindPong: "pong", KindOutput: "output", KindNeed: "need", KindSend: "send", KindData: "data",
	KindEnd: "end", KindCredit: "credit", KindReject: "reject",
}

func (k Kind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return fmt.Sprintf("kind %d", byte(k))
}

// Known reports whether this version of the protocol has the kind.
func (k Kind) Known() bool { return kindNames[k] != "" }

// Limit returns how long the payload of such a frame may be.
func (k Kind) Limit() int {
	switch k {
	case KindCall, KindResult:
		return MaxMessage
	case KindNeed:
		return MaxNeed
	case KindData, KindOutput:
		return MaxChunk
	}
	return MaxControl
}

// Frame is one message on the wire: a header of 13 bytes (kind, call, stream and
// the payload's length, big-endian) and the payload. The length's highest bit
// says that the payload is packed.
type Frame struct {
	Kind    Kind
	Call    uint32 // 0 for what belongs to no call
	Stream  uint32 // 0 for what belongs to no stream
	Payload []byte
	// Packed says that the payload of a Data frame is packed, which its Inbox
	// unpacks. Large Call and Result frames are packed and unpacked on the way.
	Packed bool
}

const (
	headerSize = 13
	packedBit  = 1 << 31
	packFrom   = 32 << 10 // bytes of a Call or a Result: less takes no time that is felt
)

// Append appends the frame as it goes over the wire.
func (f Frame) Append(b []byte) ([]byte, error) {
	if len(f.Payload) > f.Kind.Limit() {
		return b, &LimitError{f.Kind, len(f.Payload)}
	}
	payload, packed := f.Payload, f.Packed
	if (f.Kind == KindCall || f.Kind == KindResult) && len(payload) >= packFrom {
		var k Packer
		if small, ok := k.Pack(payload); ok {
			payload, packed = small, true
		}
	}
	size := uint32(len(payload))
	if packed {
		size |= packedBit
	}
	b = slices.Grow(b, headerSize+len(payload))
	b = append(b, byte(f.Kind))
	b = binary.BigEndian.AppendUint32(b, f.Call)
	b = binary.BigEndian.AppendUint32(b, f.Stream)
	b = binary.BigEndian.AppendUint32(b, size)
	return append(b, payload...), nil
}

// LimitError is a frame that is longer than its kind may be.
type LimitError struct {
	Kind Kind
	Size int
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("a %s message has %d bytes, more than the limit of %d", e.Kind, e.Size, e.Kind.Limit())
}

// ReadFrame reads the next frame. It returns io.EOF only between two frames, and
// it allocates no more than has really arrived, unpacked (and 64 KiB).
func ReadFrame(r io.Reader) (Frame, error) {
	var h [headerSize]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return Frame{}, err
	}
	f := Frame{Kind: Kind(h[0]), Call: binary.BigEndian.Uint32(h[1:]), Stream: binary.BigEndian.Uint32(h[5:])}
	size := binary.BigEndian.Uint32(h[9:])
	f.Packed = size&packedBit != 0
	size &^= packedBit
	if int64(size) > int64(f.Kind.Limit()) {
		return f, &LimitError{f.Kind, int(size)}
	}
	payload, err := readPayload(r, int(size))
	f.Payload = payload
	if err != nil || !f.Packed || f.Kind == KindData {
		return f, err
	}
	if f.Kind != KindCall && f.Kind != KindResult {
		return f, fmt.Errorf("bad message: a %s message is never packed", f.Kind)
	}
	f.Packed = false
	f.Payload, err = new(unpacker).unpack(payload, f.Kind.Limit())
	return f, err
}

func readPayload(r io.Reader, size int) ([]byte, error) {
	if size <= MaxControl {
		p := make([]byte, size)
		_, err := io.ReadFull(r, p)
		return p, noEOF(err)
	}
	var b bytes.Buffer
	_, err := io.CopyN(&b, r, int64(size))
	return b.Bytes(), noEOF(err)
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
