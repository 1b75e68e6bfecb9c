package ssh

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"fleet/internal/source"
	"fleet/internal/ssh/knownhosts"
)

// The defaults of a login.
const (
	defaultConnectTimeout = 10 * time.Second
	defaultKeepAlive      = 5 * time.Second
	defaultMisses         = 3
)

// defaultKeys are the keys that OpenSSH tries by itself.
var defaultKeys = []string{"id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk"}

// target is one host with all that is known about how to log in to it.
type target struct {
	name string // as the user wrote it
	host string
	port int
	user string

	password       string
	passphrase     string
	keyFiles       []string // named by the caller
	configKeys     []string // named by ssh_config, or the default ones
	certificates   []string
	identitiesOnly bool
	agent          string // a socket, or empty

	checking     Checking
	keyAlias     string // the name to look up in known_hosts, or empty
	knownHosts   []string
	globalHosts  []string
	hashHosts    bool
	timeout      time.Duration
	keepAlive    time.Duration
	misses       int
	jump         string
	proxyCommand string
}

// addr returns host:port.
func (t *target) addr() string { return net.JoinHostPort(t.host, strconv.Itoa(t.port)) }

// keyAddr returns the host:port that known_hosts has the key under.
func (t *target) keyAddr() string {
	if t.keyAlias != "" {
		return net.JoinHostPort(t.keyAlias, "22")
	}
	return t.addr()
}

// keyName returns the name that known_hosts has the key under.
func (t *target) keyName() string {
	if t.keyAlias != "" {
		return knownhosts.Name(t.keyAlias, "")
	}
	return knownhosts.Name(t.host, strconv.Itoa(t.port))
}

// String returns user@host, with the port where it is not 22.
func (t *target) String() string {
	if t.port == 22 {
		return t.user + "@" + t.host
	}
	return t.user + "@" + t.addr()
}

// resolve brings the options and ssh_config together.
func (d *Dialer) resolve(o Options) (*target, error) {
	c := &config{host: o.Host, user: o.User, localUser: localUser(), home: d.home(), values: map[string][]value{}, warn: d.warn}
	if err := c.readAll(o, d.ConfigFiles); err != nil {
		return nil, err
	}
	t := &target{name: o.Host, password: o.Password, passphrase: o.Passphrase, keyAlias: c.get("hostkeyalias")}
	t.user = cmp.Or(o.User, c.get("user"), c.localUser)
	t.host = strings.ReplaceAll(strings.ReplaceAll(cmp.Or(c.get("hostname"), o.Host), "%%", "%"), "%h", o.Host)
	if err := t.numbers(o, c); err != nil {
		return nil, err
	}
	expand := t.expander(d.home(), c.localUser)
	t.keys(o, c, d, expand)
	t.hostKeys(o, c, d, expand)
	t.jump = cmp.Or(o.ProxyJump, c.get("proxyjump"))
	t.proxyCommand = cmp.Or(o.ProxyCommand, c.get("proxycommand"))
	if o.ProxyJump != "" && o.ProxyCommand == "" {
		t.proxyCommand = ""
	}
	if strings.EqualFold(t.jump, "none") {
		t.jump = ""
	}
	if t.proxyCommand = expand(t.proxyCommand); strings.EqualFold(t.proxyCommand, "none") {
		t.proxyCommand = ""
	}
	return t, nil
}

func localUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}

func (t *target) numbers(o Options, c *config) error {
	port, err := c.number("port", 1, 65535)
	if err != nil {
		return err
	}
	alive, err := c.number("serveraliveinterval", 0, 1<<20)
	if err != nil {
		return err
	}
	misses, err := c.number("serveralivecountmax", 0, 1<<20)
	if err != nil {
		return err
	}
	timeout, err := c.number("connecttimeout", 0, 1<<20)
	if err != nil {
		return err
	}
	t.port = cmp.Or(o.Port, port, 22)
	t.keepAlive = cmp.Or(o.KeepAlive, time.Duration(alive)*time.Second, defaultKeepAlive)
	t.misses = cmp.Or(o.KeepAliveMisses, misses, defaultMisses)
	t.timeout = cmp.Or(o.ConnectTimeout, time.Duration(timeout)*time.Second, defaultConnectTimeout)
	return nil
}

// number returns the keyword's value, or 0 where it is not set.
func (c *config) number(keyword string, low, high int) (int, error) {
	v := c.values[keyword]
	if len(v) == 0 || strings.EqualFold(v[0].text, "none") {
		return 0, nil
	}
	n, err := strconv.Atoi(v[0].text)
	if err != nil || n < low || n > high {
		return 0, source.Errorf(v[0].pos, "%s is %q, not a whole number from %d to %d", keyword, v[0].text, low, high)
	}
	return n, nil
}

func (t *target) keys(o Options, c *config, d *Dialer, expand func(string) string) {
	for _, f := range o.KeyFiles {
		t.keyFiles = append(t.keyFiles, expandHome(f, d.home()))
	}
	for _, f := range c.all("identityfile") {
		if !strings.EqualFold(f, "none") {
			t.configKeys = append(t.configKeys, expand(f))
		}
	}
	if len(c.all("identityfile")) == 0 && len(o.KeyFiles) == 0 {
		for _, name := range defaultKeys {
			t.configKeys = append(t.configKeys, filepath.Join(d.home(), ".ssh", name))
		}
	}
	for _, f := range c.all("certificatefile") {
		t.certificates = append(t.certificates, expand(f))
	}
	t.identitiesOnly = strings.EqualFold(c.get("identitiesonly"), "yes")
	t.agent = d.AgentSocket
	if t.agent == "" {
		t.agent = expand(c.get("identityagent"))
	}
	switch {
	case strings.EqualFold(t.agent, "none"):
		t.agent = ""
	case t.agent == "" || t.agent == "SSH_AUTH_SOCK":
		t.agent = os.Getenv("SSH_AUTH_SOCK")
	case strings.HasPrefix(t.agent, "$"):
		t.agent = os.Getenv(t.agent[1:])
	}
}

func (t *target) hostKeys(o Options, c *config, d *Dialer, expand func(string) string) {
	t.checking = o.HostKeyChecking
	if t.checking == "" {
		switch strings.ToLower(c.get("stricthostkeychecking")) {
		case "yes":
			t.checking = Strict
		case "no", "off":
			t.checking = Off
		default:
			t.checking = AcceptNew
		}
	}
	t.hashHosts = strings.EqualFold(c.get("hashknownhosts"), "yes")
	for _, f := range o.KnownHosts {
		t.knownHosts = append(t.knownHosts, expandHome(f, d.home()))
	}
	if len(o.KnownHosts) == 0 {
		own := cmp.Or(c.get("userknownhostsfile"), "~/.ssh/known_hosts ~/.ssh/known_hosts2")
		global := cmp.Or(c.get("globalknownhostsfile"), "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2")
		t.knownHosts, t.globalHosts = expandFiles(own, expand), expandFiles(global, expand)
	}
}

func expandFiles(list string, expand func(string) string) []string {
	var files []string
	for _, f := range strings.Fields(list) {
		if !strings.EqualFold(f, "none") {
			files = append(files, expand(f))
		}
	}
	return files
}

// expander returns a function that replaces ~, ${NAME} and the tokens of
// ssh_config(5).
func (t *target) expander(home, local string) func(string) string {
	name, _ := os.Hostname() // without one, %l is empty
	tokens := strings.NewReplacer("%%", "%", "%d", home, "%h", t.host, "%l", name, "%n", t.name,
		"%p", fmt.Sprint(t.port), "%r", t.user, "%u", local, "%i", strconv.Itoa(os.Getuid()))
	return func(s string) string { return tokens.Replace(expandEnv(expandHome(s, home))) }
}

// expandEnv replaces ${NAME}, but not $NAME, which belongs to a shell.
func expandEnv(s string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "${")
		name, after, closed := strings.Cut(rest, "}")
		b.WriteString(before)
		if !found || !closed {
			b.WriteString(s[len(before):])
			return b.String()
		}
		b.WriteString(os.Getenv(name))
		s = after
	}
}

func expandHome(f, home string) string {
	if f == "~" || strings.HasPrefix(f, "~/") {
		return filepath.Join(home, f[1:])
	}
	return f
}
