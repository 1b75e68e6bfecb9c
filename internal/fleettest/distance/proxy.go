package distance

import (
	"io"
	"net"
	"sync"
	"time"
)

// Proxy takes TCP connections and passes them on over a link that they share.
// Its methods may be called concurrently.
type Proxy struct {
	link     Link
	to       string
	lanes    lanes
	listener net.Listener
	work     sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	conns    map[io.Closer]bool
	counters []*counter
}

// Listen starts a proxy on an address of this machine, "127.0.0.1:0" for any
// free port, to another.
func Listen(on, to string, l Link) (*Proxy, error) {
	listener, err := net.Listen("tcp", on)
	if err != nil {
		return nil, err
	}
	p := &Proxy{link: l, to: to, lanes: l.lanes(), listener: listener, conns: map[io.Closer]bool{}}
	p.work.Go(p.accept)
	return p, nil
}

// Addr returns the address, with the port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Port returns the port.
func (p *Proxy) Port() int { return p.listener.Addr().(*net.TCPAddr).Port }

// Count returns what went through the proxy so far. Opening a connection is a
// round trip, too.
func (p *Proxy) Count() Count {
	p.mu.Lock()
	defer p.mu.Unlock()
	var sum Count
	for _, c := range p.counters {
		one := c.count()
		sum.RoundTrips += one.RoundTrips + 1
		sum.Up += one.Up
		sum.Down += one.Down
	}
	return sum
}

// Close ends the proxy and its connections.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.mu.Lock()
	p.closed = true
	for c := range p.conns {
		c.Close()
	}
	p.mu.Unlock()
	p.work.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.work.Go(func() { p.connect(near) })
	}
}

// connect makes the connection as late as over a distance: the near side may
// speak after one round trip, and the far side hears of it half of one later.
func (p *Proxy) connect(near net.Conn) {
	defer near.Close()
	if !p.keep(near) {
		return
	}
	defer p.forget(near)
	opened := time.Now().Add(p.link.RTT)
	time.Sleep(time.Until(opened.Add(p.link.RTT / 2)))
	far, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer far.Close()
	if !p.keep(far) {
		return
	}
	defer p.forget(far)
	c := &counter{}
	p.mu.Lock()
	p.counters = append(p.counters, c)
	p.mu.Unlock()
	p.lanes.join(near, far, c, opened)
}

// keep notes a connection for Close. It reports whether there is still time.
func (p *Proxy) keep(c io.Closer) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[c] = true
	return !p.closed
}

func (p *Proxy) forget(c io.Closer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}
