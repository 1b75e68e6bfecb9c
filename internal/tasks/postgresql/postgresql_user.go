package postgresql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/nearest"
	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// PostgresqlUser has a user (role) of PostgreSQL, with their password and
// attributes, or removes one. Privileges are granted by postgresql_privs.
//
// The server never gets the password itself, but what it keeps of it.
//
// Example:
//
//	tasks:
//	  - postgresql_user:
//	      name: shop
//	      password: "{{ shop_password }}"
//	      role_attr_flags: CREATEDB,NOSUPERUSER
//	    become: true
//	    become_user: postgres
var PostgresqlUser = sys.Define(spec.Module{
	Name:  "postgresql_user",
	Names: []string{"community.postgresql.postgresql_user", "community.general.postgresql_user"},
}, postgresqlUser)

type postgresqlUserArgs struct {
	loginArgs
	// The user's name.
	User string `arg:"user,required" alias:"name"`
	// Whether the user shall be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// Their password, or what PostgreSQL keeps of one (SCRAM-SHA-256$… or md5…).
	// Empty takes it away.
	Password *string `arg:"password,secret"`
	// Leaves the password of a user who is there.
	NoPasswordChanges bool `arg:"no_password_changes"`
	// Attributes, behind commas: SUPERUSER, CREATEROLE, CREATEDB, INHERIT, LOGIN,
	// REPLICATION, BYPASSRLS, each with NO in front for the opposite.
	RoleAttrFlags []string `arg:"role_attr_flags"`
	// Until when the password is valid, as 2030-01-31 or infinity.
	Expires string `arg:"expires"`
	// How many connections the user may have; -1 is no limit.
	ConnLimit *int `arg:"conn_limit"`
	// A comment on the user.
	Comment *string `arg:"comment"`
	// The database to work from.
	DB string `arg:"db" alias:"login_db" default:"postgres"`
	// Whether it is a failure that a user who owns something cannot be removed.
	FailOnUser bool `arg:"fail_on_user" alias:"fail_on_role" default:"true"`
	// Taken for the sake of older servers: PostgreSQL keeps no password unencrypted.
	Encrypted bool `arg:"encrypted" default:"true"`
}

type postgresqlUserResult struct {
	// The user's name.
	User string `json:"user"`
	// What was done in SQL; passwords are left out.
	Queries []string `json:"queries"`
	// With state absent, whether there was one.
	UserRemoved *bool `json:"user_removed,omitempty"`
	// What should be known and is no failure.
	Warnings []string `json:"warnings,omitempty"`
}

// userTask is one call of postgresql_user.
type userTask struct {
	*conn
	m      *sys.Machine
	args   *postgresqlUserArgs
	secret string // how the password stands in a statement
	result postgresqlUserResult
}

// attributes are the attributes of a role by their columns in pg_roles.
var attributes = map[string]string{
	"SUPERUSER": "rolsuper", "CREATEROLE": "rolcreaterole", "CREATEDB": "rolcreatedb", "INHERIT": "rolinherit",
	"LOGIN": "rolcanlogin", "REPLICATION": "rolreplication", "BYPASSRLS": "rolbypassrls",
}

func postgresqlUser(ctx context.Context, m *sys.Machine, a *postgresqlUserArgs) (any, error) {
	if !a.Encrypted {
		return nil, errors.New("argument \"encrypted\": PostgreSQL keeps no password unencrypted (since 10)")
	}
	if err := a.checkFlags(); err != nil {
		return nil, err
	}
	c, err := connect(ctx, m, &a.loginArgs, a.DB)
	if err != nil {
		return nil, err
	}
	defer c.close()
	t := &userTask{c, m, a, "", postgresqlUserResult{User: a.User, Queries: []string{}}}
	now, err := t.ask("SELECT r.*, shobj_description(r.oid, 'pg_authid') AS comment FROM pg_roles r WHERE r.rolname = %s", a.User)
	if err != nil {
		return nil, err
	}
	there := len(now.rows) > 0
	switch {
	case a.State == "absent":
		err = t.drop(ctx, there)
	case there:
		err = t.alter(ctx, now.row())
	default:
		err = t.create(ctx)
	}
	return &t.result, err
}

// checkFlags looks whether the attributes are known, and writes them in capitals.
func (a *postgresqlUserArgs) checkFlags() error {
	for i, flag := range a.RoleAttrFlags {
		flag = strings.ToUpper(strings.TrimSpace(flag))
		if a.RoleAttrFlags[i] = flag; attributes[flag] != "" || attributes[strings.TrimPrefix(flag, "NO")] != "" {
			continue
		}
		var all []string
		for name := range attributes {
			all = append(all, name, "NO"+name)
		}
		slices.Sort(all)
		err := fmt.Errorf("argument \"role_attr_flags\": there is no attribute %q", flag)
		if hint := nearest.DidYouMean(flag, all); hint != "" {
			err = fmt.Errorf("%w\nhint: %s", err, hint)
		}
		return err
	}
	return nil
}

func (t *userTask) create(ctx context.Context) error {
	parts := append([]string{}, t.args.RoleAttrFlags...)
	if !slices.Contains(parts, "NOLOGIN") && !slices.Contains(parts, "LOGIN") {
		parts = append([]string{"LOGIN"}, parts...)
	}
	if t.args.Password != nil && *t.args.Password != "" {
		clause, err := t.password()
		if err != nil {
			return err
		}
		parts = append(parts, clause)
	}
	parts = append(parts, t.limits(nil)...)
	if err := t.change(ctx, "create user "+t.args.User, "CREATE ROLE "+name(t.args.User)+" WITH "+strings.Join(parts, " ")); err != nil {
		return err
	}
	return t.comment(ctx, "")
}

// alter brings a user who is there to what is asked.
func (t *userTask) alter(ctx context.Context, now map[string]string) error {
	var parts, what []string
	for _, flag := range t.args.RoleAttrFlags {
		column, on := attributes[flag]
		if !on {
			column = attributes[strings.TrimPrefix(flag, "NO")]
		}
		if (now[column] == "t") != on {
			parts, what = append(parts, flag), append(what, flag)
		}
	}
	differs, err := t.passwordDiffers()
	if err != nil {
		return err
	}
	if differs {
		clause, err := t.password()
		if err != nil {
			return err
		}
		parts, what = append(parts, clause), append(what, "the password")
	}
	if t.args.Expires != "" {
		same, err := t.ask("SELECT rolvaliduntil IS NOT DISTINCT FROM %s::timestamptz FROM pg_roles WHERE rolname = %s", t.args.Expires, t.args.User)
		if err != nil {
			return fmt.Errorf("argument \"expires\": %w", err)
		}
		if yes, _ := same.first(); yes == "t" {
			now["expires"] = t.args.Expires
		}
	}
	for _, limit := range t.limits(now) {
		parts, what = append(parts, limit), append(what, strings.ToLower(limit))
	}
	if len(parts) > 0 {
		err := t.change(ctx, "change "+strings.Join(what, ", ")+" of user "+t.args.User, "ALTER ROLE "+name(t.args.User)+" WITH "+strings.Join(parts, " "))
		if err != nil {
			return err
		}
	}
	return t.comment(ctx, now["comment"])
}

// limits returns those of the user's limits that are others now.
func (t *userTask) limits(now map[string]string) (out []string) {
	if t.args.Expires != "" && now["expires"] != t.args.Expires {
		out = append(out, "VALID UNTIL "+quote(t.args.Expires))
	}
	if t.args.ConnLimit != nil && now["rolconnlimit"] != strconv.Itoa(*t.args.ConnLimit) {
		out = append(out, "CONNECTION LIMIT "+strconv.Itoa(*t.args.ConnLimit))
	}
	return out
}

// passwordDiffers reports whether the user's password is another one. Whoever may
// not look at what the server keeps has to assume so.
func (t *userTask) passwordDiffers() (bool, error) {
	if t.args.Password == nil || t.args.NoPasswordChanges {
		return false, nil
	}
	got, err := t.ask("SELECT rolpassword FROM pg_authid WHERE rolname = %s", t.args.User)
	if refusedWith(err, "42501") { // insufficient_privilege
		return true, nil
	}
	if err != nil {
		return false, err
	}
	kept, _ := got.first()
	return !samePassword(kept, t.args.User, *t.args.Password), nil
}

// password returns the clause that sets it.
func (t *userTask) password() (string, error) {
	if *t.args.Password == "" {
		return "PASSWORD NULL", nil
	}
	got, err := t.ask("SHOW password_encryption")
	if err != nil {
		return "", err
	}
	encryption, _ := got.first()
	kept, err := verifier(encryption, t.args.User, *t.args.Password)
	t.secret = quote(kept)
	return "PASSWORD " + t.secret, err
}

func (t *userTask) comment(ctx context.Context, now string) error {
	if t.args.Comment == nil || *t.args.Comment == now {
		return nil
	}
	return t.change(ctx, "comment on user "+t.args.User, "COMMENT ON ROLE "+name(t.args.User)+" IS "+quote(*t.args.Comment))
}

func (t *userTask) drop(ctx context.Context, there bool) error {
	t.result.UserRemoved = &there
	if !there {
		return nil
	}
	err := t.change(ctx, "remove user "+t.args.User, "DROP ROLE "+name(t.args.User))
	if refusedWith(err, "2BP01") && !t.args.FailOnUser { // dependent_objects_still_exist
		there = false
		t.result.Warnings = append(t.result.Warnings, err.Error())
		return nil
	}
	return err
}

// change runs one statement through the door. In what is told of it, a password is
// left out.
func (t *userTask) change(ctx context.Context, what, statement string) error {
	told := statement
	if t.secret != "" {
		told = strings.Replace(statement, t.secret, "********", 1)
	}
	t.result.Queries = append(t.result.Queries, told)
	return t.m.Change(ctx, sys.Change{What: what, Do: func(context.Context) error {
		_, err := t.run(statement)
		return err
	}})
}
