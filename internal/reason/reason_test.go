package reason

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"fleet/internal/reason/web"
)

func dial(err error) error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 80}, Err: err}
}

func call(name string, err error) error { return &os.SyscallError{Syscall: name, Err: err} }

// What stands here is in fleet's own words, and whoever it is wrapped by.
func TestText(t *testing.T) {
	dir := t.TempDir()
	_, noSocket := net.Dial("unix", filepath.Join(dir, "s"))
	_, noPort := net.Dial("tcp", "127.0.0.1:1")
	_, noFile := os.Open(filepath.Join(dir, "f"))
	_, noNumber := strconv.Atoi("12a")
	_, noInt8 := strconv.ParseInt("300", 10, 8)
	noFolder := &exec.Cmd{Path: "/bin/true", Args: []string{"true"}, Dir: filepath.Join(dir, "w")}
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.New("no package \"x\""), `no package "x"`},
		{fmt.Errorf("GET http://x/: %w", noPort), "GET http://x/: connection to 127.0.0.1:1 refused\nhint: is the service started, and does it listen on this address and port? (ss -ltn)"},
		{fmt.Errorf("%w\nhint: start it", noPort), "connection to 127.0.0.1:1 refused\nhint: start it"},
		{dial(call("connect", syscall.ETIMEDOUT)), "no answer from 10.0.0.7:80\nhint: is the machine on, and does a firewall drop what is sent to this port?"},
		{dial(os.ErrDeadlineExceeded), "no answer from 10.0.0.7:80\nhint: is the machine on, and does a firewall drop what is sent to this port?"},
		{dial(call("connect", syscall.EHOSTUNREACH)), "no route to 10.0.0.7:80\nhint: see the machine's routes (ip route) and the firewalls on the way"},
		{dial(call("connect", syscall.EADDRNOTAVAIL)), "no connection to 10.0.0.7:80: cannot assign requested address"},
		{&net.OpError{Op: "read", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 80}, Err: call("read", syscall.ECONNRESET)}, "10.0.0.7:80 broke the connection off"},
		{&net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}, "no answer from the other side in time"},
		{dial(&net.DNSError{Err: "no such host", Name: "nowhere.test", IsNotFound: true}), "the name \"nowhere.test\" has no address\nhint: see its spelling, and /etc/hosts and /etc/resolv.conf of the machine that asks"},
		{&net.DNSError{Err: "server misbehaving", Name: "a.test", Server: "10.0.0.1:53"}, "the name server did not say the address of \"a.test\"\nhint: see /etc/resolv.conf of the machine that asks"},
		{noSocket, "there is no socket " + dir + "/s\nhint: is the service that makes it started?"},
		{&net.OpError{Op: "dial", Net: "unix", Addr: &net.UnixAddr{Name: "/run/x"}, Err: call("connect", syscall.EACCES)}, "socket /run/x: permission denied"},
		{noFile, `open "` + dir + `/f": no such file or directory`},
		{fmt.Errorf("argument %q: %w", "src", noFile), `argument "src": open "` + dir + `/f": no such file or directory`},
		{fmt.Errorf("read %q: %w", dir+"/f", noFile), `read "` + dir + `/f": no such file or directory`},
		{&fs.PathError{Op: "unlinkat", Path: "/a", Err: syscall.EBUSY}, `remove "/a": device or resource busy`},
		{&os.LinkError{Op: "renameat", Old: "/a", New: "/b", Err: syscall.EXDEV}, `rename "/a" to "/b": invalid cross-device link`},
		{exec.Command("no-such-program").Run(), "no program \"no-such-program\" on this machine\nhint: install it, or set PATH by environment"},
		{exec.Command(filepath.Join(dir, "p")).Run(), "the program \"" + dir + "/p\" cannot be run: no such file or directory"},
		{&fs.PathError{Op: "fork/exec", Path: "/p", Err: syscall.ENOEXEC}, "the program \"/p\" cannot be run on this machine\nhint: is it built for this system and processor, and does a script begin with #!?"},
		{noFolder.Run(), `there is no folder "` + dir + `/w" to run it in`},
		{fmt.Errorf("it ended: %w", context.DeadlineExceeded), "it ended: timed out"},
		{errors.Join(errors.New("first"), io.ErrUnexpectedEOF), "first\nit ends too early, a part of it is missing"},
		{noNumber, `"12a" is no number`},
		{noInt8, `"300" is too large`},
		{x509.UnknownAuthorityError{}, "the server's certificate is signed by an authority that this machine does not trust\nhint: add the authority's certificate to those of the machine (update-ca-certificates, update-ca-trust)"},
		{x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"a.test"}}, Host: "b.test"}, "the server's certificate is not for b.test but for a.test"},
		{x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: x509.Expired, Detail: "now is after 2020"}, "the server's certificate is not valid now: now is after 2020\nhint: renew it, or set the machine's clock"},
	} {
		if got := Text(c.err, web.Say); got != c.want {
			t.Errorf("%v\ngot  %s\nwant %s", c.err, got, c.want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("open ", "/x: ")
	f.Fuzz(func(t *testing.T, before, path string) {
		got := Text(fmt.Errorf("%s%w", before, &fs.PathError{Op: "open", Path: path, Err: syscall.ENOENT}), nil)
		if !strings.HasSuffix(got, "no such file or directory") {
			t.Errorf("got %q", got)
		}
	})
}
