package postgresql

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"fleet/internal/nearest"
)

// privileges are all that PostgreSQL knows, of whatever kind of thing.
var privileges = []string{"ALL", "ALL PRIVILEGES", "ALTER SYSTEM", "CONNECT", "CREATE", "DELETE", "EXECUTE", "INSERT", "MAINTAIN",
	"REFERENCES", "SELECT", "SET", "TEMP", "TEMPORARY", "TRIGGER", "TRUNCATE", "UPDATE", "USAGE"}

// defaultKinds are the kinds of things that privileges can be set for beforehand.
var defaultKinds = []string{"FUNCTIONS", "ROUTINES", "SCHEMAS", "SEQUENCES", "TABLES", "TYPES"}

// checkPrivs looks whether the privileges are known, and writes them in capitals.
func (a *postgresqlPrivsArgs) checkPrivs() error {
	known := func(arg string, words, all []string) error {
		for i, word := range words {
			word = strings.ToUpper(strings.TrimSpace(word))
			if words[i] = word; slices.Contains(all, word) {
				continue
			}
			err := fmt.Errorf("argument %q: there is no %q", arg, word)
			if hint := nearest.DidYouMean(word, all); hint != "" {
				err = fmt.Errorf("%w\nhint: %s", err, hint)
			}
			return err
		}
		return nil
	}
	if err := known("privs", a.Privs, privileges); err != nil || a.Type != "default_privs" {
		return err
	}
	if slices.Equal(a.Objs, []string{"ALL_DEFAULT"}) {
		a.Objs = []string{"SEQUENCES", "TABLES", "TYPES"}
	}
	if err := known("objs", a.Objs, defaultKinds); err != nil {
		return err
	}
	if slices.Contains(a.Objs, "SCHEMAS") {
		a.Schema = "" // they lie in none
	}
	return nil
}

// subject says what is granted, for people.
func (a *postgresqlPrivsArgs) subject() string {
	objs := strings.Join(a.Objs, ", ")
	if a.Type == "group" {
		return "membership of " + objs
	}
	return strings.Join(a.Privs, ", ") + " on " + strings.ReplaceAll(a.Type, "_", " ") + " " + objs
}

// statements returns the SQL that does it.
func (a *postgresqlPrivsArgs) statements() ([]string, error) {
	if a.Type == "default_privs" {
		return a.defaults(), nil
	}
	what := names(a.Objs)
	if a.Type != "group" {
		objects, err := a.objects()
		if err != nil {
			return nil, err
		}
		what = strings.Join(a.Privs, ", ") + " ON " + objects
	}
	if a.State == "absent" {
		return []string{"REVOKE " + what + " FROM " + a.grantees()}, nil
	}
	option, word := " WITH GRANT OPTION", "GRANT OPTION"
	if a.Type == "group" {
		option, word = " WITH ADMIN OPTION", "ADMIN OPTION"
	}
	grant := "GRANT " + what + " TO " + a.grantees()
	switch {
	case a.GrantOption == nil:
		return []string{grant}, nil
	case *a.GrantOption:
		return []string{grant + option}, nil
	}
	return []string{grant, "REVOKE " + word + " FOR " + what + " FROM " + a.grantees()}, nil
}

func (a *postgresqlPrivsArgs) grantees() string {
	out := make([]string, len(a.Roles))
	for i, role := range a.Roles {
		if out[i] = name(role); isPublic(role) {
			out[i] = "PUBLIC"
		}
	}
	return strings.Join(out, ", ")
}

// signature is the list of a function's arguments: names of types, and nothing that
// could end the statement.
var signature = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[\w\s,."\[\]]*\)$`) })

// objects returns the things as SQL names them.
func (a *postgresqlPrivsArgs) objects() (string, error) {
	if a.Objs[0] == "ALL_IN_SCHEMA" {
		if a.Schema == "" {
			return "", fmt.Errorf("argument \"objs\": ALL_IN_SCHEMA needs a schema")
		}
		return "ALL " + strings.ToUpper(a.Type) + "S IN SCHEMA " + name(a.Schema), nil
	}
	prefix := ""
	if a.Schema != "" {
		prefix = name(a.Schema) + "."
	}
	out := make([]string, len(a.Objs))
	for i, obj := range a.Objs {
		out[i] = prefix + name(obj)
		if a.Type != "function" && a.Type != "procedure" {
			continue
		}
		called, args, _ := strings.Cut(strings.ReplaceAll(obj, ":", ","), "(")
		if !signature().MatchString(args) {
			return "", fmt.Errorf("argument \"objs\": %q is no function with its arguments, as add(int:int)", obj)
		}
		out[i] = prefix + name(called) + "(" + args
	}
	return strings.ToUpper(strings.ReplaceAll(a.Type, "_", " ")) + " " + strings.Join(out, ", "), nil
}

// defaults returns the statements for what is made later: what was set for these
// roles is replaced.
func (a *postgresqlPrivsArgs) defaults() (out []string) {
	alter := "ALTER DEFAULT PRIVILEGES"
	if len(a.TargetRoles) > 0 {
		alter += " FOR ROLE " + names(a.TargetRoles)
	}
	if a.Schema != "" {
		alter += " IN SCHEMA " + name(a.Schema)
	}
	types := a.UsageOnTypes && !slices.Contains(a.Objs, "TYPES")
	for _, kind := range a.Objs {
		out = append(out, alter+" REVOKE ALL ON "+kind+" FROM "+a.grantees())
	}
	if a.State == "absent" {
		if types {
			out = append(out, alter+" REVOKE ALL ON TYPES FROM "+a.grantees())
		}
		return out
	}
	option := ""
	if a.GrantOption != nil && *a.GrantOption {
		option = " WITH GRANT OPTION"
	}
	for _, kind := range a.Objs {
		out = append(out, alter+" GRANT "+strings.Join(a.Privs, ", ")+" ON "+kind+" TO "+a.grantees()+option)
	}
	if types {
		out = append(out, alter+" GRANT USAGE ON TYPES TO "+a.grantees()+option)
	}
	return out
}
