package mysql

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"fleet/internal/tasks/database"
)

// What client and server can do, by the bits of the protocol.
const (
	canLongPassword = 1 << 0
	canLongFlag     = 1 << 2
	canConnectDB    = 1 << 3
	canProtocol41   = 1 << 9
	canTLS          = 1 << 11
	canTransactions = 1 << 13
	canSecure       = 1 << 15
	canMultiResults = 1 << 17
	canPluginAuth   = 1 << 19
)

// charset is utf8mb4_general_ci.
const charset = 45

// maxPacket is the longest payload of one packet.
const maxPacket = 1<<24 - 1

// maxAnswer bounds what the server says in answer to one statement, in bytes.
const maxAnswer = 64 << 20

// noBackslash is the server's state in which a backslash escapes nothing.
const noBackslash = 0x200

// conn is a connection to a server. It serves one statement at a time.
type conn struct {
	net.Conn
	r       *bufio.Reader
	seq     byte
	version string // as "10.11.6-MariaDB-0+deb12u1"
	status  uint16
	read    int // of the present answer
	safe    bool
	stop    func() bool
}

// serverError is what the server refuses something with.
type serverError struct {
	code uint16
	text string
}

func (e *serverError) Error() string { return fmt.Sprintf("%s (error %d)", e.text, e.code) }

// dial logs in. A context that ends closes the connection.
func dial(ctx context.Context, l *login) (*conn, error) {
	nc, stop, err := database.Dial(ctx, l.network, l.address, l.timeout)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: nc, r: bufio.NewReader(nc), safe: l.network == "unix", stop: stop}
	if err := c.handshake(l); err != nil {
		c.close()
		return nil, err
	}
	_ = nc.SetDeadline(time.Time{}) // fails on a closed connection, which reading tells
	return c, nil
}

// close ends the connection.
func (c *conn) close() {
	c.seq = 0
	_ = c.write([]byte{1}) // the server closes in any case
	c.stop()
	_ = c.Close()
}

// greeting is what the server says first.
type greeting struct {
	capabilities uint32
	salt         []byte
	plugin       string
}

func (c *conn) greet() (*greeting, error) {
	p, err := c.packet()
	if err != nil {
		return nil, err
	}
	b := &reader{b: p}
	if v := b.byte(); v != 10 {
		return nil, fmt.Errorf("it speaks version %d of the protocol, not 10", v)
	}
	c.version = string(b.zero())
	b.take(4)
	g := &greeting{salt: append([]byte{}, b.take(8)...)}
	b.take(1)
	g.capabilities = uint32(b.uint16())
	b.take(1)
	c.status = b.uint16()
	g.capabilities |= uint32(b.uint16()) << 16
	size := int(b.byte())
	b.take(10)
	g.salt = append(g.salt, bytes.TrimRight(b.take(max(13, size-8)), "\x00")...)
	g.plugin = string(b.zero())
	if b.bad {
		return nil, errors.New("what answers there is no MySQL server")
	}
	return g, nil
}

func (c *conn) handshake(l *login) error {
	g, err := c.greet()
	if err != nil {
		return err
	}
	flags := uint32(canLongPassword | canLongFlag | canProtocol41 | canTransactions | canSecure | canMultiResults | canPluginAuth)
	if l.db != "" {
		flags |= canConnectDB
	}
	if l.tls != nil {
		if g.capabilities&canTLS == 0 {
			return errors.New("the server has no encryption (TLS)")
		}
		if err := c.encrypt(l, flags|canTLS); err != nil {
			return err
		}
		flags |= canTLS
	}
	if g.plugin == "" {
		g.plugin = "mysql_native_password"
	}
	answer, err := c.respond(g.plugin, l.password, g.salt)
	if err != nil {
		answer, g.plugin = nil, "mysql_native_password"
	}
	b := hello(flags)
	b = append(append(b, l.user...), 0)
	b = append(append(b, byte(len(answer))), answer...)
	if l.db != "" {
		b = append(append(b, l.db...), 0)
	}
	b = append(append(b, g.plugin...), 0)
	if err := c.write(b); err != nil {
		return err
	}
	return c.authenticate(g.plugin, l.password, g.salt)
}

func hello(flags uint32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, flags)
	b = binary.LittleEndian.AppendUint32(b, maxPacket)
	return append(append(b, charset), make([]byte, 23)...)
}

func (c *conn) encrypt(l *login, flags uint32) error {
	if err := c.write(hello(flags)); err != nil {
		return err
	}
	t := tls.Client(c.Conn, l.tls)
	if err := t.Handshake(); err != nil {
		return err
	}
	c.Conn, c.r, c.safe = t, bufio.NewReader(t), true
	return nil
}

// packet reads one packet, however many parts it comes in. A refusal is an error.
func (c *conn) packet() ([]byte, error) {
	var out []byte
	for {
		var head [4]byte
		if _, err := io.ReadFull(c.r, head[:]); err != nil {
			return nil, fmt.Errorf("the server closed the connection: %w", err)
		}
		size := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
		c.seq = head[3] + 1
		if c.read += size; c.read > maxAnswer {
			return nil, fmt.Errorf("the server's answer is longer than %d MiB", maxAnswer>>20)
		}
		part := make([]byte, size)
		if _, err := io.ReadFull(c.r, part); err != nil {
			return nil, err
		}
		out = append(out, part...)
		if size < maxPacket {
			break
		}
	}
	if len(out) == 0 {
		return nil, errors.New("the server sent an empty packet")
	}
	if out[0] == 0xff {
		return nil, refusal(out)
	}
	return out, nil
}

func refusal(p []byte) error {
	b := &reader{b: p[1:]}
	e := &serverError{code: b.uint16()}
	if len(b.b) > 0 && b.b[0] == '#' {
		b.take(6)
	}
	e.text = strings.ToValidUTF8(string(b.b), "?")
	return e
}

func (c *conn) write(payload []byte) error {
	for {
		part := payload[:min(len(payload), maxPacket)]
		payload = payload[len(part):]
		head := []byte{byte(len(part)), byte(len(part) >> 8), byte(len(part) >> 16), c.seq}
		c.seq++
		if _, err := c.Write(append(head, part...)); err != nil {
			return err
		}
		if len(part) < maxPacket {
			return nil
		}
	}
}

// reader takes a packet apart. bad is set where it ends too soon.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad = true
		r.b = nil
		return make([]byte, min(max(n, 0), 64))
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) byte() byte     { return r.take(1)[0] }
func (r *reader) uint16() uint16 { return binary.LittleEndian.Uint16(r.take(2)) }

// zero takes a text that ends with a zero, or with the packet.
func (r *reader) zero() []byte {
	text, rest, _ := bytes.Cut(r.b, []byte{0})
	r.b = rest
	return text
}

// number takes a number of one to nine bytes; null is the one of a value that
// is not there.
func (r *reader) number() (n uint64, null bool) {
	switch first := r.byte(); first {
	case 0xfb:
		return 0, true
	case 0xfc:
		return uint64(r.uint16()), false
	case 0xfd:
		b := r.take(3)
		return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16, false
	case 0xfe:
		return binary.LittleEndian.Uint64(r.take(8)), false
	default:
		return uint64(first), false
	}
}

// text takes a text behind its length.
func (r *reader) text() (s []byte, null bool) {
	n, null := r.number()
	if null || n > uint64(len(r.b)) {
		r.bad = r.bad || !null
		return nil, null
	}
	return r.take(int(n)), false
}
