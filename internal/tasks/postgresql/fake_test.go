package postgresql

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"fleet/internal/tasks/database/databasetest"
)

// fakeServer speaks the server's side on a socket.
type fakeServer struct {
	t      *testing.T
	folder string // of the socket
	asks   string // how it lets in: trust, md5, password or scram-sha-256
	dialog *databasetest.Dialog
}

func startFake(t *testing.T, asks string, dialog *databasetest.Dialog) *fakeServer {
	t.Helper()
	s := &fakeServer{t: t, folder: t.TempDir(), asks: asks, dialog: dialog}
	l, err := net.Listen("unix", filepath.Join(s.folder, ".s.PGSQL.5432"))
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

func (s *fakeServer) serve(nc net.Conn) {
	defer nc.Close()
	c := &conn{Conn: nc, r: bufio.NewReader(nc), settings: map[string]string{}}
	var head [8]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return
	}
	hello := make([]byte, binary.BigEndian.Uint32(head[:4])-8)
	if _, err := io.ReadFull(c.r, hello); err != nil || !bytes.HasPrefix(hello, []byte("user\x00postgres\x00")) {
		return
	}
	if !s.letIn(c) {
		_ = c.write('E', []byte("SFATAL\x00C28P01\x00Mpassword authentication failed for user \"postgres\"\x00\x00"))
		return
	}
	_ = c.write('R', []byte{0, 0, 0, 0})
	_ = c.write('S', []byte("server_version\x0015.4\x00"))
	_ = c.write('Z', []byte{'I'})
	for {
		kind, p, err := c.message()
		if err != nil || kind == 'X' {
			return
		}
		s.answer(c, strings.TrimRight(string(p), "\x00"))
		_ = c.write('Z', []byte{'I'})
	}
}

func (s *fakeServer) letIn(c *conn) bool {
	answer := func(asked uint32, with string) string {
		_ = c.write('R', append(binary.BigEndian.AppendUint32(nil, asked), with...))
		_, p, err := c.message()
		if err != nil {
			return ""
		}
		return strings.TrimRight(string(p), "\x00")
	}
	switch s.asks {
	case "password":
		return answer(authCleartext, "") == "right"
	case "md5":
		return answer(authMD5, "salt") == "md5"+md5Hex([]byte(md5Hex([]byte("rightpostgres"))), []byte("salt"))
	case "scram-sha-256", "liar":
		return s.scram(c, answer)
	}
	return true
}

// scram is the server's side, as RFC 5802 has it.
func (s *fakeServer) scram(c *conn, answer func(uint32, string) string) bool {
	keys, err := deriveKeys("right", []byte("pepper"), 4096)
	if err != nil {
		return false
	}
	_, first, _ := strings.Cut(answer(authSASL, scramName+"\x00\x00"), "n,,")
	challenge := "r=" + scramFields(first)["r"] + "more,s=" + base64.StdEncoding.EncodeToString([]byte("pepper")) + ",i=4096"
	last := answer(authContinue, challenge)
	bare, proof, _ := strings.Cut(last, ",p=")
	message := first + "," + challenge + "," + bare
	want := sign(keys.stored, message)
	for i := range want {
		want[i] ^= keys.client[i]
	}
	if proof != base64.StdEncoding.EncodeToString(want) {
		return false
	}
	signature := sign(keys.server, message)
	if s.asks == "liar" {
		signature[0]++
	}
	return c.write('R', append(binary.BigEndian.AppendUint32(nil, authFinal), "v="+base64.StdEncoding.EncodeToString(signature)...)) == nil
}

func (s *fakeServer) answer(c *conn, sql string) {
	e, ok := s.dialog.Next(sql)
	switch {
	case !ok:
		_ = c.write('E', []byte("SERROR\x00CXX000\x00Munexpected\x00\x00"))
		return
	case e.Code != "":
		_ = c.write('E', []byte("SERROR\x00C"+e.Code+"\x00M"+e.Text+"\x00\x00"))
		return
	}
	if e.Rows != nil {
		s.rows(c, e.Rows)
		if e.Done == "" {
			e.Done = "SELECT " + string(rune('0'+len(e.Rows)-1))
		}
	}
	_ = c.write('C', append([]byte(e.Done), 0))
}

func (s *fakeServer) rows(c *conn, rows [][]string) {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(rows[0])))
	for _, n := range rows[0] {
		name, kind, _ := strings.Cut(n, ":")
		code := map[string]uint32{"int": 23, "bool": 16, "json": 3802, "timestamptz": 1184, "numeric": 1700}[kind]
		b = append(append(b, name...), 0)
		b = append(binary.BigEndian.AppendUint32(append(b, make([]byte, 6)...), max(code, 1)), make([]byte, 8)...)
	}
	_ = c.write('T', b)
	for _, row := range rows[1:] {
		b := binary.BigEndian.AppendUint16(nil, uint16(len(row)))
		for _, field := range row {
			if field == "NULL" {
				b = binary.BigEndian.AppendUint32(b, 0xffffffff)
				continue
			}
			b = append(binary.BigEndian.AppendUint32(b, uint32(len(field))), field...)
		}
		_ = c.write('D', b)
	}
}
