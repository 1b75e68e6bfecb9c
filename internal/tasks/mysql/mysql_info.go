package mysql

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// MysqlInfo tells about a MySQL or MariaDB server: version, databases, settings,
// users, engines and replication. It changes nothing.
//
// Example:
//
//	tasks:
//	  - mysql_info:
//	      filter: [version, databases]
//	    register: server
var MysqlInfo = sys.Define(spec.Module{
	Name:  "mysql_info",
	Names: []string{"ansible.mysql.mysql_info", "community.mysql.mysql_info", "community.general.mysql_info"},
}, mysqlInfo)

type mysqlInfoArgs struct {
	loginDBArgs
	// What to tell: version, databases, settings, global_status, users, engines,
	// master_status, slave_status, slave_hosts. Behind an exclamation mark: all but
	// that.
	Filter []string `arg:"filter"`
	// What not to look up of databases: db_size, db_table_count.
	ExcludeFields []string `arg:"exclude_fields"`
	// Lists databases without tables too.
	ReturnEmptyDBs bool `arg:"return_empty_dbs"`
}

// subsets are what can be told, each with the function that looks it up.
var subsets = []struct {
	name string
	look func(*conn, *mysqlInfoArgs) (any, error)
}{
	{"databases", (*conn).databases},
	{"engines", func(c *conn, _ *mysqlInfoArgs) (any, error) { return c.keyed("SHOW ENGINES", "Engine") }},
	{"global_status", func(c *conn, _ *mysqlInfoArgs) (any, error) { return c.settings("SHOW GLOBAL STATUS") }},
	{"master_status", func(c *conn, _ *mysqlInfoArgs) (any, error) { return c.single("SHOW MASTER STATUS") }},
	{"settings", func(c *conn, _ *mysqlInfoArgs) (any, error) { return c.settings("SHOW GLOBAL VARIABLES") }},
	{"slave_hosts", func(c *conn, _ *mysqlInfoArgs) (any, error) { return c.keyed("SHOW SLAVE HOSTS", "Server_id") }},
	{"slave_status", func(c *conn, _ *mysqlInfoArgs) (any, error) { return c.replicas() }},
	{"users", func(c *conn, _ *mysqlInfoArgs) (any, error) { return c.users() }},
	{"version", func(c *conn, _ *mysqlInfoArgs) (any, error) { return versionParts(c) }},
}

func mysqlInfo(ctx context.Context, m *sys.Machine, a *mysqlInfoArgs) (any, error) {
	wanted, err := chosen(a.Filter)
	if err != nil {
		return nil, err
	}
	c, err := connect(ctx, m, &a.loginArgs, a.LoginDB)
	if err != nil {
		return nil, err
	}
	defer c.close()
	out := map[string]any{"connector_name": "fleet", "connector_version": "1"}
	for _, s := range subsets {
		if !slices.Contains(wanted, s.name) {
			continue
		}
		value, err := s.look(c, a)
		if err != nil {
			if strings.HasPrefix(s.name, "slave") || s.name == "master_status" {
				value = map[string]any{} // newer servers have other words for it
			} else {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
		}
		out[s.name] = value
	}
	return out, nil
}

// chosen returns the subsets that a filter leaves.
func chosen(filter []string) ([]string, error) {
	var all, in, without []string
	for _, s := range subsets {
		all = append(all, s.name)
	}
	for _, f := range filter {
		bare, not := strings.CutPrefix(strings.TrimSpace(f), "!")
		if !slices.Contains(all, bare) {
			return nil, fmt.Errorf("argument \"filter\" has %q\nhint: use some of %s", f, strings.Join(all, ", "))
		}
		if not {
			without = append(without, bare)
		} else {
			in = append(in, bare)
		}
	}
	if in == nil {
		in = all
	}
	return slices.DeleteFunc(slices.Clone(in), func(s string) bool { return slices.Contains(without, s) }), nil
}

// number returns text as a number where it is one.
func number(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	return s
}

func (c *conn) settings(statement string) (any, error) {
	a, err := c.send(statement)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	names, values := a.texts(0), a.texts(1)
	for i := range names {
		out[names[i]] = number(values[i])
	}
	return out, nil
}

func (c *conn) single(statement string) (any, error) {
	a, err := c.send(statement)
	if err != nil || len(a.rows) == 0 {
		return map[string]any{}, err
	}
	return a.maps()[0], nil
}

// keyed returns rows by the value of one column.
func (c *conn) keyed(statement, key string) (any, error) {
	a, err := c.send(statement)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, row := range a.maps() {
		k := fmt.Sprint(row[key])
		delete(row, key)
		out[k] = row
	}
	return out, nil
}

func (c *conn) users() (any, error) {
	a, err := c.send("SELECT * FROM mysql.user")
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]any{}
	for _, row := range a.maps() {
		host, user := fmt.Sprint(row["Host"]), fmt.Sprint(row["User"])
		for _, secret := range []string{"Host", "User", "Password", "authentication_string"} {
			delete(row, secret)
		}
		if out[host] == nil {
			out[host] = map[string]any{}
		}
		out[host][user] = row
	}
	return out, nil
}

// replicas returns the state of replication by host, port and user of the source.
func (c *conn) replicas() (any, error) {
	a, err := c.send("SHOW SLAVE STATUS")
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]map[string]any{}
	for _, row := range a.maps() {
		host, port, user := fmt.Sprint(row["Master_Host"]), fmt.Sprint(row["Master_Port"]), fmt.Sprint(row["Master_User"])
		for _, k := range []string{"Master_Host", "Master_Port", "Master_User"} {
			delete(row, k)
		}
		if out[host] == nil {
			out[host] = map[string]map[string]any{}
		}
		if out[host][port] == nil {
			out[host][port] = map[string]any{}
		}
		out[host][port][user] = row
	}
	return out, nil
}

func (c *conn) databases(a *mysqlInfoArgs) (any, error) {
	out := map[string]map[string]any{}
	rows, err := c.send("SELECT table_schema, COALESCE(SUM(data_length + index_length), 0), COUNT(*) FROM information_schema.TABLES GROUP BY table_schema")
	if err != nil {
		return nil, err
	}
	put := func(db string, size, tables any) {
		out[db] = map[string]any{}
		if !slices.Contains(a.ExcludeFields, "db_size") {
			out[db]["size"] = size
		}
		if !slices.Contains(a.ExcludeFields, "db_table_count") {
			out[db]["tables"] = tables
		}
	}
	if a.ReturnEmptyDBs {
		all, err := c.send("SHOW DATABASES")
		if err != nil {
			return nil, err
		}
		for _, db := range all.texts(0) {
			put(db, 0, 0)
		}
	}
	sizes, tables := rows.texts(1), rows.texts(2)
	for i, db := range rows.texts(0) {
		put(db, number(sizes[i]), number(tables[i]))
	}
	return out, nil
}

func versionParts(c *conn) (any, error) {
	a, err := c.send("SELECT VERSION()")
	if err != nil {
		return nil, err
	}
	full, _ := a.first()
	digits, suffix, _ := strings.Cut(full, "-")
	parts := append(strings.SplitN(digits, ".", 3), "0", "0")
	return map[string]any{"major": number(parts[0]), "minor": number(parts[1]), "release": number(parts[2]), "suffix": suffix, "full": full}, nil
}
