// Package mysql holds the modules for MySQL and MariaDB. It runs on the target
// and speaks the server's own protocol: neither Python nor a client program is
// needed there, but for dumps. Passwords stand in no command and in no message.
package mysql

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"fleet/internal/tasks/database"
	"fleet/internal/tasks/sys"
)

// loginArgs are the arguments by which every module of this package reaches the
// server.
type loginArgs struct {
	// The user to log in as. Without it the file of config_file says it, and else
	// it is the target's user.
	LoginUser string `arg:"login_user"`
	// Their password.
	LoginPassword string `arg:"login_password,secret"`
	// Where the server is.
	LoginHost string `arg:"login_host" default:"localhost"`
	// The port of the server.
	LoginPort int `arg:"login_port" default:"3306"`
	// The server's socket, in place of host and port. Without it, the usual places
	// are tried where localhost does not let us in.
	LoginUnixSocket string `arg:"login_unix_socket" type:"path"`
	// How many seconds the server has to let us in.
	ConnectTimeout int `arg:"connect_timeout" default:"30"`
	// A file of MySQL's options, whose section [client] says user, password, host,
	// port and socket where the arguments don't.
	ConfigFile string `arg:"config_file" type:"path" default:"~/.my.cnf"`
	// The authority that signed the server's certificate. With one of these four
	// the connection is encrypted.
	CACert string `arg:"ca_cert" alias:"ssl_ca" type:"path"`
	// Our own certificate.
	ClientCert string `arg:"client_cert" alias:"ssl_cert" type:"path"`
	// Our own private key.
	ClientKey string `arg:"client_key" alias:"ssl_key" type:"path"`
	// Whether the server's certificate has to have its name.
	CheckHostname *bool `arg:"check_hostname"`
}

// loginDBArgs are those of the modules that work in one database.
type loginDBArgs struct {
	loginArgs
	// The database to work in.
	LoginDB string `arg:"login_db"`
}

// adminArgs are those of the modules for whoever sets a server up.
type adminArgs struct {
	loginArgs
	// Tries root without a password before the given login.
	CheckImplicitAdmin bool `arg:"check_implicit_admin"`
}

// login is how to reach a server.
type login struct {
	user, password, db string
	network, address   string
	tls                *tls.Config
	timeout            time.Duration
}

// usualSockets are where servers listen on the machine itself.
var usualSockets = []string{"/run/mysqld/mysqld.sock", "/var/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/tmp/mysql.sock"}

// connect logs in. The caller closes the connection.
func connect(ctx context.Context, m *sys.Machine, a *loginArgs, db string) (*conn, error) {
	l, err := a.login(m, db)
	if err != nil {
		return nil, err
	}
	c, err := dial(ctx, l)
	if err == nil || l.network != "tcp" || a.LoginHost != "localhost" {
		return c, explain(l, err)
	}
	for _, socket := range usualSockets {
		if _, serr := os.Stat(m.Path(socket)); serr != nil {
			continue
		}
		other := *l
		other.network, other.address, other.tls = "unix", m.Path(socket), nil
		if c, serr := dial(ctx, &other); serr == nil {
			return c, nil
		}
		break
	}
	return nil, explain(l, err)
}

// connectAdmin is connect for modules that first try root without a password.
func connectAdmin(ctx context.Context, m *sys.Machine, a *adminArgs, db string) (*conn, error) {
	if a.CheckImplicitAdmin {
		root := a.loginArgs
		root.LoginUser, root.LoginPassword, root.ConfigFile = "root", "", ""
		if c, err := connect(ctx, m, &root, db); err == nil {
			return c, nil
		}
	}
	return connect(ctx, m, &a.loginArgs, db)
}

func explain(l *login, err error) error {
	if err == nil {
		return nil
	}
	hint := "is the server installed and started? (login_host, login_port and login_unix_socket say where it is)"
	var said *serverError
	if errors.As(err, &said) {
		hint = "login_user and login_password, or a file for config_file, say who logs in; root of the machine often gets in by login_unix_socket"
	}
	return fmt.Errorf("cannot log in to the server at %s as %q: %w\nhint: %s", l.address, l.user, err, hint)
}

func (a *loginArgs) login(m *sys.Machine, db string) (*login, error) {
	options, err := clientOptions(m, a.ConfigFile)
	if err != nil {
		return nil, err
	}
	l := &login{user: a.LoginUser, password: a.LoginPassword, db: db, network: "tcp", timeout: time.Duration(a.ConnectTimeout) * time.Second}
	if l.user == "" {
		l.user = options["user"]
	}
	if l.password == "" {
		l.password = options["password"]
	}
	if l.user == "" {
		if u, err := m.LookupUID(os.Geteuid()); err == nil {
			l.user = u.Name
		} else if u, err := user.Current(); err == nil {
			l.user = u.Username
		}
	}
	host, port, socket := a.LoginHost, a.LoginPort, a.LoginUnixSocket
	if host == "localhost" && options["host"] != "" {
		host = options["host"]
	}
	if n, err := strconv.Atoi(options["port"]); err == nil && port == 3306 {
		port = n
	}
	if socket == "" && host == "localhost" {
		socket = options["socket"]
	}
	l.address = net.JoinHostPort(host, strconv.Itoa(port))
	if socket != "" {
		l.network, l.address = "unix", m.Path(socket)
		return l, nil
	}
	l.tls, err = a.encryption(m, host)
	return l, err
}

// encryption returns how the connection is encrypted; nil is not at all.
func (a *loginArgs) encryption(m *sys.Machine, host string) (*tls.Config, error) {
	if a.CACert == "" && a.ClientCert == "" && a.ClientKey == "" && a.CheckHostname == nil {
		return nil, nil
	}
	named := a.CheckHostname != nil && *a.CheckHostname || a.CheckHostname == nil && a.CACert != ""
	return database.Encryption{CA: a.CACert, Cert: a.ClientCert, Key: a.ClientKey, Named: named}.Config(m, host)
}

// clientOptions reads the section [client] of a file of MySQL's options. A file
// that is not there says nothing.
func clientOptions(m *sys.Machine, path string) (map[string]string, error) {
	options := map[string]string{}
	path, err := m.Expand(path)
	if err != nil || path == "" {
		return options, err
	}
	f, err := m.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return options, nil
	}
	if err != nil {
		return nil, fmt.Errorf("argument \"config_file\": %w", err)
	}
	defer f.Close()
	lines, section := bufio.NewScanner(f), ""
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[]")
		}
		name, value, found := strings.Cut(line, "=")
		if section != "client" || !found || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		options[strings.ReplaceAll(strings.TrimSpace(name), "_", "-")] = unquote(strings.TrimSpace(value))
	}
	return options, lines.Err()
}

func unquote(s string) string {
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}
