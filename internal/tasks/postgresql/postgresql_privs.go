package postgresql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// PostgresqlPrivs grants roles privileges on things of a PostgreSQL server, or takes
// them away.
//
// What changes is found out by the server itself: the statements are run in a
// transaction that is rolled back, and the privileges before and behind them
// compared. Only where they differ, the statements are run for good. In check mode
// it stays at the first.
//
// Example:
//
//	tasks:
//	  - postgresql_privs:
//	      database: shop
//	      roles: shop
//	      privs: SELECT,INSERT,UPDATE
//	      objs: ALL_IN_SCHEMA
//	    become: true
//	    become_user: postgres
var PostgresqlPrivs = sys.Define(spec.Module{
	Name:  "postgresql_privs",
	Names: []string{"community.postgresql.postgresql_privs", "community.general.postgresql_privs"},
}, postgresqlPrivs)

type postgresqlPrivsArgs struct {
	loginArgs
	// The database to work in.
	Database string `arg:"database,required" alias:"db,login_db"`
	// Whether the privileges shall be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// The privileges, as SELECT,UPDATE or ALL. With type group there are none.
	Privs []string `arg:"privs" alias:"priv"`
	// What they are for. With default_privs they are for what is made later; with
	// group the roles become members of objs.
	Type string `arg:"type" choices:"database,default_privs,foreign_data_wrapper,foreign_server,function,group,language,procedure,schema,sequence,table,tablespace,type" default:"table"`
	// The things by their names; ALL_IN_SCHEMA is all of the schema. A function's
	// arguments have colons between them, as add(int:int). With default_privs they
	// are kinds, as TABLES, or ALL_DEFAULT. With database the default is the database.
	Objs []string `arg:"objs" alias:"obj"`
	// The schema that they lie in; public is the default, not-specified is none.
	Schema string `arg:"schema"`
	// The roles, or PUBLIC for all.
	Roles []string `arg:"roles,required" alias:"role"`
	// Whether the roles may pass the privileges on. Left out, that stays as it is.
	GrantOption *bool `arg:"grant_option" alias:"admin_option"`
	// With default_privs, the roles that make the things.
	TargetRoles []string `arg:"target_roles"`
	// Whether a role that does not exist is a failure.
	FailOnRole bool `arg:"fail_on_role" default:"true"`
	// With default_privs, whether USAGE ON TYPES is granted too.
	UsageOnTypes bool `arg:"usage_on_types" default:"true"`
}

type postgresqlPrivsResult struct {
	// What was done in SQL, or would be.
	Queries []string `json:"queries"`
	// What should be known and is no failure.
	Warnings []string `json:"warnings,omitempty"`
}

func postgresqlPrivs(ctx context.Context, m *sys.Machine, a *postgresqlPrivsArgs) (any, error) {
	res := &postgresqlPrivsResult{Queries: []string{}}
	if err := a.check(); err != nil {
		return nil, err
	}
	c, err := connect(ctx, m, &a.loginArgs, a.Database)
	differs := false
	if err == nil {
		defer c.close()
		differs, err = a.plan(c, res)
	}
	if err != nil && m.Foresees() && isMissing(err) {
		first, _, _ := strings.Cut(err.Error(), "\n")
		res.Warnings = append(res.Warnings, first+"; this works only if an earlier step makes it")
		differs, err = true, nil
	}
	if err != nil || !differs {
		return res, err
	}
	return res, m.Change(ctx, sys.Change{What: a.what(), Do: func(context.Context) error {
		_, err := c.run("BEGIN; " + strings.Join(res.Queries, "; ") + "; COMMIT")
		return err
	}})
}

// plan finds the statements, and reports whether they change something.
func (a *postgresqlPrivsArgs) plan(c *conn, res *postgresqlPrivsResult) (differs bool, err error) {
	if res.Warnings, err = a.checkRoles(c); err != nil || len(a.Roles) == 0 {
		return false, err
	}
	if res.Queries, err = a.statements(); err != nil {
		return false, err
	}
	return c.try(res.Queries, catalogs[a.Type])
}

// what says it for people.
func (a *postgresqlPrivsArgs) what() string {
	if a.State == "absent" {
		return fmt.Sprintf("revoke %s from %s", a.subject(), strings.Join(a.Roles, ", "))
	}
	return fmt.Sprintf("grant %s to %s", a.subject(), strings.Join(a.Roles, ", "))
}

// missingRole is a role that does not exist.
type missingRole string

func (r missingRole) Error() string { return fmt.Sprintf("Role '%s' does not exist", string(r)) }

// isMissing reports whether something failed because a thing is not there: a
// database, schema, table, role or other object, or function.
func isMissing(err error) bool {
	var role missingRole
	var said *serverError
	return errors.As(err, &role) || errors.As(err, &said) && slices.Contains([]string{"3D000", "3F000", "42P01", "42704", "42883"}, said.code)
}

// catalogs are where the server keeps the privileges on things of a kind.
var catalogs = map[string]string{
	"database":             "SELECT oid, unnest(datacl)::text FROM pg_database",
	"default_privs":        "SELECT oid, unnest(defaclacl)::text FROM pg_default_acl",
	"foreign_data_wrapper": "SELECT oid, unnest(fdwacl)::text FROM pg_foreign_data_wrapper",
	"foreign_server":       "SELECT oid, unnest(srvacl)::text FROM pg_foreign_server",
	"function":             "SELECT oid, unnest(proacl)::text FROM pg_proc",
	"group":                "SELECT roleid, member::text || ' ' || admin_option::text FROM pg_auth_members",
	"language":             "SELECT oid, unnest(lanacl)::text FROM pg_language",
	"procedure":            "SELECT oid, unnest(proacl)::text FROM pg_proc",
	"schema":               "SELECT oid, unnest(nspacl)::text FROM pg_namespace",
	"sequence":             "SELECT oid, unnest(relacl)::text FROM pg_class",
	"table":                "SELECT oid, unnest(relacl)::text FROM pg_class UNION ALL SELECT attrelid, attnum || ' ' || unnest(attacl)::text FROM pg_attribute",
	"tablespace":           "SELECT oid, unnest(spcacl)::text FROM pg_tablespace",
	"type":                 "SELECT oid, unnest(typacl)::text FROM pg_type",
}

// try reports whether statements change the privileges that a catalog keeps. It
// leaves no trace. What others do meanwhile is not seen.
func (c *conn) try(statements []string, catalog string) (bool, error) {
	look := "SELECT string_agg(o::text || ' ' || p, E'\\n' ORDER BY o, p) FROM (" + catalog + ") AS kept (o, p)"
	if _, err := c.run("BEGIN ISOLATION LEVEL REPEATABLE READ"); err != nil {
		return false, err
	}
	defer c.run("ROLLBACK") // a connection that is gone has done it already
	before, err := c.ask(look)
	if err != nil {
		return false, err
	}
	if _, err := c.run(strings.Join(statements, "; ")); err != nil {
		return false, err
	}
	after, err := c.ask(look)
	if err != nil {
		return false, err
	}
	was, _ := before.first()
	is, _ := after.first()
	return was != is, nil
}

// checkRoles drops the roles that do not exist, or fails with the first of them.
func (a *postgresqlPrivsArgs) checkRoles(c *conn) (warnings []string, err error) {
	there := a.Roles[:0]
	for _, role := range a.Roles {
		got, err := c.ask("SELECT 1 FROM pg_roles WHERE rolname = %s", role)
		switch {
		case err != nil:
			return nil, err
		case len(got.rows) > 0 || isPublic(role):
			there = append(there, role)
		case a.FailOnRole:
			return nil, fmt.Errorf("%w\nhint: postgresql_user makes it", missingRole(role))
		default:
			warnings = append(warnings, fmt.Sprintf("Role '%s' does not exist, pass it", role))
		}
	}
	a.Roles = there
	return warnings, nil
}

func isPublic(role string) bool { return strings.EqualFold(role, "PUBLIC") }

// check looks whether the arguments go together, and fills in what follows from them.
func (a *postgresqlPrivsArgs) check() error {
	inSchema := map[string]bool{"table": true, "sequence": true, "function": true, "procedure": true, "type": true, "default_privs": true}[a.Type]
	all := len(a.Objs) == 1 && a.Objs[0] == "ALL_IN_SCHEMA"
	switch {
	case a.Schema != "" && !inSchema:
		return fmt.Errorf("argument \"schema\" does not go with type %s", a.Type)
	case all && (!inSchema || a.Type == "type" || a.Type == "default_privs"):
		return fmt.Errorf("argument \"objs\": ALL_IN_SCHEMA goes with the types table, sequence, function and procedure")
	case len(a.Objs) == 0 && a.Type != "database":
		return fmt.Errorf("argument \"objs\" is needed with type %s", a.Type)
	case a.Type == "group" && len(a.Privs) > 0:
		return errors.New("argument \"privs\" does not go with type group")
	case a.Type != "group" && len(a.Privs) == 0:
		return fmt.Errorf("argument \"privs\" is needed with type %s", a.Type)
	case len(a.TargetRoles) > 0 && a.Type != "default_privs":
		return errors.New("argument \"target_roles\" goes with type default_privs")
	}
	if len(a.Objs) == 0 {
		a.Objs = []string{a.Database}
	}
	if a.Schema == "not-specified" {
		a.Schema = ""
	} else if a.Schema == "" && inSchema {
		a.Schema = "public"
	}
	return a.checkPrivs()
}
