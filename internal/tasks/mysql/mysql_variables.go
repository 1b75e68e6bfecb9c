package mysql

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// MysqlVariables sets a variable of a running MySQL or MariaDB server, or tells
// its value.
//
// Example:
//
//	tasks:
//	  - mysql_variables:
//	      variable: max_connections
//	      value: 300
var MysqlVariables = sys.Define(spec.Module{
	Name:  "mysql_variables",
	Names: []string{"ansible.mysql.mysql_variables", "community.mysql.mysql_variables", "community.general.mysql_variables"},
}, mysqlVariables)

type mysqlVariablesArgs struct {
	loginArgs
	// The variable's name.
	Variable string `arg:"variable,required"`
	// Its value. Without it the value is told as msg.
	Value *string `arg:"value"`
	// Where it is set: in the running server (global), also for its next start
	// (persist), or only for that (persist_only); MariaDB has only the first.
	Mode string `arg:"mode" choices:"global,persist,persist_only" default:"global"`
}

type mysqlVariablesResult struct {
	// What was done, or the variable's value.
	Msg string `json:"msg"`
	// The statements that were run.
	Queries []string `json:"queries,omitempty"`
}

func mysqlVariables(ctx context.Context, m *sys.Machine, a *mysqlVariablesArgs) (any, error) {
	if !isWord(strings.ReplaceAll(a.Variable, ".", "_")) {
		return nil, fmt.Errorf("argument \"variable\" is %q, which is no name of a variable", a.Variable)
	}
	c, err := connect(ctx, m, &a.loginArgs, "")
	if err != nil {
		return nil, err
	}
	defer c.close()
	found, err := c.ask("SHOW GLOBAL VARIABLES WHERE Variable_name = %s", a.Variable)
	if err != nil {
		return nil, err
	}
	if len(found.rows) == 0 {
		return nil, fmt.Errorf("the server has no variable %q", a.Variable)
	}
	have := found.texts(1)[0]
	if a.Value == nil {
		return &mysqlVariablesResult{Msg: have}, nil
	}
	if a.Mode != "global" {
		if c.isMariaDB() {
			return nil, errors.New("argument \"mode\": MariaDB keeps no variables for its next start\nhint: write them into a file of options, with ini_file")
		}
		kept, err := c.ask("SELECT VARIABLE_VALUE FROM performance_schema.persisted_variables WHERE VARIABLE_NAME = %s", a.Variable)
		if err != nil {
			return nil, err
		}
		if text, there := kept.first(); !there || a.Mode == "persist_only" || !sameValue(text, *a.Value) {
			have = text
			if !there {
				have = "(not kept)"
			}
		}
	}
	if sameValue(have, *a.Value) {
		return &mysqlVariablesResult{Msg: "Variable is already set to requested value."}, nil
	}
	statement := "SET " + strings.ToUpper(a.Mode) + " " + quoteDotted(a.Variable) + " = " + c.typed(*a.Value)
	err = m.Change(ctx, sys.Change{What: "set variable " + a.Variable, Before: have + "\n", After: *a.Value + "\n", BeforeName: a.Variable, AfterName: a.Variable,
		Do: func(context.Context) error {
			_, err := c.send(statement)
			return err
		}})
	return &mysqlVariablesResult{Msg: "Variable change succeeded prev_value=" + have, Queries: []string{statement}}, err
}

func quoteDotted(s string) string {
	parts := strings.Split(s, ".")
	for i := range parts {
		parts[i] = name(parts[i])
	}
	return strings.Join(parts, ".")
}

// typed writes a value as a number where it is one.
func (c *conn) typed(s string) string {
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	return c.quote(s)
}

// sameValue compares values as numbers where they are, and yes and no as the
// server says them.
func sameValue(have, want string) bool {
	a, aerr := strconv.ParseFloat(have, 64)
	b, berr := strconv.ParseFloat(want, 64)
	if aerr == nil && berr == nil {
		return a == b
	}
	truth := map[string]string{"ON": "1", "OFF": "0", "TRUE": "1", "FALSE": "0"}
	plain := func(s string) string {
		if t, ok := truth[strings.ToUpper(s)]; ok {
			return t
		}
		return s
	}
	return plain(have) == plain(want)
}
