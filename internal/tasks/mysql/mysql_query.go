package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/database"
	"fleet/internal/tasks/sys"
)

// MysqlQuery sends statements to a MySQL or MariaDB server and returns the rows.
//
// It reports a change where a statement that changes data changed a row, and for
// each statement that changes tables and the like, unless the server says that
// what it makes exists already. It is skipped in check mode.
//
// Example:
//
//	tasks:
//	  - mysql_query:
//	      login_db: shop
//	      query: SELECT count(*) AS n FROM orders WHERE state = %s
//	      positional_args: [open]
//	    register: orders
//	  - debug:
//	      var: orders.query_result[0][0].n
var MysqlQuery = sys.Define(spec.Module{
	Name:      "mysql_query",
	Names:     []string{"ansible.mysql.mysql_query", "community.mysql.mysql_query", "community.general.mysql_query"},
	Exclusive: [][]string{{"positional_args", "named_args"}},
}, mysqlQuery)

type mysqlQueryArgs struct {
	loginDBArgs
	// The statement, or a list of them.
	Query any `arg:"query,required"`
	// Values for the places %s.
	PositionalArgs []any `arg:"positional_args"`
	// Values for the places %(name)s.
	NamedArgs map[string]any `arg:"named_args"`
	// Runs all statements in one transaction, or none of them.
	SingleTransaction bool `arg:"single_transaction"`
}

type mysqlQueryResult struct {
	// Whether something was changed.
	Changed bool `json:"changed"`
	// The statements as they were sent, with their values.
	ExecutedQueries []string `json:"executed_queries"`
	// The rows of each statement.
	QueryResult [][]map[string]any `json:"query_result"`
	// How many rows each returned or changed.
	Rowcount []int `json:"rowcount"`
}

func mysqlQuery(ctx context.Context, m *sys.Machine, a *mysqlQueryArgs) (any, error) {
	var queries []string
	switch q := a.Query.(type) {
	case string:
		queries = []string{q}
	case []any:
		for _, item := range q {
			text, ok := item.(string)
			if !ok {
				return nil, fmt.Errorf("argument \"query\": want statements, not %v", item)
			}
			queries = append(queries, text)
		}
	default:
		return nil, errors.New("argument \"query\": want a statement or a list of them")
	}
	if m.Check {
		return sys.Skip("the statements are not run in check mode"), nil
	}
	c, err := connect(ctx, m, &a.loginArgs, a.LoginDB)
	if err != nil {
		return nil, err
	}
	defer c.close()
	res := &mysqlQueryResult{ExecutedQueries: []string{}, QueryResult: [][]map[string]any{}, Rowcount: []int{}}
	if a.SingleTransaction {
		if _, err := c.send("SET autocommit=0"); err != nil {
			return nil, err
		}
	}
	for i, q := range queries {
		if err := res.run(c, a, q); err != nil {
			return res, fmt.Errorf("statement %d: %w", i+1, err) // without COMMIT the server rolls back
		}
	}
	if a.SingleTransaction {
		_, err = c.send("COMMIT")
	}
	return res, err
}

func (r *mysqlQueryResult) run(c *conn, a *mysqlQueryArgs, query string) error {
	text, err := database.Fill(query, a.PositionalArgs, a.NamedArgs, c.quote)
	if err != nil {
		return err
	}
	got, err := c.send(text)
	if err != nil {
		return err
	}
	r.ExecutedQueries = append(r.ExecutedQueries, text)
	r.QueryResult = append(r.QueryResult, got.maps())
	r.Rowcount = append(r.Rowcount, got.affected)
	verb := strings.ToUpper(firstWord(query))
	switch verb {
	case "INSERT", "UPDATE", "DELETE", "REPLACE":
		r.Changed = r.Changed || got.affected > 0
	case "CREATE", "DROP", "ALTER", "RENAME", "TRUNCATE":
		exists, err := c.nothingDone(got)
		if err != nil {
			return err
		}
		r.Changed = r.Changed || !exists
	}
	return nil
}

// firstWord returns the verb of a statement.
func firstWord(query string) string {
	fields := strings.Fields(query)
	if len(fields) == 0 {
		return ""
	}
	return fields[0]
}

// nothingDone reports whether the server warned that a thing is there already, or
// is not there.
func (c *conn) nothingDone(a *answer) (bool, error) {
	if a.warnings == 0 {
		return false, nil
	}
	warned, err := c.send("SHOW WARNINGS")
	if err != nil {
		return false, err
	}
	for _, code := range warned.texts(1) {
		switch code {
		case "1007", "1050", "1304", "1061", "1973", "1008", "1051", "1305", "1091", "3162":
			return true, nil
		}
	}
	return false, nil
}
