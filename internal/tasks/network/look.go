package network

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// maxSaid bounds what is read from a port while it is searched, in bytes.
const maxSaid = 1 << 20

func (w *wait) fileGone(context.Context, time.Time) (bool, error) {
	_, err := os.Stat(w.m.Path(w.path))
	return errors.Is(err, fs.ErrNotExist), nil
}

func (w *wait) fileThere(context.Context, time.Time) (bool, error) {
	if w.regex == nil {
		_, err := os.Stat(w.m.Path(w.path))
		return err == nil, nil
	}
	f, err := w.m.Open(w.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("search in %q: %w", w.Path, err)
	}
	defer f.Close()
	// The file may be a log of any size: it is read as a stream.
	at, err := w.regex.FindIn(f)
	if at == nil || err != nil {
		return false, err
	}
	w.found(groupsAt(f, at))
	return true, nil
}

// groupsAt reads the groups of a match from their places.
func groupsAt(f io.ReaderAt, at []int) []string {
	groups := make([]string, len(at)/2)
	for i := range groups {
		from, to := at[2*i], at[2*i+1]
		if from < 0 {
			continue
		}
		text := make([]byte, min(to-from, maxSaid))
		n, _ := f.ReadAt(text, int64(from))
		groups[i] = string(text[:n])
	}
	return groups
}

// connect dials once. A nil connection says that nobody answers.
func (w *wait) connect(ctx context.Context, end time.Time) (net.Conn, error) {
	limit := min(time.Duration(w.ConnectTimeout)*time.Second, max(time.Until(end), time.Second))
	dialer := net.Dialer{Timeout: limit}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(w.Host, strconv.Itoa(w.Port)))
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, nil // refused, unreachable or not resolvable yet: all may still come
	}
	return conn, nil
}

func (w *wait) portClosed(ctx context.Context, end time.Time) (bool, error) {
	conn, err := w.connect(ctx, end)
	if conn != nil {
		conn.Close()
	}
	return conn == nil && err == nil, err
}

func (w *wait) portOpen(ctx context.Context, end time.Time) (bool, error) {
	conn, err := w.connect(ctx, end)
	if conn == nil {
		return false, err
	}
	defer conn.Close()
	if w.regex == nil {
		return true, nil
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if err := conn.SetReadDeadline(end); err != nil {
		return false, err
	}
	there, err := w.listen(conn)
	if err == nil {
		err = ctx.Err()
	}
	return there, err
}

// listen reads until the expression matches or nothing comes any more.
func (w *wait) listen(conn io.Reader) (bool, error) {
	var said []byte
	piece := make([]byte, 4096)
	for len(said) < maxSaid {
		n, err := conn.Read(piece)
		said = append(said, piece[:n]...)
		at, ferr := w.regex.Find(string(said))
		if ferr != nil {
			return false, ferr
		}
		if at != nil {
			w.found(groupsAt(bytes.NewReader(said), at))
			return true, nil
		}
		if err != nil {
			return false, nil
		}
	}
	return false, nil
}

// tcpStates are the names of the states in the kernel's tables, by their number.
var tcpStates = []string{"", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE",
	"CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV"}

// drained reports whether the port has no active connection in the kernel's tables.
func (w *wait) drained(ctx context.Context, _ time.Time) (bool, error) {
	local, err := addresses(ctx, w.Host)
	if err != nil {
		return false, err
	}
	var excluded []net.IP
	for _, host := range w.ExcludeHosts {
		ips, err := addresses(ctx, host)
		if err != nil {
			return false, err
		}
		excluded = append(excluded, ips...)
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		data, err := w.m.ReadFile(table)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOENT) {
			continue
		}
		if err != nil {
			return false, err
		}
		for _, line := range strings.Split(string(data), "\n") {
			if c, ok := parseConnection(line); ok && w.active(c, local, excluded) {
				return false, nil
			}
		}
	}
	return true, nil
}

func addresses(ctx context.Context, host string) ([]net.IP, error) {
	found, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return nil, err
	}
	ips := make([]net.IP, len(found))
	for i, a := range found {
		ips[i] = a.IP
	}
	return ips, nil
}

// connection is a line of the kernel's tables.
type connection struct {
	local, remote net.IP
	port          int
	state         string
}

func (w *wait) active(c connection, local, excluded []net.IP) bool {
	equal := func(ips []net.IP, ip net.IP) bool { return slices.ContainsFunc(ips, ip.Equal) }
	if c.port != w.Port || !slices.Contains(w.ActiveConnectionStates, c.state) {
		return false
	}
	everywhere := slices.ContainsFunc(local, net.IP.IsUnspecified)
	return (everywhere || equal(local, c.local)) && !equal(excluded, c.remote)
}

// parseConnection reads "sl local_address rem_address st ...", where an address
// is made of the machine's own 32-bit words.
func parseConnection(line string) (connection, bool) {
	f := strings.Fields(line)
	if len(f) < 4 {
		return connection{}, false
	}
	local, port, ok := parseAddress(f[1])
	remote, _, rok := parseAddress(f[2])
	state, err := strconv.ParseUint(f[3], 16, 8)
	if !ok || !rok || err != nil || int(state) >= len(tcpStates) {
		return connection{}, false
	}
	return connection{local, remote, port, tcpStates[state]}, true
}

func parseAddress(s string) (net.IP, int, bool) {
	address, portText, _ := strings.Cut(s, ":")
	ip, err := hex.DecodeString(address)
	port, perr := strconv.ParseUint(portText, 16, 16)
	if err != nil || perr != nil || len(ip)%4 != 0 || len(ip) == 0 {
		return nil, 0, false
	}
	for i := 0; i < len(ip); i += 4 {
		ip[i], ip[i+1], ip[i+2], ip[i+3] = ip[i+3], ip[i+2], ip[i+1], ip[i]
	}
	return net.IP(ip), int(port), true
}
