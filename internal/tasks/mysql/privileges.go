package mysql

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// privileges are what an account may do, by the object that it may do it on, as
// the server writes that: "`shop`.*".
type privileges map[string][]string

// parsePrivileges reads "shop.*:SELECT,INSERT/other.table:ALL", or the same as a
// mapping. ansi says that names stand in double quotes on this server, cases that
// the names of columns keep upper and lower case.
func parsePrivileges(given any, ansi, cases bool) (privileges, error) {
	var pairs []string
	switch given := given.(type) {
	case string:
		pairs = strings.Split(strings.TrimSpace(given), "/")
	case map[string]any:
		for _, object := range slices.Sorted(maps.Keys(given)) {
			pairs = append(pairs, fmt.Sprintf("%s:%v", object, given[object]))
		}
	default:
		return nil, fmt.Errorf("argument \"priv\": want a text or a mapping")
	}
	out := privileges{}
	for _, pair := range pairs {
		pair = strings.TrimSpace(pair)
		cut := strings.LastIndex(pair, ":")
		if cut < 0 {
			return nil, fmt.Errorf("argument \"priv\": %q has no privileges\nhint: as mydb.*:SELECT,INSERT", pair)
		}
		object := quoteObject(strings.TrimSpace(pair[:cut]), ansi)
		out[object] = append(out[object], splitPrivileges(pair[cut+1:], cases)...)
	}
	return out, nil
}

// quoteObject quotes the names of "db.table", and leaves "*" alone.
func quoteObject(object string, ansi bool) string {
	mark, kind := "`", ""
	if ansi {
		mark = `"`
	}
	for _, k := range []string{"FUNCTION ", "PROCEDURE "} {
		if rest, ok := strings.CutPrefix(object, k); ok {
			kind, object = k, rest
		}
	}
	sides := []string{object}
	if cut := strings.LastIndex(object, "."); cut >= 0 {
		sides = []string{object[:cut], object[cut+1:]}
	}
	for i, side := range sides {
		if side = strings.Trim(side, "`"); side != "*" {
			side = mark + side + mark
		}
		sides[i] = side
	}
	return kind + strings.Join(sides, ".")
}

// splitPrivileges splits at commas outside of parentheses, and sorts the columns
// inside of these.
func splitPrivileges(text string, cases bool) []string {
	var out []string
	depth, start := 0, 0
	for i := 0; i <= len(text); i++ {
		switch {
		case i < len(text) && text[i] == '(':
			depth++
		case i < len(text) && text[i] == ')':
			depth--
		case i == len(text) || text[i] == ',' && depth == 0:
			if p := strings.TrimSpace(text[start:i]); p != "" {
				out = append(out, sortColumns(p, cases))
			}
			start = i + 1
		}
	}
	return out
}

func sortColumns(privilege string, cases bool) string {
	verb, columns, found := strings.Cut(strings.TrimSuffix(privilege, ")"), "(")
	if verb = strings.ToUpper(strings.TrimSpace(verb)); verb == "ALL PRIVILEGES" {
		verb = "ALL"
	}
	if !found {
		return verb
	}
	names := strings.Split(columns, ",")
	for i := range names {
		if names[i] = strings.Trim(strings.TrimSpace(names[i]), "`\""); !cases {
			names[i] = strings.ToUpper(names[i])
		}
	}
	slices.Sort(names)
	return verb + " (" + strings.Join(names, ", ") + ")"
}

// grantLine matches a line of SHOW GRANTS. One that grants a role has no object.
var grantLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^GRANT (.+) ON (.+) TO (.*)$`) })

// parseGrants reads the lines of SHOW GRANTS, with cases as parsePrivileges.
func parseGrants(lines []string, cases bool) privileges {
	out := privileges{}
	for _, line := range lines {
		match := grantLine().FindStringSubmatch(line)
		if match == nil {
			continue
		}
		list := splitPrivileges(match[1], cases)
		if strings.Contains(match[3], "WITH GRANT OPTION") {
			list = append(list, "GRANT")
		}
		out[match[2]] = append(out[match[2]], list...)
	}
	for object, list := range out {
		out[object] = foldAll(list)
	}
	return out
}

// static are the privileges that make up ALL on a MySQL 8, which lists them.
var static = strings.Split("SELECT,INSERT,UPDATE,DELETE,CREATE,DROP,RELOAD,SHUTDOWN,PROCESS,FILE,REFERENCES,INDEX,ALTER,SHOW DATABASES,SUPER,"+
	"CREATE TEMPORARY TABLES,LOCK TABLES,EXECUTE,REPLICATION SLAVE,REPLICATION CLIENT,CREATE VIEW,SHOW VIEW,CREATE ROUTINE,ALTER ROUTINE,"+
	"CREATE USER,EVENT,TRIGGER,CREATE TABLESPACE", ",")

func foldAll(list []string) []string {
	for _, p := range static {
		if !slices.Contains(list, p) {
			return list
		}
	}
	if slices.Contains(list, "GRANT") {
		return []string{"ALL", "GRANT"}
	}
	return []string{"ALL"}
}

// step is one statement that brings an account nearer to its privileges.
type step struct {
	object        string
	grant, revoke []string
	// option revokes the right to grant.
	option bool
}

// differ returns the steps from what an account may do to what it shall. With
// appending nothing is revoked; with subtracting what is given is.
func differ(have, want privileges, appending, subtracting, isRoot bool) []step {
	var steps []step
	if !appending && !subtracting {
		for _, object := range slices.Sorted(maps.Keys(have)) {
			list := have[object]
			if _, kept := want[object]; !kept && !isRoot && !slices.Contains(list, "PROXY") {
				steps = append(steps, step{object: object, revoke: list, option: slices.Contains(list, "GRANT")})
			}
		}
	}
	for _, object := range slices.Sorted(maps.Keys(want)) {
		list := want[object]
		has, there := have[object]
		s := step{object: object}
		switch {
		case subtracting:
			s.revoke = both(list, has)
			s.option = slices.Contains(s.revoke, "GRANT")
		case !there:
			s.grant = list
		default:
			s.grant = minus(list, has)
			if !appending {
				s.revoke = minus(has, list)
			}
			if slices.Contains(s.grant, "ALL") {
				s.revoke = both(s.revoke, []string{"GRANT", "PROXY"})
			}
			s.option = slices.Contains(s.revoke, "GRANT")
		}
		if slices.Contains(has, "ALL") && !slices.Contains(s.revoke, "ALL") {
			s.grant = both(s.grant, []string{"GRANT"})
		}
		// Each account has USAGE, which allows nothing.
		s.revoke = minus(s.revoke, []string{"USAGE"})
		if there {
			s.grant = minus(s.grant, []string{"USAGE"})
		}
		if slices.Equal(s.grant, []string{"GRANT"}) {
			s.grant = append(s.grant, "USAGE")
		}
		if len(s.grant)+len(s.revoke) > 0 {
			steps = append(steps, s)
		}
	}
	return slices.DeleteFunc(steps, func(s step) bool { return len(s.grant) == 0 && len(minus(s.revoke, []string{"USAGE"})) == 0 })
}

func both(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(p string) bool { return !slices.Contains(b, p) })
}

func minus(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(p string) bool { return slices.Contains(b, p) })
}

// statements returns the SQL of a step, with places for user and host.
func (s step) statements() []string {
	object := strings.ReplaceAll(s.object, "%", "%%")
	var out []string
	if s.option {
		out = append(out, "REVOKE GRANT OPTION ON "+object+" FROM %s@%s")
	}
	if list := minus(s.revoke, []string{"GRANT"}); len(list) > 0 {
		out = append(out, "REVOKE "+strings.Join(list, ",")+" ON "+object+" FROM %s@%s")
	}
	if len(s.grant) > 0 {
		grant := "GRANT " + strings.Join(minus(s.grant, []string{"GRANT"}), ",") + " ON " + object + " TO %s@%s"
		if slices.Contains(s.grant, "GRANT") {
			grant += " WITH GRANT OPTION"
		}
		out = append(out, grant)
	}
	return out
}

// what says a step in a few words.
func (s step) what(account string) string {
	var parts []string
	if len(s.revoke) > 0 {
		parts = append(parts, "revoke "+strings.Join(s.revoke, ","))
	}
	if len(s.grant) > 0 {
		parts = append(parts, "grant "+strings.Join(s.grant, ","))
	}
	return strings.Join(parts, ", ") + " on " + s.object + " for " + account
}
