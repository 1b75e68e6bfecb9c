package mysql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// MysqlDB has databases of MySQL or MariaDB, removes them, writes them into a file
// or reads them out of one.
//
// An existing database keeps its encoding. The states dump and import need the
// server's own client programs on the target (mariadb-dump or mysqldump, mariadb or
// mysql); they change something each time.
//
// Example:
//
//	tasks:
//	  - mysql_db:
//	      name: shop
//	      encoding: utf8mb4
//	      login_unix_socket: /run/mysqld/mysqld.sock
var MysqlDB = sys.Define(spec.Module{
	Name:  "mysql_db",
	Names: []string{"ansible.mysql.mysql_db", "community.mysql.mysql_db", "community.general.mysql_db"},
}, mysqlDB)

type mysqlDbArgs struct {
	adminArgs
	dumpArgs
	// The databases. The word all stands for all of them, with state dump or import.
	Name []string `arg:"name,required" alias:"db"`
	// What becomes of them: there (present), gone (absent), written into target
	// (dump), or read from target (import).
	State string `arg:"state" choices:"absent,dump,import,present" default:"present"`
	// The encoding of a new database, as utf8mb4.
	Encoding string `arg:"encoding"`
	// The collation of a new database, as utf8mb4_general_ci.
	Collation string `arg:"collation"`
	// Taken and not used: what the file of config_file says stands behind the
	// arguments that are given, and before the defaults.
	ConfigOverridesDefaults bool `arg:"config_overrides_defaults"`
}

type mysqlDbResult struct {
	// The databases in one text.
	DB string `json:"db"`
	// The databases.
	DBList []string `json:"db_list"`
	// What was done in SQL, or the programs that were run.
	ExecutedCommands []string `json:"executed_commands,omitempty"`
	// What the programs of dump and import wrote.
	Msg string `json:"msg,omitempty"`
}

// dbTask is one call of mysql_db.
type dbTask struct {
	*conn
	m      *sys.Machine
	args   *mysqlDbArgs
	result mysqlDbResult
}

func mysqlDB(ctx context.Context, m *sys.Machine, a *mysqlDbArgs) (any, error) {
	for i := range a.Name {
		a.Name[i] = strings.TrimSpace(a.Name[i])
	}
	all := slices.Equal(a.Name, []string{"all"})
	files := a.State == "dump" || a.State == "import"
	switch {
	case files && a.Target == "":
		return nil, fmt.Errorf("argument \"target\" is needed with state %s", a.State)
	case all && !files:
		return nil, errors.New("argument \"name\": all stands for all databases only with state dump or import")
	case a.State == "import" && len(a.Name) > 1:
		return nil, errors.New("argument \"name\": state import takes one database, or all")
	}
	c, err := connectAdmin(ctx, m, &a.adminArgs, "")
	if err != nil {
		return nil, err
	}
	defer c.close()
	t := &dbTask{conn: c, m: m, args: a, result: mysqlDbResult{DB: strings.Join(a.Name, " "), DBList: a.Name}}
	there, gone := []string{}, []string{}
	for _, db := range a.Name {
		if all {
			break
		}
		found, err := t.ask("SHOW DATABASES WHERE `Database` = %s", db)
		if err != nil {
			return nil, err
		}
		if len(found.rows) > 0 {
			there = append(there, db)
		} else {
			gone = append(gone, db)
		}
	}
	switch a.State {
	case "absent":
		err = t.each(ctx, "remove", there, "DROP DATABASE ", "")
	case "dump":
		if len(gone) > 0 && !m.Check {
			return nil, fmt.Errorf("database %q does not exist and cannot be dumped", gone[0])
		}
		err = t.dump(ctx, all)
	default:
		if err = t.each(ctx, "create", gone, "CREATE DATABASE ", t.options()); err == nil && a.State == "import" {
			err = t.load(ctx, all)
		}
	}
	return &t.result, err
}

// options returns how a database is created.
func (t *dbTask) options() string {
	out := ""
	if t.args.Encoding != "" {
		out += " CHARACTER SET " + t.quote(t.args.Encoding)
	}
	if t.args.Collation != "" {
		out += " COLLATE " + t.quote(t.args.Collation)
	}
	return out
}

func (t *dbTask) each(ctx context.Context, verb string, databases []string, statement, options string) error {
	for _, db := range databases {
		sql := statement + name(db) + options
		err := t.m.Change(ctx, sys.Change{What: verb + " database " + db, Do: func(context.Context) error {
			_, err := t.send(sql)
			return err
		}})
		if err != nil {
			return fmt.Errorf("database %q: %w", db, err)
		}
		t.result.ExecutedCommands = append(t.result.ExecutedCommands, sql)
	}
	return nil
}
