package postgresql

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// PostgresqlDB has a database of PostgreSQL, removes it, or gives it another name.
//
// Owner, tablespace and limit of connections of a database that is there are brought
// to what is given; its encoding and its locale can't be changed, and are an error
// where they are others. To dump and restore, run pg_dump and pg_restore.
//
// Example:
//
//	tasks:
//	  - postgresql_db:
//	      name: shop
//	      owner: shop
//	      encoding: UTF-8
//	    become: true
//	    become_user: postgres
var PostgresqlDB = sys.Define(spec.Module{
	Name:  "postgresql_db",
	Names: []string{"community.postgresql.postgresql_db", "community.general.postgresql_db"},
}, postgresqlDB)

type postgresqlDbArgs struct {
	loginArgs
	// The database.
	DB string `arg:"db,required" alias:"name"`
	// What becomes of it: there (present), gone (absent), or named target (rename).
	State string `arg:"state" choices:"absent,present,rename" default:"present"`
	// The new name, with state rename.
	Target string `arg:"target"`
	// The role that owns it.
	Owner string `arg:"owner"`
	// The database that a new one is a copy of.
	Template string `arg:"template"`
	// The encoding, as UTF-8.
	Encoding string `arg:"encoding"`
	// The order of texts, as de_DE.UTF-8.
	LCCollate string `arg:"lc_collate"`
	// The kinds of characters, as de_DE.UTF-8.
	LCCtype string `arg:"lc_ctype"`
	// How many connections it takes; -1 is no limit.
	ConnLimit *int `arg:"conn_limit"`
	// Where its files lie.
	Tablespace string `arg:"tablespace"`
	// The database to work from.
	MaintenanceDB string `arg:"maintenance_db" default:"postgres"`
	// Ends the connections of a database that is to go.
	Force bool `arg:"force"`
}

type postgresqlDbResult struct {
	// The database.
	DB string `json:"db"`
	// What was done in SQL.
	ExecutedCommands []string `json:"executed_commands"`
}

// dbTask is one call of postgresql_db.
type dbTask struct {
	*conn
	m      *sys.Machine
	args   *postgresqlDbArgs
	result postgresqlDbResult
}

func postgresqlDB(ctx context.Context, m *sys.Machine, a *postgresqlDbArgs) (any, error) {
	if (a.State == "rename") != (a.Target != "") {
		return nil, errors.New("argument \"target\" is the new name, and goes with state rename")
	}
	c, err := connect(ctx, m, &a.loginArgs, a.MaintenanceDB)
	if err != nil {
		return nil, err
	}
	defer c.close()
	t := &dbTask{c, m, a, postgresqlDbResult{DB: a.DB, ExecutedCommands: []string{}}}
	now, err := t.look(a.DB)
	if err != nil {
		return nil, err
	}
	switch {
	case a.State == "rename":
		err = t.rename(ctx, now != nil)
	case a.State == "absent" && now != nil:
		err = t.drop(ctx)
	case a.State == "present" && now == nil:
		err = t.change(ctx, "create database "+a.DB, "CREATE DATABASE "+name(a.DB)+t.options())
	case a.State == "present":
		err = t.alter(ctx, now)
	}
	return &t.result, err
}

// look returns what the server knows of a database; nil is that there is none.
func (t *dbTask) look(db string) (map[string]string, error) {
	got, err := t.ask(`SELECT pg_get_userbyid(d.datdba) AS owner, d.encoding::text AS encoding, pg_encoding_to_char(d.encoding) AS encoding_name,
d.datcollate AS lc_collate, d.datctype AS lc_ctype, d.datconnlimit::text AS conn_limit, s.spcname AS tablespace
FROM pg_database d JOIN pg_tablespace s ON s.oid = d.dattablespace WHERE d.datname = %s`, db)
	if err != nil || len(got.rows) == 0 {
		return nil, err
	}
	return got.row(), nil
}

// options returns how a database is created.
func (t *dbTask) options() string {
	var b strings.Builder
	option := func(word, value string) {
		if value != "" {
			b.WriteString(" " + word + " " + value)
		}
	}
	text := func(s string) string {
		if s == "" {
			return ""
		}
		return quote(s)
	}
	identifier := func(s string) string {
		if s == "" {
			return ""
		}
		return name(s)
	}
	option("OWNER", identifier(t.args.Owner))
	option("TEMPLATE", identifier(t.args.Template))
	option("ENCODING", text(t.args.Encoding))
	option("LC_COLLATE", text(t.args.LCCollate))
	option("LC_CTYPE", text(t.args.LCCtype))
	option("TABLESPACE", identifier(t.args.Tablespace))
	if t.args.ConnLimit != nil {
		option("CONNECTION LIMIT", strconv.Itoa(*t.args.ConnLimit))
	}
	return b.String()
}

// alter brings a database that is there to what is asked.
func (t *dbTask) alter(ctx context.Context, now map[string]string) error {
	a := t.args
	if a.Encoding != "" {
		got, err := t.ask("SELECT pg_char_to_encoding(%s)::text", a.Encoding)
		if err != nil {
			return err
		}
		if number, _ := got.first(); number != now["encoding"] {
			return fmt.Errorf("database %q has the encoding %s, which cannot be changed to %s", a.DB, now["encoding_name"], a.Encoding)
		}
	}
	for _, fixed := range []struct{ arg, want string }{{"lc_collate", a.LCCollate}, {"lc_ctype", a.LCCtype}} {
		if fixed.want != "" && fixed.want != now[fixed.arg] {
			return fmt.Errorf("database %q has the %s %s, which cannot be changed to %s", a.DB, fixed.arg, now[fixed.arg], fixed.want)
		}
	}
	statement := "ALTER DATABASE " + name(a.DB)
	if a.Owner != "" && a.Owner != now["owner"] {
		if err := t.change(ctx, "give database "+a.DB+" to "+a.Owner, statement+" OWNER TO "+name(a.Owner)); err != nil {
			return err
		}
	}
	if a.ConnLimit != nil && strconv.Itoa(*a.ConnLimit) != now["conn_limit"] {
		limit := strconv.Itoa(*a.ConnLimit)
		if err := t.change(ctx, "limit connections of database "+a.DB+" to "+limit, statement+" CONNECTION LIMIT "+limit); err != nil {
			return err
		}
	}
	if a.Tablespace != "" && a.Tablespace != now["tablespace"] {
		return t.change(ctx, "move database "+a.DB+" to tablespace "+a.Tablespace, statement+" SET TABLESPACE "+name(a.Tablespace))
	}
	return nil
}

func (t *dbTask) drop(ctx context.Context) error {
	statement := "DROP DATABASE " + name(t.args.DB)
	if !t.args.Force {
		return t.change(ctx, "remove database "+t.args.DB, statement)
	}
	// Others may come back between the two statements, as DROP ... WITH (FORCE) of
	// PostgreSQL 13 forbids; this one works with older servers too.
	end := "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = " + quote(t.args.DB) + " AND pid <> pg_backend_pid()"
	return t.change(ctx, "remove database "+t.args.DB, end, statement)
}

func (t *dbTask) rename(ctx context.Context, there bool) error {
	other, err := t.look(t.args.Target)
	switch {
	case err != nil:
		return err
	case there && other != nil:
		return fmt.Errorf("database %q exists, and %q too", t.args.DB, t.args.Target)
	case !there && other == nil:
		return fmt.Errorf("database %q does not exist, and so it cannot be renamed", t.args.DB)
	case !there:
		return nil // it has its new name
	}
	return t.change(ctx, "rename database "+t.args.DB+" to "+t.args.Target,
		"ALTER DATABASE "+name(t.args.DB)+" RENAME TO "+name(t.args.Target))
}

// change runs statements through the door, each by itself.
func (t *dbTask) change(ctx context.Context, what string, statements ...string) error {
	t.result.ExecutedCommands = append(t.result.ExecutedCommands, statements...)
	return t.m.Change(ctx, sys.Change{What: what, Do: func(context.Context) error {
		for _, s := range statements {
			if _, err := t.run(s); err != nil {
				return fmt.Errorf("database %q: %w", t.args.DB, err)
			}
		}
		return nil
	}})
}
