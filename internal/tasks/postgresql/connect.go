// Package postgresql holds the modules for PostgreSQL. It runs on the target and
// speaks the server's own protocol: neither Python nor a client program is needed
// there. Passwords stand in no command and in no message.
package postgresql

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"fleet/internal/tasks/database"
	"fleet/internal/tasks/sys"
)

// loginArgs are the arguments by which every module of this package reaches the
// server.
type loginArgs struct {
	// The user to log in as. By the socket, servers usually let in whoever has this
	// name on the machine, too: become_user: postgres.
	LoginUser string `arg:"login_user" alias:"login" default:"postgres"`
	// Their password.
	LoginPassword string `arg:"login_password,secret"`
	// Where the server is. Without it, it is reached by its socket.
	LoginHost string `arg:"login_host" alias:"host"`
	// The folder of the server's socket, or the socket. Without it the usual places
	// are tried.
	LoginUnixSocket string `arg:"login_unix_socket" alias:"unix_socket" type:"path"`
	// The port of the server, which its socket is named after, too.
	Port int `arg:"port" alias:"login_port" default:"5432"`
	// Whether the connection is encrypted: with verify-ca the server's certificate
	// has to be signed by the authority of ca_cert, with verify-full it has to have
	// the server's name, too. A socket of the machine is never encrypted.
	SSLMode string `arg:"ssl_mode" choices:"allow,disable,prefer,require,verify-ca,verify-full" default:"prefer"`
	// The authority that signed the server's certificate. The server's certificate is
	// then verified in any mode but disable.
	CACert string `arg:"ca_cert" alias:"ssl_rootcert" type:"path"`
	// Our own certificate.
	SSLCert string `arg:"ssl_cert" type:"path"`
	// Our own private key.
	SSLKey string `arg:"ssl_key" type:"path"`
	// More of the connection: connect_timeout, in seconds, is the one that is known.
	ConnectParams map[string]any `arg:"connect_params"`
	// Becomes this role once the login is done.
	SessionRole string `arg:"session_role"`
	// Taken and not used: what stands in names is quoted in any case.
	TrustInput bool `arg:"trust_input" default:"true"`
}

// login is how to reach a server.
type login struct {
	user, password, db string
	network, address   string
	tls                *tls.Config
	mustTLS            bool
	timeout            time.Duration
}

// usualFolders are where servers put their socket.
var usualFolders = []string{"/var/run/postgresql", "/run/postgresql", "/tmp"}

// connect logs in to a database. The caller closes the connection.
func connect(ctx context.Context, m *sys.Machine, a *loginArgs, db string) (*conn, error) {
	l, err := a.login(m, db)
	if err != nil {
		return nil, err
	}
	c, err := dial(ctx, l)
	if err != nil {
		return nil, explain(l, err)
	}
	if a.SessionRole != "" {
		if _, err := c.ask("SET ROLE " + name(a.SessionRole)); err != nil {
			c.close()
			return nil, fmt.Errorf("argument \"session_role\": %w", err)
		}
	}
	return c, nil
}

func explain(l *login, err error) error {
	hint := "is the server installed and started? (login_host, port and login_unix_socket say where it is)"
	var said *serverError
	if errors.As(err, &said) {
		switch said.code {
		case "3D000":
			return fmt.Errorf("%w\nhint: postgresql_db makes it", err)
		case "28000", "28P01":
			hint = "login_user and login_password say who logs in; where the socket lets in a user of the machine only, become_user: " + l.user
		}
	}
	return fmt.Errorf("cannot log in to the server at %s as %q: %w\nhint: %s", l.address, l.user, err, hint)
}

func (a *loginArgs) login(m *sys.Machine, db string) (*login, error) {
	l := &login{user: a.LoginUser, password: a.LoginPassword, db: db, timeout: 30 * time.Second}
	for key, value := range a.ConnectParams {
		seconds, err := strconv.Atoi(fmt.Sprint(value))
		if key != "connect_timeout" || err != nil {
			return nil, fmt.Errorf("argument \"connect_params\": %q is not supported\nhint: connect_timeout is, as a number of seconds", key)
		}
		l.timeout = time.Duration(seconds) * time.Second
	}
	if strings.ContainsAny(l.user+l.db, "\x00") {
		return nil, errors.New("a name has a zero byte in it")
	}
	if local := a.LoginHost == "" || a.LoginHost == "localhost"; local && a.LoginUnixSocket != "" || a.LoginHost == "" {
		l.network, l.address = "unix", m.Path(a.socket(m))
		return l, nil
	}
	l.network, l.address = "tcp", net.JoinHostPort(a.LoginHost, strconv.Itoa(a.Port))
	return l, a.encryption(m, l)
}

func (a *loginArgs) socket(m *sys.Machine) string {
	file := ".s.PGSQL." + strconv.Itoa(a.Port)
	if a.LoginUnixSocket != "" {
		if info, err := os.Stat(m.Path(a.LoginUnixSocket)); err == nil && !info.IsDir() {
			return a.LoginUnixSocket
		}
		return filepath.Join(a.LoginUnixSocket, file)
	}
	for _, folder := range usualFolders {
		if _, err := os.Stat(m.Path(filepath.Join(folder, file))); err == nil {
			return filepath.Join(folder, file)
		}
	}
	return filepath.Join(usualFolders[0], file)
}

// encryption sets how the connection is encrypted.
func (a *loginArgs) encryption(m *sys.Machine, l *login) (err error) {
	if a.SSLMode == "disable" {
		return nil
	}
	if a.SSLMode == "verify-ca" && a.CACert == "" {
		return errors.New("argument \"ca_cert\" is needed with ssl_mode verify-ca")
	}
	l.mustTLS = a.SSLMode != "prefer" && a.SSLMode != "allow"
	e := database.Encryption{CA: a.CACert, Cert: a.SSLCert, Key: a.SSLKey, Named: a.SSLMode == "verify-full"}
	l.tls, err = e.Config(m, a.LoginHost)
	return err
}

// safe reports whether the connection is encrypted.
func (c *conn) safe() bool { _, ok := c.Conn.(*tls.Conn); return ok }
