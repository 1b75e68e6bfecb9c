package helper

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// packedForms returns how to open a helper that is embedded as zstd has packed
// it. The other form is made when the first host asks for it that has no zstd, and
// kept.
func packedForms(open func() (Packed, error)) map[Packer]func() (Packed, error) {
	return map[Packer]func() (Packed, error){
		Zstd: open,
		Gzip: inMemory(Gzip, sync.OnceValues(func() ([]byte, error) { return repack(open) })),
	}
}

// repackLevel packs as well as the standard library's gzip at its level 7, in two thirds of
// the time that its level 6 takes; the next one takes three times as long for half a percent.
const repackLevel = 8

func repack(open func() (Packed, error)) ([]byte, error) {
	packed, err := open()
	if err != nil {
		return nil, err
	}
	defer packed.Close()
	r, err := zstd.NewReader(packed)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, repackLevel)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(w, r); err != nil {
		return nil, fmt.Errorf("the helper in this fleet is damaged: %w", err)
	}
	err = w.Close() // writes the rest
	return b.Bytes(), err
}
