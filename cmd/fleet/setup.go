package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/log"

	"fleet/internal/catalog"
	"fleet/internal/check"
	"fleet/internal/engine"
	"fleet/internal/inventory"
	"fleet/internal/jinja"
	"fleet/internal/library"
	"fleet/internal/local"
	"fleet/internal/playbook"
	"fleet/internal/redact"
	"fleet/internal/settings"
	"fleet/internal/source"
	"fleet/internal/ssh"
	"fleet/internal/vars"
	"fleet/internal/vault"
)

// debugVerbosity is the number of -v that shows how hosts are reached.
const debugVerbosity = 4

// defaultInventory is read where -i is not given.
const defaultInventory = "inventory.yaml"

// setup is what verbs that read an inventory have in common.
type setup struct {
	flags     *connectFlags
	inventory *inventory.Inventory
	store     *vars.Store
	secrets   *redact.Set
	extra     *jinja.Map
	loader    *playbook.Loader
	files     source.Files
	keys      *vault.Ring
	facts     engine.FactCache // nil where none is kept
	settings  *settings.Settings
	library   library.Library // the user's own modules
	none      bool            // there is no inventory
}

// load reads the settings, the inventory and the variables of the command line.
func (f *connectFlags) load(ctx context.Context, a *app) (*setup, error) {
	conf, err := a.configuration()
	if err != nil {
		return nil, err
	}
	if err := fillFlags(f.flags, conf); err != nil {
		return nil, err
	}
	keys, err := a.ring(ctx, &f.vault, conf)
	if err != nil {
		return nil, err
	}
	s := &setup{flags: f, secrets: a.secrets, settings: conf, keys: keys, files: source.Files{Keys: keys, Duplicate: a.duplicates(conf)}}
	if s.facts, err = s.factCache(); err != nil {
		return nil, err
	}
	if s.extra, err = s.extraVars(f.extra); err != nil {
		return nil, err
	}
	if err := s.readInventory(); err != nil {
		return nil, err
	}
	f.limitText = strings.Join(f.limit, ",")
	if f.limit, err = limits(f.limit); err != nil {
		return nil, err
	}
	s.store = s.newStore(s.inventory)
	for _, folder := range conf.Paths("DEFAULT_MODULE_PATH") {
		s.library.Add(folder)
	}
	s.loader = s.newLoader()
	return s, nil
}

// readInventory reads the sources that are named, by flags or settings, or else
// the default one.
func (s *setup) readInventory() error {
	sources := s.flags.inventories
	if len(sources) == 0 {
		sources = s.settings.Paths("DEFAULT_HOST_LIST")
	}
	if len(sources) == 0 {
		switch _, err := os.Stat(defaultInventory); {
		case err == nil:
			sources = []string{defaultInventory}
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
		s.none = len(sources) == 0
	}
	s.flags.inventories = sources
	l := inventory.Loader{Files: s.files, Evaluator: evaluator{s.extra, s.newStore(nil)},
		IgnorePatterns: s.settings.List("INVENTORY_IGNORE_PATTERNS"), GroupNames: inventory.GroupNames(s.settings.Text("TRANSFORM_INVALID_GROUP_CHARS")), Absent: s.absent()}
	if s.settings.Given("INVENTORY_IGNORE_EXTS") {
		l.IgnoreEnds = s.settings.List("INVENTORY_IGNORE_EXTS")
	}
	var err error
	s.inventory, err = l.Load(sources...)
	return err
}

// absent says what becomes of sources that are not there. A run goes on without
// any, for plays that need none.
func (s *setup) absent() inventory.Absent {
	const each, all = "INVENTORY_ANY_UNPARSED_IS_FAILED", "INVENTORY_UNPARSED_IS_FAILED"
	switch {
	case !s.flags.running || s.settings.Bool(each) || s.settings.Bool(all):
		return inventory.AbsentFails
	case s.settings.Given(each):
		return inventory.AbsentPasses
	}
	return inventory.AbsentWarns
}

// newStore returns a store of variables, as the settings say.
func (s *setup) newStore(inv *inventory.Inventory) *vars.Store {
	store := vars.NewStore(inv, s.extra, s.secrets)
	store.Merge = s.mergesMappings()
	return store
}

// mergesMappings reports whether the mappings that a variable has in several
// places are put together.
func (s *setup) mergesMappings() bool {
	return s.settings.Text("DEFAULT_HASH_BEHAVIOUR") == "merge"
}

// limits returns the patterns of --limit; those of "@file" are the file's lines.
func limits(given []string) ([]string, error) {
	var patterns []string
	for _, p := range given {
		if strings.Trim(p, ", ") == "" {
			continue // no limit, as Ansible has it
		}
		file, isFile := strings.CutPrefix(p, "@")
		if !isFile {
			patterns = append(patterns, p)
			continue
		}
		data, err := source.ReadFile(source.ExpandPath(file))
		if info, serr := os.Stat(source.ExpandPath(file)); serr == nil && info.IsDir() {
			return nil, source.Errorf(source.Pos{}, "--limit %s: it must be a file, and is a folder", p)
		}
		if err != nil {
			return nil, source.Errorf(source.Pos{}, "--limit %s: %w", p, reason(err))
		}
		names := strings.Fields(string(data))
		if len(names) == 0 { // which must not mean all hosts
			return nil, source.Errorf(source.Pos{}, "--limit %s: the file names no host", p)
		}
		patterns = append(patterns, names...)
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

func noInventory() error {
	return source.Errorf(source.Pos{}, "there is no inventory: ./%s does not exist", defaultInventory).
		WithHint("name one with -i, or hosts as in -i web1,web2")
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

// reachable refuses variables that cannot say how to reach one of the hosts.
func (s *setup) reachable(hosts []string) error {
	var errs []error
	for _, e := range check.Connection(s.inventory, hosts, ".", s.extra) {
		errs = append(errs, e)
	}
	return errors.Join(errs...)
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

func (s *setup) password(ctx context.Context, ask *terminal, prompt string) (string, error) {
	word, err := ask.Ask(ctx, engine.Question{Text: prompt, Private: true})
	if word != "" {
		s.secrets.Add(word)
	}
	return word, err
}

// modules are fleet's and the user's own.
func (s *setup) modules() catalog.Modules { return catalog.Modules{Own: &s.library} }

// engine returns an engine over the setup.
func (s *setup) engine(o engine.Options, d engine.Dialer) *engine.Engine {
	return &engine.Engine{Inventory: s.inventory, Vars: s.store, Modules: s.modules(), Dialer: d, Secrets: s.secrets,
		Options: o, Loader: s.loader, Facts: s.facts,
		Setting: s.setting, Plugin: s.pluginSetting}
}

// dialer returns the transport of a run.
func (s *setup) dialer(a *app, ask *terminal) *transport {
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

// absolutes returns the inventories' full paths; lists of hosts stay as they are.
func absolutes(sources []string) []string {
	var out []string
	for _, s := range sources {
		if path, err := filepath.Abs(s); err == nil && !strings.Contains(s, ",") {
			s = path
		}
		out = append(out, s)
	}
	return out
}
