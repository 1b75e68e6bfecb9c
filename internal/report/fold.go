package report

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"strings"

	"fleet/internal/wire"
)

// maxFolded is how many bytes of a host's output, each stream, are folded.
const maxFolded = 16 << 20

// folder keeps each distinct output of hosts once: what a host has said is let go
// at its end where another one has said the same. The zero value is ready.
type folder struct {
	spool spool
	first map[string]*execHost // by digest: the one whose output is kept
}

// folding is what a host has said so far.
type folding struct {
	streams map[wire.Stream]*said
	digest  string // of all, at the end
}

// said is one stream's text, as much as is folded.
type said struct {
	text spooled
	sum  hash.Hash
}

// add takes a piece of a host's output.
func (f *folder) add(k *folding, s wire.Stream, data string) {
	t := k.streams[s]
	if t == nil {
		t = &said{sum: sha256.New()}
		if k.streams == nil {
			k.streams = map[wire.Stream]*said{}
		}
		k.streams[s] = t
	}
	data = data[:min(int64(len(data)), maxFolded-t.text.size)]
	t.sum.Write([]byte(data))
	f.spool.add(&t.text, data)
}

// end takes what a host has said for complete. Another end follows where it is
// found later that it was something else.
func (f *folder) end(h *execHost) {
	if f.first[h.kept.digest] == h {
		delete(f.first, h.kept.digest)
	}
	var sums []string
	for _, s := range []wire.Stream{wire.Stdout, wire.Stderr} {
		if t := h.kept.streams[s]; t != nil && t.text.size > 0 {
			sums = append(sums, fmt.Sprintf("%d %x", s, t.sum.Sum(nil)))
		}
	}
	h.kept.digest = strings.Join(append(sums, h.end), "\x00")
	if f.first == nil {
		f.first = map[string]*execHost{}
	}
	if f.first[h.kept.digest] == nil {
		f.first[h.kept.digest] = h
		return
	}
	for _, t := range h.kept.streams {
		f.spool.drop(&t.text)
	}
}

// folded prints each distinct output below the hosts that it came from.
func (x *Exec) folded() {
	var order []string
	hosts := map[string][]string{}
	for _, h := range x.order {
		if !h.ended {
			x.fold.end(h)
		}
		if hosts[h.kept.digest] == nil {
			order = append(order, h.kept.digest)
		}
		hosts[h.kept.digest] = append(hosts[h.kept.digest], h.name)
	}
	for _, digest := range order {
		title := Ranges(hosts[digest])
		if n := len(hosts[digest]); n > 1 {
			title += fmt.Sprintf(" (%d hosts)", n)
		}
		x.write(x.out, x.style.paint(bold, title)+"\n")
		x.foldedBody(x.fold.first[digest])
	}
}

func (x *Exec) foldedBody(h *execHost) {
	for _, s := range []wire.Stream{wire.Stdout, wire.Stderr} {
		c := noColor
		if s == wire.Stderr {
			c = red
		}
		if t := h.kept.streams[s]; t != nil {
			x.foldedText(c, x.fold.spool.reader(&t.text))
		}
	}
	x.foldedText(outcomeColor(h.outcome), strings.NewReader(strings.Join(lines(h.end), "\n")))
}

// foldedText prints a text's lines, but for the empty ones at its end.
func (x *Exec) foldedText(c color, text io.Reader) {
	r := bufio.NewReader(text)
	empty := 0
	for {
		line, err := r.ReadString('\n')
		if line = strings.TrimSuffix(line, "\n"); line != "" {
			for ; empty > 0; empty-- {
				x.write(x.out, "  "+x.style.paint(c, "")+"\n")
			}
			if x.options.Terminal {
				line = clean(line)
			}
			x.write(x.out, "  "+x.style.paint(c, line)+"\n")
		} else if err == nil {
			empty++
		}
		switch {
		case err == io.EOF:
			return
		case err != nil:
			x.fail(err)
			return
		}
	}
}
