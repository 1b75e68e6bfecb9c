package mysql

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"fleet/internal/tasks/database/databasetest"
)

// fakeServer speaks the server's side on a socket.
type fakeServer struct {
	t        *testing.T
	socket   string
	version  string
	password string
	plugin   string
	dialog   *databasetest.Dialog
}

func startFake(t *testing.T, version string, dialog *databasetest.Dialog) *fakeServer {
	t.Helper()
	s := &fakeServer{t: t, socket: filepath.Join(t.TempDir(), "s"), version: version, password: "right", plugin: "mysql_native_password", dialog: dialog}
	l, err := net.Listen("unix", s.socket)
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); serving.Wait() })
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { s.serve(c) })
		}
	})
	return s
}

const fakeSalt = "12345678abcdefghijkl"

func (s *fakeServer) serve(nc net.Conn) {
	defer nc.Close()
	c := &conn{Conn: nc, r: bufio.NewReader(nc)}
	b := append([]byte{10}, s.version...)
	b = append(b, 0, 1, 0, 0, 0)
	b = append(append(b, fakeSalt[:8]...), 0, 0xff, 0xf7, 45, 2, 0, 0xff, 0x81, 21)
	b = append(append(b, make([]byte, 10)...), fakeSalt[8:]...)
	b = append(append(append(b, 0), s.plugin...), 0)
	if c.write(b) != nil || !s.letIn(c) {
		return
	}
	for {
		p, err := c.packet()
		if err != nil || p[0] == 1 {
			return
		}
		s.answer(c, string(p[1:]))
	}
}

func (s *fakeServer) letIn(c *conn) bool {
	p, err := c.packet()
	if err != nil || len(p) < 32 {
		return false
	}
	user, rest, _ := bytes.Cut(p[32:], []byte{0})
	want, _ := c.respond(s.plugin, s.password, []byte(fakeSalt))
	if string(user) != "root" || len(rest) < 1+len(want) || !bytes.Equal(rest[1:1+rest[0]], want) {
		_ = c.write(append([]byte{0xff, 0x15, 0x04}, "#28000Access denied for user 'root'@'localhost'"...))
		return false
	}
	return c.write([]byte{0, 0, 0, 2, 0, 0, 0}) == nil
}

func (s *fakeServer) answer(c *conn, sql string) {
	e, ok := s.dialog.Next(sql)
	if !ok {
		_ = c.write(append([]byte{0xff, 1, 0}, "#HY000unexpected"...))
		return
	}
	var affected, warnings byte
	_, _ = fmt.Sscan(e.Done, &affected, &warnings) // either may be left out
	switch {
	case e.Code != "":
		code, err := strconv.Atoi(e.Code)
		if err != nil {
			s.t.Error(err)
		}
		_ = c.write(append(binary.LittleEndian.AppendUint16([]byte{0xff}, uint16(code)), "#HY000"+e.Text...))
	case e.Rows == nil:
		_ = c.write([]byte{0, affected, 0, 2, 0, warnings, 0})
	default:
		s.rows(c, e.Rows)
	}
}

func (s *fakeServer) rows(c *conn, rows [][]string) {
	text := func(b []byte, s string) []byte { return append(append(b, byte(len(s))), s...) }
	end := []byte{0xfe, 0, 0, 2, 0}
	_ = c.write([]byte{byte(len(rows[0]))})
	for _, n := range rows[0] {
		name, kind, _ := strings.Cut(n, ":")
		code := map[string]byte{"int": 3, "decimal": 246, "datetime": 12}[kind]
		if code == 0 {
			code = 253
		}
		b := text(text(text(text([]byte{3}, "def")[1:], ""), ""), "")
		b = text(text(b, name), name)
		b = append(b, 12, 45, 0, 0, 0, 0, 0, code, 0, 0, 0, 0, 0)
		_ = c.write(b)
	}
	_ = c.write(end)
	for _, row := range rows[1:] {
		var b []byte
		for _, field := range row {
			if field == "NULL" {
				b = append(b, 0xfb)
			} else {
				b = text(b, field)
			}
		}
		_ = c.write(b)
	}
	_ = c.write(end)
}
