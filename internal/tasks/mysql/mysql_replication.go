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

// MysqlReplication tells about the replication of a MySQL or MariaDB server, says
// where a replica takes its changes from, starts it, stops it, or forgets about it.
//
// Asking is done in check mode too; all else is skipped there. A statement that
// the server refuses is no failure, unless fail_on_error is true or a replica is
// told of its source: it changes nothing, and msg says why.
//
// Example:
//
//	tasks:
//	  - mysql_replication:
//	      mode: changeprimary
//	      primary_host: db1.example.org
//	      primary_user: replica
//	      primary_password: "{{ replica_password }}"
//	      primary_use_gtid: replica_pos
//	  - mysql_replication:
//	      mode: startreplica
var MysqlReplication = sys.Define(spec.Module{
	Name:      "mysql_replication",
	Names:     []string{"ansible.mysql.mysql_replication", "community.mysql.mysql_replication", "community.general.mysql_replication"},
	Exclusive: [][]string{{"connection_name", "channel"}},
}, mysqlReplication)

type mysqlReplicationArgs struct {
	loginArgs
	sourceArgs
	// What to do: tell how far this server's log is (getprimary) or how its
	// replication stands (getreplica), say where that takes its changes from
	// (changeprimary), start or stop it, delete the server's logs (resetprimary),
	// forget the replica's place (resetreplica), or also its source
	// (resetreplicaall).
	Mode string `arg:"mode" choices:"getprimary,getreplica,changeprimary,startreplica,stopreplica,resetprimary,resetreplica,resetreplicaall" default:"getreplica"`
	// The name of the connection, where MariaDB has several sources.
	ConnectionName string `arg:"connection_name"`
	// The name of the channel, where MySQL has several sources.
	Channel string `arg:"channel"`
	// Fails where the server refuses the statement.
	FailOnError bool `arg:"fail_on_error"`
}

// statements are those of the modes that change something and need no more than a
// name, with what is said afterwards. ONE stands for the name of a connection,
// CHANNEL for that of a channel, and REPLICA and MASTER for the server's own words.
var statements = map[string]struct{ sql, done, nothing string }{
	"startreplica":    {"START REPLICA ONE CHANNEL", "Replica started", "Replica already started (or cannot be started)"},
	"stopreplica":     {"STOP REPLICA ONE CHANNEL", "Replica stopped", "Replica already stopped"},
	"resetreplica":    {"RESET REPLICA ONE CHANNEL", "Replica reset", "Replica already reset"},
	"resetreplicaall": {"RESET REPLICA ONE ALL CHANNEL", "Replica reset", "Replica already reset"},
	"resetprimary":    {"RESET MASTER", "Primary reset", "Primary already reset"},
}

func mysqlReplication(ctx context.Context, m *sys.Machine, a *mysqlReplicationArgs) (any, error) {
	asking := strings.HasPrefix(a.Mode, "get")
	if m.Check && !asking {
		return sys.Skip("the statement is not run in check mode"), nil
	}
	c, err := connect(ctx, m, &a.loginArgs, "")
	if err != nil {
		return nil, err
	}
	defer c.close()
	switch a.Mode {
	case "getprimary":
		return c.standing("Is_Primary", "Server is not configured as mysql primary", c.words("SHOW MASTER STATUS", a))
	case "getreplica":
		return c.standing("Is_Replica", "Server is not configured as mysql replica", c.words("SHOW REPLICA ONE STATUS CHANNEL", a))
	case "changeprimary":
		return c.changePrimary(a)
	}
	s := statements[a.Mode]
	statement := c.words(s.sql, a)
	got, err := c.send(statement)
	var refused *serverError
	switch {
	case errors.As(err, &refused) && !a.FailOnError:
		return replicationResult(false, s.nothing+": "+refused.Error(), statement), nil
	case err != nil:
		return nil, fmt.Errorf("%s: %w", statement, err)
	}
	idle, err := c.alreadySo(got)
	if err != nil {
		return nil, err
	}
	if idle {
		return replicationResult(false, s.nothing, statement), nil
	}
	return replicationResult(true, s.done, statement), nil
}

// alreadySo reports whether the server warned that a replica runs already, or has
// stopped already.
func (c *conn) alreadySo(a *answer) (bool, error) {
	if a.warnings == 0 {
		return false, nil
	}
	warned, err := c.send("SHOW WARNINGS")
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(warned.texts(1), func(code string) bool {
		return slices.Contains([]string{"1254", "1255", "3083", "3084"}, code)
	}), nil
}

func replicationResult(changed bool, msg string, statement string) map[string]any {
	return map[string]any{"changed": changed, "msg": msg, "queries": []string{statement}}
}

// standing returns the one row that a statement gives, by its columns, with true
// for is; without a row, false and what that means.
func (c *conn) standing(is, without, statement string) (any, error) {
	got, err := c.send(statement)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", statement, err)
	}
	out := map[string]any{"msg": without}
	if len(got.rows) > 0 {
		out = got.maps()[0]
	}
	out[is] = len(got.rows) > 0
	out["changed"], out["queries"] = false, []string{}
	return out, nil
}

func (c *conn) changePrimary(a *mysqlReplicationArgs) (any, error) {
	settings, shown := c.settingsOf(&a.sourceArgs)
	if len(settings) == 0 {
		return nil, errors.New("changeprimary wants to know what to change\nhint: primary_host, primary_log_file and the like say it")
	}
	statement := c.words("CHANGE MASTER ONE TO ", a)
	channel := c.channel(a)
	if _, err := c.send(statement + strings.Join(settings, ", ") + channel); err != nil {
		return nil, fmt.Errorf("%s%s: %w", statement, strings.Join(shown, ", "), err)
	}
	return replicationResult(true, "Primary changed", statement+strings.Join(shown, ", ")+channel), nil
}
