package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// MysqlUser has a user of MySQL or MariaDB, with their password and privileges,
// or removes one.
//
// Privileges that are not given are revoked, unless append_privs is true. Where
// priv is not given, they stay as they are.
//
// Example:
//
//	tasks:
//	  - mysql_user:
//	      name: shop
//	      password: "{{ shop_password }}"
//	      host: 10.0.0.%
//	      priv: shop.*:ALL
//	      login_unix_socket: /run/mysqld/mysqld.sock
var MysqlUser = sys.Define(spec.Module{
	Name:      "mysql_user",
	Names:     []string{"ansible.mysql.mysql_user", "community.mysql.mysql_user", "community.general.mysql_user"},
	Exclusive: [][]string{{"append_privs", "subtract_privs"}},
}, mysqlUser)

type mysqlUserArgs struct {
	adminArgs
	authArgs
	// The user's name.
	User string `arg:"user,required" alias:"name"`
	// The host that the user comes from, as the server knows it; % stands for any.
	Host string `arg:"host" default:"localhost"`
	// Changes or removes the user of all hosts; host is then not used.
	HostAll bool `arg:"host_all"`
	// Whether the user shall be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// What the user may do, as shop.*:SELECT,INSERT/other.*:ALL, or the same as a
	// mapping. GRANT among the privileges lets the user pass them on.
	Priv any `arg:"priv"`
	// Whether columns in priv that differ in upper and lower case alone are two.
	ColumnCaseSensitive bool `arg:"column_case_sensitive"`
	// Adds the privileges to those that the user has.
	AppendPrivs bool `arg:"append_privs"`
	// Takes the privileges from those that the user has.
	SubtractPrivs bool `arg:"subtract_privs"`
	// What a connection of the user needs: SSL, X509, or CIPHER, ISSUER and SUBJECT
	// with their values.
	TLSRequires map[string]any `arg:"tls_requires"`
	// Limits, as MAX_QUERIES_PER_HOUR, MAX_UPDATES_PER_HOUR,
	// MAX_CONNECTIONS_PER_HOUR, MAX_USER_CONNECTIONS, and on MariaDB
	// MAX_STATEMENT_TIME.
	ResourceLimits map[string]any `arg:"resource_limits"`
	// Whether the statements go into the binary log.
	SQLLogBin bool `arg:"sql_log_bin" default:"true"`
	// Works in the database mysql, which filters of a replication may need.
	ForceContext bool `arg:"force_context"`
	// Variables of the session that are set before.
	SessionVars map[string]any `arg:"session_vars"`
}

type mysqlUserResult struct {
	// The user's name.
	User string `json:"user"`
	// What was done.
	Msg string `json:"msg"`
	// Whether the password is another one now.
	PasswordChanged bool `json:"password_changed"`
}

// userTask is one call of mysql_user.
type userTask struct {
	*conn
	m        *sys.Machine
	args     *mysqlUserArgs
	want     privileges // nil: not asked for
	requires string
	result   mysqlUserResult
}

func mysqlUser(ctx context.Context, m *sys.Machine, a *mysqlUserArgs) (any, error) {
	db := ""
	if a.ForceContext {
		db = "mysql"
	}
	c, err := connectAdmin(ctx, m, &a.adminArgs, db)
	if err != nil {
		return nil, err
	}
	defer c.close()
	t := &userTask{conn: c, m: m, args: a, result: mysqlUserResult{User: a.User, Msg: "User unchanged"}}
	a.Host = strings.ToLower(a.Host)
	if t.requires, err = requirements(a.TLSRequires); err != nil {
		return nil, err
	}
	if err := t.prepare(); err != nil {
		return nil, err
	}
	hosts, err := t.hosts()
	if err != nil {
		return nil, err
	}
	switch {
	case a.State == "absent":
		err = t.drop(ctx, hosts)
	case len(hosts) == 0:
		err = t.create(ctx)
	default:
		for _, host := range hosts {
			if err = t.alter(ctx, host); err != nil {
				break
			}
		}
	}
	return &t.result, err
}

// prepare sets up the session and reads the privileges.
func (t *userTask) prepare() error {
	if !t.args.SQLLogBin {
		if _, err := t.send("SET SQL_LOG_BIN=0"); err != nil {
			return err
		}
	}
	for _, k := range sortedKeys(t.args.SessionVars) {
		if _, err := t.ask("SET SESSION "+name(k)+" = %s", t.args.SessionVars[k]); err != nil {
			return fmt.Errorf("argument \"session_vars\": %w", err)
		}
	}
	if t.args.Priv == nil {
		return nil
	}
	mode, err := t.send("SELECT @@GLOBAL.sql_mode")
	if err != nil {
		return err
	}
	text, _ := mode.first()
	t.want, err = parsePrivileges(t.args.Priv, strings.Contains(text, "ANSI"), t.args.ColumnCaseSensitive)
	if _, there := t.want["*.*"]; err == nil && !there && !t.args.SubtractPrivs {
		t.want["*.*"] = []string{"USAGE"}
	}
	return err
}

// hosts returns those of the user's hosts that are meant and there.
func (t *userTask) hosts() ([]string, error) {
	query, args := "SELECT Host FROM mysql.user WHERE User = %s AND Host = %s", []any{t.args.User, t.args.Host}
	if t.args.HostAll {
		query, args = "SELECT Host FROM mysql.user WHERE User = %s", args[:1]
	}
	found, err := t.ask(query, args...)
	if err != nil {
		return nil, err
	}
	return found.texts(0), nil
}

func (t *userTask) drop(ctx context.Context, hosts []string) error {
	t.result.Msg = "User doesn't exist"
	for _, host := range hosts {
		t.result.Msg = "User deleted"
		if err := t.change(ctx, "remove user "+t.account(host), "DROP USER %s@%s", t.args.User, host); err != nil {
			return err
		}
	}
	return nil
}

func (t *userTask) account(host string) string { return t.args.User + "@" + host }

// change runs one statement through the door.
func (t *userTask) change(ctx context.Context, what, statement string, args ...any) error {
	return t.m.Change(ctx, sys.Change{What: what, Do: func(context.Context) error {
		_, err := t.ask(statement, args...)
		return err
	}})
}

func (t *userTask) create(ctx context.Context) error {
	if t.args.HostAll {
		return errors.New("argument \"host_all\" is for users that are there; there is none of this name\nhint: leave host_all out, and set host")
	}
	statement, args, err := t.identified("CREATE USER")
	if err != nil {
		return err
	}
	if t.requires != "" {
		statement += " REQUIRE " + strings.ReplaceAll(t.requires, "%", "%%")
	}
	if err := t.change(ctx, "create user "+t.account(t.args.Host), statement, args...); err != nil {
		return err
	}
	t.result.Msg, t.result.PasswordChanged = "User added", t.args.UpdatePassword != "on_new_username"
	if !t.args.SubtractPrivs {
		if err := t.apply(ctx, t.args.Host, differ(privileges{"*.*": {"USAGE"}}, t.want, true, false, false)); err != nil {
			return err
		}
	}
	return t.limit(ctx, t.args.Host)
}

// alter brings an account that is there to what is asked.
func (t *userTask) alter(ctx context.Context, host string) error {
	if t.args.UpdatePassword == "always" {
		if err := t.authenticateUser(ctx, host); err != nil {
			return err
		}
	}
	if t.want != nil {
		lines, err := t.ask("SHOW GRANTS FOR %s@%s", t.args.User, host)
		if err != nil {
			return err
		}
		steps := differ(parseGrants(lines.texts(0), t.args.ColumnCaseSensitive), t.want, t.args.AppendPrivs, t.args.SubtractPrivs, t.args.User == "root")
		if err := t.apply(ctx, host, steps); err != nil {
			return err
		}
	}
	if err := t.require(ctx, host); err != nil {
		return err
	}
	return t.limit(ctx, host)
}

func (t *userTask) apply(ctx context.Context, host string, steps []step) error {
	for _, s := range steps {
		err := t.m.Change(ctx, sys.Change{What: s.what(t.account(host)), Do: func(context.Context) error {
			for _, statement := range s.statements() {
				if _, err := t.ask(statement, t.args.User, host); err != nil {
					return fmt.Errorf("privileges on %s: %w", s.object, err)
				}
			}
			return nil
		}})
		if err != nil {
			return err
		}
		if t.result.Msg != "User added" {
			t.result.Msg = "Privileges updated"
		}
	}
	return nil
}
