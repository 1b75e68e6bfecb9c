package distance

import (
	"bytes"
	"crypto/rand"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// Bytes arrive half a round trip behind their time on the link, and whole.
func TestLink(t *testing.T) {
	for name, test := range map[string]struct {
		link Link
		size int64
		want time.Duration
	}{
		"delay":          {Link{RTT: 26 * time.Millisecond}, 5 << 20, 13 * time.Millisecond},
		"rate":           {Link{Rate: 20e6}, 5_000_000, 2 * time.Second},
		"delay and rate": {Link{RTT: 100 * time.Millisecond, Rate: 20e6}, 5_000_000, 2050 * time.Millisecond},
		"none":           {Link{}, 1 << 20, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far, j := pipes(test.link)
				since := time.Now()
				go func() {
					io.CopyN(near, zeros{}, test.size)
					near.Close()
				}()
				n, err := io.Copy(io.Discard, far)
				if took := time.Since(since); n != test.size || err != nil || took.Round(time.Millisecond) != test.want {
					t.Errorf("%d bytes in %s, %v", n, took, err)
				}
				far.Close()
				j.Wait()
				if c := j.Count(); c.Up != test.size || c.Down != 0 {
					t.Errorf("%+v", c)
				}
			})
		})
	}
}

// The sender is held up when the link is full, and not much before.
func TestLinkHoldsUpTheSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far, j := pipes(Link{RTT: 100 * time.Millisecond, Rate: 8e6})
		since := time.Now()
		go io.Copy(io.Discard, far)
		io.CopyN(near, zeros{}, 1_000_000)
		if took := time.Since(since); took < 850*time.Millisecond || took > 950*time.Millisecond {
			t.Errorf("1 MB at 1 MB/s was taken within %s", took)
		}
		near.Close()
		far.Close()
		j.Wait()
	})
}

// Round trips are counted by what waits for what.
func TestRoundTrips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far, j := pipes(Link{RTT: 10 * time.Millisecond})
		go func() {
			buf := make([]byte, 1)
			for {
				if _, err := far.Read(buf); err != nil {
					return
				}
				far.Write(buf)
			}
		}()
		buf := make([]byte, 1)
		since := time.Now()
		for range 5 {
			near.Write(buf)
			io.ReadFull(near, buf)
		}
		if c := j.Count(); c.RoundTrips != 5 || time.Since(since) != 50*time.Millisecond {
			t.Errorf("one after another: %+v in %s", c, time.Since(since))
		}
		go near.Write(make([]byte, 20))
		io.ReadFull(near, make([]byte, 20))
		if c := j.Count(); c.RoundTrips != 6 {
			t.Errorf("and twenty at once: %+v", c)
		}
		near.Close()
		far.Close()
		j.Wait()
	})
}

func TestProxy(t *testing.T) {
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	go func() {
		for {
			conn, err := echo.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(conn, conn)
				conn.(*net.TCPConn).CloseWrite()
			}()
		}
	}()
	p, err := Listen("127.0.0.1:0", echo.Addr().String(), Link{RTT: 2 * time.Millisecond, Rate: 1e9})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	sent := make([]byte, 3<<20)
	rand.Read(sent)
	for range 2 {
		conn, err := net.Dial("tcp", p.Addr())
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			conn.Write(sent)
			conn.(*net.TCPConn).CloseWrite()
		}()
		got, err := io.ReadAll(conn)
		if err != nil || !bytes.Equal(got, sent) {
			t.Errorf("%d bytes of %d, %v", len(got), len(sent), err)
		}
		conn.Close()
	}
	if c := p.Count(); c.Up != 6<<20 || c.Down != 6<<20 || c.RoundTrips < 4 {
		t.Errorf("%+v", c)
	}
}

func TestProxyCloses(t *testing.T) {
	p, err := Listen("127.0.0.1:0", "127.0.0.1:1", Link{RTT: 2 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("something answers where nobody listens")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// pipes returns the two ends of a link.
func pipes(l Link) (near, far net.Conn, j *Joined) {
	near, a := net.Pipe()
	b, far := net.Pipe()
	return near, far, l.Join(a, b)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
