package mysql

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// authArgs are the arguments that say how a user proves who they are.
type authArgs struct {
	// The password.
	Password string `arg:"password,secret"`
	// The password is given as mysql_native_password keeps it: * and 40 digits.
	Encrypted bool `arg:"encrypted"`
	// When the password of a user that is there is set: always, where it is another
	// one; on_create, never; on_new_username, never, and a new user takes the one of
	// the same name at another host.
	UpdatePassword string `arg:"update_password" choices:"always,on_create,on_new_username" default:"always"`
	// The plugin that proves it, in place of a password.
	Plugin string `arg:"plugin"`
	// What the plugin keeps, as it keeps it.
	PluginHashString string `arg:"plugin_hash_string,secret"`
	// What the plugin makes of it what it keeps; the server cannot be asked for it, so
	// it is set each time unless update_password is on_create.
	PluginAuthString string `arg:"plugin_auth_string,secret"`
}

// identified returns a statement on an account with what proves it, and the
// values for its places.
func (t *userTask) identified(verb string) (string, []any, error) {
	a := t.args
	statement, args := verb+" %s@%s", []any{a.User, a.Host}
	if a.UpdatePassword == "on_new_username" && verb == "CREATE USER" {
		plugin, kept, err := t.existing()
		if err != nil {
			return "", nil, err
		}
		if plugin != "" {
			a.Plugin, a.PluginHashString, a.Password = plugin, kept, ""
		}
	}
	switch {
	case a.Password != "":
		return t.byPassword(statement, args)
	case a.Plugin == "":
		return statement, args, nil
	case !isWord(a.Plugin):
		return "", nil, fmt.Errorf("argument \"plugin\" is %q, which is no name of a plugin", a.Plugin)
	case a.PluginHashString != "":
		return statement + " IDENTIFIED WITH " + a.Plugin + " AS %s", append(args, a.PluginHashString), nil
	case a.PluginAuthString != "" && (a.Plugin == "pam" || t.isMariaDB()):
		return statement + " IDENTIFIED WITH " + a.Plugin + " USING %s", append(args, a.PluginAuthString), nil
	case a.PluginAuthString != "":
		return statement + " IDENTIFIED WITH " + a.Plugin + " BY %s", append(args, a.PluginAuthString), nil
	}
	return statement + " IDENTIFIED WITH " + a.Plugin, args, nil
}

// byPassword sets a password: by its hash where the server keeps that one.
func (t *userTask) byPassword(statement string, args []any) (string, []any, error) {
	hash := nativeHash(t.args.Password)
	if t.args.Encrypted {
		if hash = t.args.Password; !nativeHashed().MatchString(hash) {
			return "", nil, errors.New("argument \"encrypted\" is true, and password is no hash\nhint: as SELECT PASSWORD('...') gives it: * and 40 digits")
		}
	}
	native, err := t.native()
	switch {
	case err != nil:
		return "", nil, err
	case t.isMariaDB():
		return statement + " IDENTIFIED BY PASSWORD %s", append(args, hash), nil
	case native:
		return statement + " IDENTIFIED WITH mysql_native_password AS %s", append(args, hash), nil
	case t.args.Encrypted:
		return "", nil, errors.New("this server has no mysql_native_password, and takes no password that is hashed for it\nhint: leave encrypted out")
	}
	return statement + " IDENTIFIED BY %s", append(args, t.args.Password), nil
}

// native reports whether the server has the plugin mysql_native_password.
func (t *userTask) native() (bool, error) {
	if t.isMariaDB() {
		return true, nil
	}
	found, err := t.send("SELECT PLUGIN_STATUS FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'mysql_native_password'")
	if err != nil {
		return false, err
	}
	status, _ := found.first()
	return status == "ACTIVE", nil
}

// existing returns plugin and secret of the users of this name, if they all have
// the same.
func (t *userTask) existing() (plugin, kept string, err error) {
	found, err := t.ask("SELECT DISTINCT plugin, authentication_string FROM mysql.user WHERE User = %s", t.args.User)
	if err != nil || len(found.rows) != 1 {
		return "", "", err
	}
	return found.texts(0)[0], found.texts(1)[0], nil
}

// authenticateUser brings password or plugin of an account to what is asked.
func (t *userTask) authenticateUser(ctx context.Context, host string) error {
	a := t.args
	if a.Password == "" && a.Plugin == "" {
		return nil
	}
	found, err := t.ask("SELECT plugin, authentication_string FROM mysql.user WHERE User = %s AND Host = %s", a.User, host)
	if err != nil {
		return err
	}
	plugin, kept := found.texts(0)[0], found.texts(1)[0]
	statement, args, err := t.identified("ALTER USER")
	if err != nil {
		return err
	}
	what := "set plugin of "
	if a.Password != "" {
		what = "set password of "
		same, err := t.samePassword(plugin, kept)
		if err != nil || same {
			return err
		}
	} else if plugin == a.Plugin && (a.PluginHashString == "" || a.PluginHashString == kept) && (a.PluginAuthString == "" || a.PluginAuthString == kept) {
		return nil
	}
	args[1] = host
	t.result.Msg, t.result.PasswordChanged = "Password updated (new style)", true
	return t.change(ctx, what+t.account(host), statement, args...)
}

// samePassword reports whether the server keeps the password that is asked for.
func (t *userTask) samePassword(plugin, kept string) (bool, error) {
	switch want := t.args.Password; {
	case t.args.Encrypted:
		return strings.EqualFold(kept, want), nil
	case plugin == "caching_sha2_password":
		return cachedSame(kept, want), nil
	case plugin == "mysql_native_password" || plugin == "":
		return strings.EqualFold(kept, nativeHash(want)), nil
	}
	return false, nil
}

// isWord reports whether s consists of letters, digits and underscores.
func isWord(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
}

var nativeHashed = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\*[0-9A-Fa-f]{40}$`) })

// requirements returns what stands behind REQUIRE.
func requirements(given map[string]any) (string, error) {
	if len(given) == 0 {
		return "", nil
	}
	var parts []string
	simple := "SSL"
	for _, key := range sortedKeys(given) {
		switch upper := strings.ToUpper(key); upper {
		case "CIPHER", "ISSUER", "SUBJECT":
			parts = append(parts, upper+" '"+strings.NewReplacer(`\`, `\\`, "'", "''").Replace(fmt.Sprint(given[key]))+"'")
		case "X509":
			simple = upper
		case "SSL":
		default:
			return "", fmt.Errorf("argument \"tls_requires\" has %q\nhint: use SSL, X509, or CIPHER, ISSUER, SUBJECT", key)
		}
	}
	if len(parts) == 0 {
		return simple, nil
	}
	slices.Sort(parts)
	return strings.Join(parts, " AND "), nil
}

var (
	required = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\bREQUIRE (.*?)(?: (?:PASSWORD|WITH|ACCOUNT)\b.*)?$`)
	})
	requirement = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(CIPHER|ISSUER|SUBJECT) '(?:[^'\\]|\\.|'')*'`) })
)

// require brings the requirements of an account to what is asked. Without
// tls_requires there are none, as in Ansible.
func (t *userTask) require(ctx context.Context, host string) error {
	found, err := t.ask("SHOW CREATE USER %s@%s", t.args.User, host)
	if err != nil {
		return err
	}
	have := ""
	text, _ := found.first()
	if match := required().FindStringSubmatch(text); match != nil {
		have = strings.TrimSpace(match[1])
		if parts := requirement().FindAllString(have, -1); len(parts) > 0 {
			slices.Sort(parts)
			have = strings.Join(parts, " AND ")
		}
	}
	if have = strings.TrimSuffix(have, "NONE"); have == t.requires {
		return nil
	}
	next := t.requires
	if next == "" {
		next = "NONE"
	}
	t.result.Msg = "TLS requires updated"
	return t.change(ctx, "set what connections of "+t.account(host)+" need", "ALTER USER %s@%s REQUIRE "+strings.ReplaceAll(next, "%", "%%"), t.args.User, host)
}

// limits are the columns of mysql.user with the limits of an account.
var limits = [][2]string{{"MAX_QUERIES_PER_HOUR", "max_questions"}, {"MAX_UPDATES_PER_HOUR", "max_updates"},
	{"MAX_CONNECTIONS_PER_HOUR", "max_connections"}, {"MAX_USER_CONNECTIONS", "max_user_connections"}, {"MAX_STATEMENT_TIME", "max_statement_time"}}

// limit brings the limits of an account to those that are given.
func (t *userTask) limit(ctx context.Context, host string) error {
	var settings []string
	for _, key := range sortedKeys(t.args.ResourceLimits) {
		i := slices.IndexFunc(limits, func(l [2]string) bool { return l[0] == key })
		want, err := strconv.Atoi(fmt.Sprint(t.args.ResourceLimits[key]))
		switch {
		case i < 0 || key == "MAX_STATEMENT_TIME" && !t.isMariaDB():
			return fmt.Errorf("argument \"resource_limits\": this server has no limit %q", key)
		case err != nil:
			return fmt.Errorf("argument \"resource_limits\": %s is %v; want a whole number", key, t.args.ResourceLimits[key])
		}
		found, err := t.ask("SELECT "+limits[i][1]+" FROM mysql.user WHERE User = %s AND Host = %s", t.args.User, host)
		if err != nil {
			return err
		}
		text, _ := found.first()
		if have, err := strconv.ParseFloat(text, 64); err != nil || have != float64(want) {
			settings = append(settings, fmt.Sprintf("%s %d", key, want))
		}
	}
	if len(settings) == 0 {
		return nil
	}
	return t.change(ctx, "limit "+t.account(host)+": "+strings.Join(settings, ", "), "ALTER USER %s@%s WITH "+strings.Join(settings, " "), t.args.User, host)
}
