package launch

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fleet/internal/fleettest/distance"
	"fleet/internal/helper"
	"fleet/internal/source"
	"fleet/internal/wire"
)

// window is how much sshd takes before it is read.
const window = 2 << 20

// host is a machine behind a link that has no helper. It takes one, and says
// hello where it is the right one.
type host struct {
	link distance.Link
	want string // the digest
	got  int64  // bytes of the helper
	work sync.WaitGroup
}

// hostProcess is the shell on the host.
type hostProcess struct {
	conn  net.Conn
	stdin io.WriteCloser
	ended chan struct{}
	once  sync.Once
}

func (p *hostProcess) Stdin() io.WriteCloser { return p.stdin }
func (p *hostProcess) Stdout() io.Reader     { return p.conn }
func (p *hostProcess) Stderr() io.Reader     { return strings.NewReader("") }
func (p *hostProcess) Wait() (int, error)    { <-p.ended; return 0, nil }
func (p *hostProcess) Kill()                 { p.once.Do(func() { p.conn.Close(); p.stdin.Close(); close(p.ended) }) }

func (h *host) Start(context.Context, string) (Process, error) {
	near, a := net.Pipe()
	b, far := net.Pipe()
	joined := h.link.Join(a, b)
	h.work.Go(joined.Wait)
	h.work.Go(func() { h.shell(far) })
	in := newBuffer(window)
	h.work.Go(func() { io.Copy(near, in) })
	return &hostProcess{conn: near, stdin: in, ended: make(chan struct{})}, nil
}

// shell does what the start script does.
func (h *host) shell(conn net.Conn) {
	defer conn.Close()
	conn.Write(wire.Greeting{Word: "need", Rest: platform(helper.Helper{OS: runtime.GOOS, Arch: runtime.GOARCH})}.Append(nil))
	r := bufio.NewReader(conn)
	var pieces, each, rest int64
	var packer string
	if _, err := fmt.Fscanln(r, &pieces, &each, &rest, &packer); err != nil || packer != "gzip" {
		return
	}
	h.got = pieces*each + rest
	packed, unpack := io.Pipe()
	h.work.Go(func() {
		for range pieces {
			io.CopyN(unpack, r, each)
			conn.Write(wire.Greeting{Word: "more"}.Append(nil))
		}
		io.CopyN(unpack, r, rest)
		unpack.Close()
	})
	z, err := gzip.NewReader(packed)
	if err != nil {
		return
	}
	sum := sha256.New()
	io.Copy(sum, z)
	if hex.EncodeToString(sum.Sum(nil)) != h.want {
		return
	}
	hello, _ := wire.Encode(wire.Hello{Version: wire.Version})
	said, _ := wire.Frame{Kind: wire.KindHello, Payload: hello}.Append(wire.Greeting{Word: wire.GreetingHello}.Append(nil))
	conn.Write(said)
	io.Copy(io.Discard, r)
}

// buffer takes bytes ahead of its reader, as a window does.
type buffer struct {
	data chan []byte
	done chan struct{}
	once sync.Once
	rest []byte
}

const bufferPiece = 32 << 10

func newBuffer(size int) *buffer {
	return &buffer{data: make(chan []byte, size/bufferPiece), done: make(chan struct{})}
}

func (b *buffer) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := min(len(rest), bufferPiece)
		select {
		case b.data <- bytes.Clone(rest[:n]):
		case <-b.done:
			return 0, io.ErrClosedPipe
		}
		rest = rest[n:]
	}
	return len(p), nil
}

func (b *buffer) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		select {
		case b.rest = <-b.data:
		case <-b.done:
			return 0, io.EOF
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *buffer) Close() error { b.once.Do(func() { close(b.done) }); return nil }

// The helper's size is the only cost of the first contact, and a slow link is
// waited for.
func TestPush(t *testing.T) {
	program := make([]byte, 3_500_000)
	rand.NewChaCha8([32]byte{}).Read(program)
	own := filepath.Join(t.TempDir(), "fleet")
	if err := os.WriteFile(own, program, 0o755); err != nil {
		t.Fatal(err)
	}
	digest := fmt.Sprintf("%x", sha256.Sum256(program))
	for name, link := range map[string]distance.Link{
		"20 Mbit/s":  {RTT: 26 * time.Millisecond, Rate: 20e6},
		"100 ms":     {RTT: 100 * time.Millisecond, Rate: 20e6},
		"1 Mbit/s":   {RTT: 100 * time.Millisecond, Rate: 1e6},
		"400 kbit/s": {RTT: 600 * time.Millisecond, Rate: 400e3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &host{link: link, want: digest}
				since := time.Now()
				s, err := Helper(t.Context(), h, &helper.Store{Own: own, OnlyOwn: true}, Become{}, Options{})
				if err != nil {
					t.Fatal(err)
				}
				took, want := time.Since(since), link.Time(h.got)+2*link.RTT
				if took > want+want/50 {
					t.Errorf("%d bytes took %s, and not %s", h.got, took, want)
				}
				s.Close()
				h.work.Wait()
			})
		})
	}
}

// stuck is a machine that asks for a helper and then reads nothing.
type stuck struct{ process *hostProcess }

func (s *stuck) Start(context.Context, string) (Process, error) {
	near, far := net.Pipe()
	s.process = &hostProcess{conn: near, stdin: near, ended: make(chan struct{})}
	go func() {
		far.Write(wire.Greeting{Word: "need", Rest: platform(helper.Helper{OS: runtime.GOOS, Arch: runtime.GOARCH})}.Append(nil))
		<-s.process.ended
	}()
	return s.process, nil
}

// A host that takes nothing of the helper is given up.
func TestPushStuck(t *testing.T) {
	own := filepath.Join(t.TempDir(), "fleet")
	if err := os.WriteFile(own, []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		_, err := Helper(t.Context(), &stuck{}, &helper.Store{Own: own, OnlyOwn: true}, Become{}, Options{})
		if err == nil || err.Error() != "the host did not take the helper within 2m0s" {
			t.Errorf("got %v", err)
		}
	})
}

func TestForPlatform(t *testing.T) {
	own := filepath.Join(t.TempDir(), "fleet")
	if err := os.WriteFile(own, []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	store := &helper.Store{Own: own, OnlyOwn: true}
	other := "aarch64"
	if runtime.GOARCH == "arm64" {
		other = "x86_64"
	}
	for machine, want := range map[string]struct{ err, hint string }{
		"Linux riscv64":  {`fleet has no helper for this machine: "Linux riscv64"`, "x86_64 or aarch64"},
		"Linux " + other: {"this fleet was built without a helper for linux/", `run "make build"`},
	} {
		_, err := ForPlatform(store, machine, false)
		if err == nil || !strings.Contains(err.Error(), want.err) || !strings.Contains(source.HintOf(err), want.hint) {
			t.Errorf("%s: %v\nhint: %s", machine, err, source.HintOf(err))
		}
	}
	if h, err := ForPlatform(store, platform(helper.Helper{OS: runtime.GOOS, Arch: runtime.GOARCH}), false); err != nil || h.Size != 7 {
		t.Errorf("this machine: %d bytes, %v", h.Size, err)
	}
}
