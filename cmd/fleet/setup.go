package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/charmbracelet/log"
	"github.com/spf13/cobra"

	"fleet/internal/engine"
	"fleet/internal/inventory"
	"fleet/internal/jinja"
	"fleet/internal/local"
	"fleet/internal/playbook"
	"fleet/internal/redact"
	"fleet/internal/source"
	"fleet/internal/ssh"
	"fleet/internal/vars"
)

// debugVerbosity is the number of -v that shows how hosts are reached.
const debugVerbosity = 4

// defaultInventory is read where -i is not given.
const defaultInventory = "inventory.yaml"

// connectFlags are the flags of every verb that reaches hosts.
type connectFlags struct {
	inventories  []string
	limit        []string
	extra        []string
	forks        int
	verbose      int
	user         string
	key          string
	askPassword  bool
	become       bool
	becomeUser   string
	becomeMethod string
	askBecome    bool
	connection   string
	timeout      int
	hostKeys     string
}

func (f *connectFlags) inventoryFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.inventories, "inventory", "i", nil, "inventory `file`, folder, or comma list of hosts; repeats (default ./"+defaultInventory+")")
	flags.StringArrayVarP(&f.extra, "extra-vars", "e", nil, "set variables: `key=value`, a YAML or JSON mapping, or @file; repeats, and wins over all others")
}

func (f *connectFlags) limitFlag(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&f.limit, "limit", "l", nil, "only the hosts that this `pattern` names; repeats")
}

func (f *connectFlags) register(cmd *cobra.Command) {
	f.inventoryFlags(cmd)
	f.limitFlag(cmd)
	flags := cmd.Flags()
	flags.IntVarP(&f.forks, "forks", "f", 100, "`hosts` that work at the same time; 0 is all")
	flags.CountVarP(&f.verbose, "verbose", "v", "say more; -vvv says all of it, -vvvv how hosts are reached too")
	flags.StringVarP(&f.user, "user", "u", "", "log in as this `user`, where nothing else says so")
	flags.StringVar(&f.key, "private-key", "", "log in with this private key `file`, where nothing else says so")
	flags.BoolVarP(&f.askPassword, "ask-pass", "k", false, "ask for the password to log in with")
	flags.BoolVarP(&f.become, "become", "b", false, "become another user on the hosts, root by default")
	flags.StringVar(&f.becomeUser, "become-user", "", "the `user` to become")
	flags.StringVar(&f.becomeMethod, "become-method", "", "how to become it: sudo, su or doas (default sudo)")
	flags.BoolVarP(&f.askBecome, "ask-become-pass", "K", false, "ask for the password to become another user with")
	flags.StringVarP(&f.connection, "connection", "c", "", "ssh or local, where nothing else says so (default ssh)")
	flags.IntVarP(&f.timeout, "timeout", "T", 10, "`seconds` that connecting to a host may take")
	flags.StringVar(&f.hostKeys, "host-key-checking", "accept-new", "what to do with host keys: accept-new, strict or off")
}

// setup is what verbs that read an inventory have in common.
type setup struct {
	flags     *connectFlags
	inventory *inventory.Inventory
	store     *vars.Store
	secrets   *redact.Set
	extra     *jinja.Map
	loader    *playbook.Loader
	none      bool // there is no inventory
}

func (f *connectFlags) load(secrets *redact.Set) (*setup, error) {
	inv, err := loadInventory(f.inventories)
	if err != nil {
		return nil, err
	}
	_, missing := os.Stat(defaultInventory)
	if f.limit, err = limits(f.limit); err != nil {
		return nil, err
	}
	extra, err := extraVars(f.extra)
	if err != nil {
		return nil, err
	}
	s := &setup{flags: f, inventory: inv, secrets: secrets, extra: extra, store: vars.NewStore(inv, extra, secrets)}
	s.none = len(f.inventories) == 0 && missing != nil
	s.loader = &playbook.Loader{Modules: catalog{}, Static: s.static, RolesPath: rolesPath()}
	return s, nil
}

// limits returns the patterns of --limit; those of "@file" are the file's lines.
func limits(given []string) ([]string, error) {
	var patterns []string
	for _, p := range given {
		file, isFile := strings.CutPrefix(p, "@")
		if !isFile {
			patterns = append(patterns, p)
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, source.Errorf(source.Pos{}, "--limit %s: %w", p, reason(err))
		}
		patterns = append(patterns, strings.Fields(string(data))...)
	}
	return patterns, nil
}

// reason returns why a file cannot be read, without its name.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// rolesPath returns the folders in which Ansible looks for roles too.
func rolesPath() []string {
	path := []string{"/usr/share/ansible/roles", "/etc/ansible/roles"}
	if home, err := os.UserHomeDir(); err == nil {
		path = append([]string{filepath.Join(home, ".ansible/roles")}, path...)
	}
	return path
}

func loadInventory(sources []string) (*inventory.Inventory, error) {
	if len(sources) == 0 {
		if _, err := os.Stat(defaultInventory); err == nil {
			sources = []string{defaultInventory}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return inventory.Load(sources...)
}

func noInventory() error {
	return source.Errorf(source.Pos{}, "there is no inventory: ./%s does not exist", defaultInventory).
		WithHint("name one with -i, or hosts as in -i web1,web2")
}

// extraVars reads the values of -e, the later ones over the earlier.
func extraVars(given []string) (*jinja.Map, error) {
	all := jinja.NewMap()
	for _, text := range given {
		m, err := extraVar(text)
		if err != nil {
			return nil, err
		}
		for k, v := range m.All() {
			all.Set(k, v)
		}
	}
	return all, nil
}

func extraVar(text string) (*jinja.Map, error) {
	pos := source.Pos{File: "-e", Line: 1, Col: 1}
	trimmed := strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(trimmed, "@"):
		docs, err := source.ReadYAML(trimmed[1:])
		if cause, unreadable := errors.AsType[syscall.Errno](err); unreadable {
			err = source.Errorf(source.Pos{}, "-e %s: %w", trimmed, cause)
		}
		return extraMap(docs, err)
	case strings.HasPrefix(trimmed, "{"), strings.HasPrefix(trimmed, "["), strings.Contains(trimmed, ": ") && !strings.Contains(trimmed, "="):
		docs, err := source.ParseYAML("-e", []byte(text))
		return extraMap(docs, err)
	}
	pairs, rest, err := playbook.FreeForm(text, pos, false)
	if err != nil {
		return nil, err
	}
	if rest != "" || len(pairs) == 0 {
		return nil, source.Errorf(source.Pos{}, "-e %q: want key=value, a mapping, or @file", text)
	}
	m := jinja.NewMap()
	for _, p := range pairs {
		m.Set(p.Key, textValue(p.Value, p.Pos))
	}
	return m, nil
}

func textValue(s string, pos source.Pos) any {
	if jinja.IsTemplate(s) {
		return jinja.NewText(s, pos)
	}
	return s
}

func extraMap(docs []source.Node, err error) (*jinja.Map, error) {
	if err != nil {
		return nil, err
	}
	if len(docs) == 0 || docs[0].IsNull() {
		return jinja.NewMap(), nil
	}
	m, ok := jinja.FromYAML(docs[0]).(*jinja.Map)
	if !ok {
		return nil, source.Errorf(docs[0].Pos(), "extra variables have to be a mapping, not a %s", docs[0].KindName())
	}
	return m, nil
}

// selected returns the hosts that the pattern names within --limit.
func (s *setup) selected(pattern string) ([]string, error) {
	sel, err := s.inventory.Select(pattern)
	if err != nil {
		return nil, err
	}
	if err := s.checkLimit(); err != nil {
		return nil, err
	}
	if s.flags.limit == nil {
		return sel.Hosts, nil
	}
	within, err := s.inventory.Select(s.flags.limit...)
	if err != nil {
		return nil, err
	}
	in := map[string]bool{}
	for _, h := range within.Hosts {
		in[h] = true
	}
	var out []string
	for _, h := range sel.Hosts {
		if in[h] {
			out = append(out, h)
		}
	}
	return out, nil
}

// checkLimit refuses a --limit that names nothing.
func (s *setup) checkLimit() error {
	if s.flags.limit == nil {
		return nil
	}
	sel, err := s.inventory.Select(s.flags.limit...)
	if err != nil {
		return err
	}
	for _, u := range sel.Unknown {
		return source.Errorf(source.Pos{}, "--limit %s: no host or group is called %q", strings.Join(s.flags.limit, ","), u.Pattern).WithHint("%s", u.Hint)
	}
	if len(sel.Hosts) == 0 {
		return source.Errorf(source.Pos{}, "--limit %s: no host is left", strings.Join(s.flags.limit, ","))
	}
	return nil
}

// options returns what the flags say about a run. It asks for passwords.
func (s *setup) options(ctx context.Context, ask engine.Prompter) (engine.Options, error) {
	f := s.flags
	o := engine.Options{Forks: f.forks, Limit: f.limit, Verbosity: f.verbose, RemoteUser: f.user, PrivateKey: f.key,
		Connection: f.connection, Become: f.become, BecomeUser: f.becomeUser, BecomeMethod: f.becomeMethod,
		ConnectTimeout: time.Duration(f.timeout) * time.Second, HostKeyChecking: f.hostKeys}
	var err error
	if f.askPassword {
		if ask == nil {
			return o, source.Errorf(source.Pos{}, "-k: there is no terminal to ask for a password on").WithHint("set ansible_password")
		}
		if o.Password, err = s.password(ctx, ask, "SSH password: "); err != nil {
			return o, err
		}
	}
	if f.askBecome {
		if ask == nil {
			return o, source.Errorf(source.Pos{}, "-K: there is no terminal to ask for a password on").WithHint("set ansible_become_password")
		}
		if o.BecomePassword, err = s.password(ctx, ask, "BECOME password: "); err != nil {
			return o, err
		}
	}
	return o, nil
}

// valid refuses values of flags that mean nothing.
func (f *connectFlags) valid() error {
	words := []struct {
		flag, value string
		from        []string
	}{
		{"become-method", f.becomeMethod, []string{"sudo", "su", "doas"}},
		{"connection", f.connection, []string{"ssh", "local"}},
		{"host-key-checking", f.hostKeys, []string{"accept-new", "strict", "off"}},
	}
	for _, w := range words {
		if w.value != "" && !slices.Contains(w.from, w.value) {
			return usageError(source.DidYouMean(w.value, w.from), "it is one of "+join(w.from), "--%s: %q is not supported", w.flag, w.value)
		}
	}
	switch {
	case f.forks < 0:
		return usageError("", "0 is all hosts at the same time", "--forks: %d is less than 0", f.forks)
	case f.timeout < 1:
		return usageError("", "the default is 10 seconds", "--timeout: %d is less than 1 second", f.timeout)
	}
	return nil
}

func (s *setup) password(ctx context.Context, ask engine.Prompter, prompt string) (string, error) {
	word, err := ask.Ask(ctx, prompt, true)
	if word != "" {
		s.secrets.Add(word)
	}
	return word, err
}

// engine returns an engine over the setup.
func (s *setup) engine(o engine.Options, d engine.Dialer, ask engine.Prompter) *engine.Engine {
	return &engine.Engine{Inventory: s.inventory, Vars: s.store, Modules: catalog{}, Dialer: d, Secrets: s.secrets,
		Prompter: ask, Options: o, Loader: s.loader}
}

// static renders a template that has to be known before the run: it sees the
// variables of the command line only.
func (s *setup) static(n source.Node) (string, error) {
	scope := jinja.Vars{}
	for k, v := range s.extra.All() {
		scope[jinja.Str(k)] = v
	}
	c := jinja.NewContext(context.Background(), nil, scope)
	v, err := jinja.Deep(c, jinja.FromYAML(n))
	if err != nil {
		return "", err
	}
	return jinja.Str(v), nil
}

// dialer returns the transport of a run.
func (s *setup) dialer(a *app, ask engine.Prompter) *transport {
	d := &ssh.Dialer{Helpers: a.helpers, Warn: a.warn}
	if ask != nil {
		d.Password = func(ctx context.Context, prompt string) (string, error) { return s.password(ctx, ask, prompt) }
		d.Passphrase = func(ctx context.Context, file string) (string, error) {
			return s.password(ctx, ask, fmt.Sprintf("Passphrase for %s: ", file))
		}
	}
	logger := newLog(a.err, a.color)
	if s.flags.verbose >= debugVerbosity {
		logger.SetLevel(log.DebugLevel)
	}
	return newTransport(d, &local.Host{Helpers: a.helpers}, logger)
}

// findPlaybook returns the file that a name on the command line stands for: a
// bare name is also looked for under playbooks/.
func findPlaybook(name string) (string, error) {
	switch info, err := os.Stat(name); {
	case err == nil && info.IsDir():
		return "", source.Errorf(source.Pos{}, "playbook %q is a folder", name).WithHint("name a file in it")
	case err == nil:
		return name, nil
	}
	under := filepath.Join("playbooks", name)
	if filepath.Base(name) == name {
		if _, err := os.Stat(under); err == nil {
			return under, nil
		}
		return "", source.Errorf(source.Pos{}, "playbook %q does not exist", name).WithHint("looked for %s and %s", name, under)
	}
	return "", source.Errorf(source.Pos{}, "playbook %q does not exist", name)
}
