package postgresql

import (
	"bufio"
	"bytes"
	"cmp"
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

// The numbers that stand in the place of a version, at the start.
const (
	protocol3  = 3 << 16
	requestTLS = 80877103
)

// maxAnswer bounds what the server says in answer to one statement, in bytes.
const maxAnswer = 64 << 20

// conn is a connection to a server, as "Frontend/Backend Protocol" of PostgreSQL's
// manual has it. It serves one statement at a time.
type conn struct {
	net.Conn
	r    *bufio.Reader
	read int // of the present answer
	stop func() bool
	// settings are what the server says of itself, as server_version.
	settings map[string]string
}

// serverError is what the server refuses something with.
type serverError struct{ code, text, detail, hint string }

func (e *serverError) Error() string {
	text := fmt.Sprintf("%s (SQLSTATE %s)", e.text, e.code)
	if e.detail != "" {
		text += ": " + e.detail
	}
	if e.hint != "" {
		text += "\nhint: " + strings.ReplaceAll(e.hint, "\n", " ")
	}
	return text
}

// refusedWith reports whether the server refused something with a SQLSTATE.
func refusedWith(err error, code string) bool {
	var said *serverError
	return errors.As(err, &said) && said.code == code
}

// dial logs in. A context that ends closes the connection.
func dial(ctx context.Context, l *login) (*conn, error) {
	nc, stop, err := database.Dial(ctx, l.network, l.address, l.timeout)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: nc, stop: stop, settings: map[string]string{}}
	if err := c.start(l); err != nil {
		c.close()
		return nil, err
	}
	_ = nc.SetDeadline(time.Time{}) // fails on a closed connection, which reading tells
	return c, nil
}

// close ends the connection.
func (c *conn) close() {
	_ = c.write('X', nil) // the server closes in any case
	c.stop()
	_ = c.Close()
}

func (c *conn) start(l *login) error {
	if l.tls != nil && l.network != "unix" {
		if err := c.encrypt(l); err != nil {
			return err
		}
	}
	c.r = bufio.NewReader(c.Conn)
	var b []byte
	for _, s := range []string{"user", l.user, "database", l.db, "client_encoding", "UTF8", "application_name", "fleet", "DateStyle", "ISO"} {
		b = append(append(b, s...), 0)
	}
	if err := c.send(protocol3, append(b, 0)); err != nil {
		return err
	}
	if err := c.authenticate(l); err != nil {
		return err
	}
	_, err := c.answers()
	return err
}

// send sends a message of before the login, which has a number in place of a kind.
func (c *conn) send(number uint32, payload []byte) error {
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(payload)))
	b = binary.BigEndian.AppendUint32(b, number)
	_, err := c.Write(append(b, payload...))
	return err
}

// encrypt asks for TLS. A server that has none goes on without, where that will do.
func (c *conn) encrypt(l *login) error {
	if err := c.send(requestTLS, nil); err != nil {
		return err
	}
	var answer [1]byte
	if _, err := io.ReadFull(c.Conn, answer[:]); err != nil {
		return err
	}
	switch {
	case answer[0] == 'S':
		t := tls.Client(c.Conn, l.tls)
		if err := t.Handshake(); err != nil {
			return err
		}
		c.Conn = t
	case answer[0] != 'N':
		return errors.New("what answers there is no PostgreSQL server")
	case l.mustTLS:
		return errors.New("the server has no encryption (TLS)")
	}
	return nil
}

func (c *conn) write(kind byte, payload []byte) error {
	b := binary.BigEndian.AppendUint32([]byte{kind}, uint32(4+len(payload)))
	_, err := c.Write(append(b, payload...))
	return err
}

// message reads one message. Settings are kept and notices dropped.
func (c *conn) message() (kind byte, payload []byte, err error) {
	for {
		var head [5]byte
		if _, err := io.ReadFull(c.r, head[:]); err != nil {
			return 0, nil, fmt.Errorf("the server closed the connection: %w", err)
		}
		size := int(binary.BigEndian.Uint32(head[1:])) - 4
		if c.read += size; size < 0 || c.read > maxAnswer {
			return 0, nil, fmt.Errorf("the server's answer is longer than %d MiB, or damaged", maxAnswer>>20)
		}
		payload := make([]byte, size)
		if _, err := io.ReadFull(c.r, payload); err != nil {
			return 0, nil, err
		}
		switch head[0] {
		case 'S':
			name, rest, _ := bytes.Cut(payload, []byte{0})
			c.settings[string(name)] = string(bytes.TrimRight(rest, "\x00"))
		case 'N', 'K', 'A': // notices, the key to cancel by, notifications
		default:
			return head[0], payload, nil
		}
	}
}

// refusal reads what an error's fields say.
func refusal(payload []byte) *serverError {
	e := &serverError{}
	for field := range bytes.SplitSeq(payload, []byte{0}) {
		if len(field) == 0 {
			continue
		}
		text := strings.ToValidUTF8(string(field[1:]), "?")
		switch field[0] {
		case 'C':
			e.code = text
		case 'M':
			e.text = text
		case 'D':
			e.detail = text
		case 'H':
			e.hint = text
		}
	}
	e.text = cmp.Or(e.text, "the server does not say why")
	return e
}
