package wire

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// A packed payload is four bytes, big-endian, with its size, and its bytes as
// RFC 1951 compresses them.
const packHead = 4

// Pack packs a payload, which it does not keep, or says that it is not worth it.
// What it returns is good until the next call at least.
type Pack func(p []byte) (packed []byte, ok bool)

// Packer packs payloads. The zero value is ready; it is not for concurrent use.
type Packer struct {
	w   *flate.Writer
	out bytes.Buffer
}

// Pack returns the payload packed, in memory that is good until the next call. ok
// is false where that would not make it smaller by a sixteenth, which is found
// out cheaply for what is compressed already.
func (k *Packer) Pack(p []byte) (packed []byte, ok bool) {
	if looksRandom(p) {
		return nil, false
	}
	k.out.Reset()
	k.out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(p))))
	if k.w == nil {
		k.w, _ = flate.NewWriter(&k.out, flate.BestSpeed) // the level is known
	} else {
		k.w.Reset(&k.out)
	}
	// Writing to memory does not fail.
	_, _ = k.w.Write(p)
	_ = k.w.Close()
	return k.out.Bytes(), k.out.Len() < len(p)-len(p)/16
}

// looksRandom reports whether a few thousand of the bytes are so evenly spread
// that they are compressed or encrypted already.
func looksRandom(p []byte) bool {
	const sample, enough = 4 << 10, 1 << 10
	if len(p) < enough {
		return false
	}
	var counts [256]int
	step, n := max(1, len(p)/sample), 0
	for i := 0; i < len(p); i += step {
		counts[p[i]]++
		n++
	}
	bits := 0.0
	for _, c := range counts {
		if c > 0 {
			share := float64(c) / float64(n)
			bits -= share * math.Log2(share)
		}
	}
	// So few random bytes seem to have a little less than eight bits each.
	return bits > 8-200/float64(n)
}

var errPacked = errors.New("bad message: it cannot be unpacked")

// packedSize returns the size of a packed payload, which limit bounds.
func packedSize(packed []byte, limit int) (int, error) {
	if len(packed) < packHead {
		return 0, errPacked
	}
	size := binary.BigEndian.Uint32(packed)
	if int64(size) > int64(limit) {
		return 0, fmt.Errorf("%w: %d bytes are more than %d", errPacked, size, limit)
	}
	return int(size), nil
}

// unpacker unpacks payloads. The zero value is ready.
type unpacker struct{ r io.ReadCloser }

// unpack returns a payload's bytes. It allocates no more than really come out,
// and no more than limit.
func (u *unpacker) unpack(packed []byte, limit int) ([]byte, error) {
	size, err := packedSize(packed, limit)
	if err != nil {
		return nil, err
	}
	src := bytes.NewReader(packed[packHead:])
	if u.r == nil {
		u.r = flate.NewReader(src)
	} else if err := u.r.(flate.Resetter).Reset(src, nil); err != nil {
		return nil, fmt.Errorf("%w: %w", errPacked, err)
	}
	var out bytes.Buffer
	out.Grow(min(size, MaxChunk))
	n, err := io.Copy(&out, io.LimitReader(u.r, int64(size)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errPacked, err)
	case n != int64(size) || src.Len() > 0:
		return nil, fmt.Errorf("%w: it has not the %d bytes that it announces", errPacked, size)
	}
	return out.Bytes(), nil
}
