package wire

import (
	"context"
	"io"
	"time"
)

// SendStream sends what r has as Data frames, as the credit allows, until r or
// ctx ends. It sends no End. send must not keep the payload.
//
// What pack makes smaller is sent packed as long as the link is what is waited
// for: where the other side takes the bytes faster than they are packed, they go
// as they are. A nil pack is a Packer's.
func SendStream(ctx context.Context, r io.Reader, c *Credit, pack Pack, send func(payload []byte, packed bool) error) error {
	if pack == nil {
		pack = new(Packer).Pack
	}
	var g gauge
	buf := make([]byte, MaxChunk)
	for {
		n, rerr := io.ReadFull(r, buf)
		if n > 0 {
			payload, packed, began := buf[:n], false, time.Now()
			if g.pack() {
				if small, ok := pack(payload); ok {
					payload, packed = small, true
				}
			}
			worked := time.Now()
			if err := c.Take(ctx, n); err != nil {
				return err
			}
			if err := send(payload, packed); err != nil {
				return err
			}
			g.add(worked.Sub(began), time.Since(worked))
		}
		if rerr == io.EOF || rerr == io.ErrUnexpectedEOF {
			return nil
		}
		if rerr != nil {
			return rerr
		}
	}
}

// gauge decides whether packing is worth its time. It looks at as many pieces as
// a window has: only then does the sender feel how fast the other side takes them.
type gauge struct {
	working, waiting time.Duration
	seen             int // pieces that were packed since the last decision
	rest, nextRest   int // pieces to send as they are, now and the next time
}

const (
	gaugePieces = 2 * Window / MaxChunk
	maxRest     = 64 * gaugePieces
)

func (g *gauge) pack() bool { return g.rest == 0 }

func (g *gauge) add(working, waiting time.Duration) {
	if g.rest > 0 {
		g.rest--
		return
	}
	g.working += working
	g.waiting += waiting
	if g.seen++; g.seen < gaugePieces {
		return
	}
	if g.waiting < g.working/2 {
		g.nextRest = min(max(2*g.nextRest, gaugePieces), maxRest)
		g.rest = g.nextRest
	} else {
		g.nextRest = 0
	}
	g.working, g.waiting, g.seen = 0, 0, 0
}
