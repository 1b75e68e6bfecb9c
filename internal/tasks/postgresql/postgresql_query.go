package postgresql

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/database"
	"fleet/internal/tasks/sys"
)

// PostgresqlQuery sends statements to a PostgreSQL server and returns the rows.
//
// All statements of a call are one transaction, unless autocommit is on. It reports
// a change where rows were inserted, updated or deleted, and for each statement that
// is neither that nor a query. It is skipped in check mode.
//
// Example:
//
//	tasks:
//	  - postgresql_query:
//	      db: shop
//	      query: SELECT count(*) AS n FROM orders WHERE state = %s
//	      positional_args: [open]
//	    become: true
//	    become_user: postgres
//	    register: orders
//	  - debug:
//	      var: orders.query_result[0].n
var PostgresqlQuery = sys.Define(spec.Module{
	Name:      "postgresql_query",
	Names:     []string{"community.postgresql.postgresql_query", "community.general.postgresql_query"},
	Exclusive: [][]string{{"positional_args", "named_args"}, {"query", "path_to_script"}},
	OneOf:     [][]string{{"query", "path_to_script"}},
}, postgresqlQuery)

type postgresqlQueryArgs struct {
	loginArgs
	// The statement, or a list of them.
	Query any `arg:"query"`
	// A file of statements on the target, which are sent as they are.
	PathToScript string `arg:"path_to_script" type:"path"`
	// The database to work in.
	DB string `arg:"db" alias:"login_db" default:"postgres"`
	// Values for the places %s.
	PositionalArgs []any `arg:"positional_args"`
	// Values for the places %(name)s.
	NamedArgs map[string]any `arg:"named_args"`
	// Each statement stands by itself, as VACUUM needs it.
	Autocommit bool `arg:"autocommit"`
	// The schemas in which names are looked for.
	SearchPath []string `arg:"search_path"`
	// The encoding of what is sent; UTF-8 is the one that is known.
	Encoding string `arg:"encoding" choices:"UTF-8,UTF8,utf-8,utf8" default:"UTF8"`
	// Taken and not used: a file of statements is always sent as one.
	AsSingleQuery bool `arg:"as_single_query" default:"true"`
}

type postgresqlQueryResult struct {
	// Whether something was changed.
	Changed bool `json:"changed"`
	// The last statement, with its values.
	Query string `json:"query"`
	// All of them.
	QueryList []string `json:"query_list"`
	// The rows of the last statement.
	QueryResult []map[string]any `json:"query_result"`
	// The rows of each.
	QueryAllResults [][]map[string]any `json:"query_all_results"`
	// How many rows were returned or changed.
	Rowcount int `json:"rowcount"`
	// What the server said of the last statement, as INSERT 0 1.
	Statusmessage string `json:"statusmessage"`
}

func postgresqlQuery(ctx context.Context, m *sys.Machine, a *postgresqlQueryArgs) (any, error) {
	queries, err := a.queries(m)
	if err != nil {
		return nil, err
	}
	if m.Check {
		return sys.Skip("the statements are not run in check mode"), nil
	}
	c, err := connect(ctx, m, &a.loginArgs, a.DB)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if len(a.SearchPath) > 0 {
		if _, err := c.ask("SELECT set_config('search_path', %s, false)", names(a.SearchPath)); err != nil {
			return nil, fmt.Errorf("argument \"search_path\": %w", err)
		}
	}
	res := &postgresqlQueryResult{QueryList: []string{}, QueryResult: []map[string]any{}, QueryAllResults: [][]map[string]any{}}
	if !a.Autocommit {
		if _, err := c.run("BEGIN"); err != nil {
			return nil, err
		}
	}
	for i, q := range queries {
		if err := res.run(c, a, q); err != nil {
			res.Changed = res.Changed && a.Autocommit // without COMMIT the server rolls back
			return res, fmt.Errorf("statement %d: %w", i+1, err)
		}
	}
	if !a.Autocommit {
		_, err = c.run("COMMIT")
	}
	return res, err
}

// queries returns the statements.
func (a *postgresqlQueryArgs) queries(m *sys.Machine) ([]string, error) {
	if a.PathToScript != "" {
		if len(a.PositionalArgs) > 0 || len(a.NamedArgs) > 0 {
			return nil, errors.New("argument \"path_to_script\": the statements of a file have no places for values")
		}
		data, err := m.ReadFile(a.PathToScript)
		if err != nil {
			return nil, fmt.Errorf("argument \"path_to_script\": %w", err)
		}
		return []string{string(data)}, nil
	}
	switch q := a.Query.(type) {
	case string:
		return []string{q}, nil
	case []any:
		var out []string
		for _, item := range q {
			text, ok := item.(string)
			if !ok {
				return nil, fmt.Errorf("argument \"query\": want statements, not %v", item)
			}
			out = append(out, text)
		}
		return out, nil
	}
	return nil, errors.New("argument \"query\": want a statement or a list of them")
}

func (r *postgresqlQueryResult) run(c *conn, a *postgresqlQueryArgs, query string) error {
	text, err := database.Fill(query, a.PositionalArgs, a.NamedArgs, quote)
	if err != nil {
		return err
	}
	all, err := c.run(text)
	r.Query = text
	r.QueryList = append(r.QueryList, text)
	for _, got := range all {
		r.Rowcount += got.count()
		r.Changed = r.Changed || got.changes()
		r.QueryResult, r.Statusmessage = got.maps(), got.tag
	}
	r.QueryAllResults = append(r.QueryAllResults, r.QueryResult)
	return err
}

// changes reports whether the statement changed something, by what the server says
// that it was.
func (a *answer) changes() bool {
	verb, _, _ := strings.Cut(a.tag, " ")
	switch verb {
	case "SELECT", "SHOW", "EXPLAIN", "FETCH", "BEGIN", "COMMIT", "ROLLBACK", "SET", "SAVEPOINT", "RELEASE":
		return false
	case "INSERT", "UPDATE", "DELETE", "MERGE", "COPY":
		return a.count() > 0
	}
	return true
}

// names writes several names as a list.
func names(all []string) string {
	quoted := make([]string, len(all))
	for i, n := range all {
		quoted[i] = name(n)
	}
	return strings.Join(quoted, ", ")
}
