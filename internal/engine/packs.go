package engine

import (
	"bytes"
	"hash/maphash"
	"runtime"
	"sync"

	"fleet/internal/wire"
)

// maxPacked bounds the packed pieces that are kept for other hosts, in bytes.
const maxPacked = 32 << 20

// packs packs pieces of files for all hosts: a piece that goes to many is packed
// once, and no more are packed at a time than there are processors, because a
// packer has more than a megabyte of its own. The zero value is ready; pack may
// be called concurrently.
//
// A piece is known by its size and a 64-bit hash. Were two ever taken for each
// other, the target would refuse the file for its digest.
type packs struct {
	start sync.Once
	seed  maphash.Seed
	free  chan *wire.Packer

	mu    sync.Mutex
	known map[pieceKey][]byte // nil for what does not shrink
	order []pieceKey          // the oldest first
	size  int
}

type pieceKey struct {
	hash uint64
	size int
}

// pack implements wire.Answers.Pack.
func (p *packs) pack(piece []byte) ([]byte, bool) {
	p.start.Do(func() {
		n := runtime.GOMAXPROCS(0)
		p.seed, p.known, p.free = maphash.MakeSeed(), map[pieceKey][]byte{}, make(chan *wire.Packer, n)
		for range n {
			p.free <- &wire.Packer{}
		}
	})
	key := pieceKey{maphash.Bytes(p.seed, piece), len(piece)}
	p.mu.Lock()
	packed, known := p.known[key]
	p.mu.Unlock()
	if known {
		return packed, packed != nil
	}
	k := <-p.free
	if small, ok := k.Pack(piece); ok {
		packed = bytes.Clone(small)
	}
	p.free <- k
	p.keep(key, packed)
	return packed, packed != nil
}

func (p *packs) keep(key pieceKey, packed []byte) {
	const entry = 64 // what an entry costs besides its bytes, about
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.known[key]; known {
		return
	}
	p.known[key] = packed
	p.order = append(p.order, key)
	p.size += len(packed) + entry
	for p.size > maxPacked {
		p.size -= len(p.known[p.order[0]]) + entry
		delete(p.known, p.order[0])
		p.order = p.order[1:]
	}
}
