package main

import (
	"cmp"
	"context"
	"time"

	"fleet/internal/engine"
	"fleet/internal/factcache"
	"fleet/internal/source"
)

// options returns what flags and settings say about a run. It asks for passwords.
func (s *setup) options(ctx context.Context, a *app) (engine.Options, error) {
	f, conf := s.flags, s.settings
	o := engine.Options{Forks: f.forks, Limit: f.limit, LimitText: f.limitText, Inventories: absolutes(f.inventories), Verbosity: f.verbose, RemoteUser: f.user, PrivateKey: f.key,
		Connection: f.connection, Become: f.become, BecomeUser: f.becomeUser, BecomeMethod: f.becomeMethod,
		BecomeExe: conf.Text("DEFAULT_BECOME_EXE"), BecomeFlags: conf.Text("DEFAULT_BECOME_FLAGS"),
		ConnectTimeout: time.Duration(f.timeout) * time.Second, HostKeyChecking: f.hostKeys, Port: conf.Int("DEFAULT_REMOTE_PORT"),
		SSHArgs: conf.Text("SSH_ARGS"), SSHCommonArgs: conf.Text("SSH_COMMON_ARGS"), SSHExtraArgs: conf.Text("SSH_EXTRA_ARGS"),
		ForceHandlers: conf.Bool("DEFAULT_FORCE_HANDLERS"), AllowMissingHandlers: !conf.Bool("ERROR_ON_MISSING_HANDLER"), AnyErrorsFatal: conf.Bool("ANY_ERRORS_FATAL"), NoLog: conf.Bool("DEFAULT_NO_LOG"), TaskTimeout: float64(conf.Int("TASK_TIMEOUT")),
		Gathering: conf.Text("DEFAULT_GATHERING"), Managed: conf.Text("DEFAULT_MANAGED_STR"), Strategy: conf.Text("DEFAULT_STRATEGY"),
		ReadLiterals: conf.Bool("DEFAULT_JINJA2_NATIVE"), Debugger: conf.Bool("ENABLE_TASK_DEBUGGER"), DebugIgnored: !conf.Bool("TASK_DEBUGGER_IGNORE_ERRORS")}
	var err error
	o.Password, err = s.secret(ctx, a, wanted{f.askPassword, "-k", "SSH password: ", "CONNECTION_PASSWORD_FILE", "ansible_password"})
	if err != nil {
		return o, err
	}
	become := wanted{f.askBecome, "-K", "BECOME password: ", "BECOME_PASSWORD_FILE", "ansible_become_password"}
	if f.askPassword {
		become.prompt = "BECOME password[defaults to SSH password]: "
	}
	o.BecomePassword, err = s.secret(ctx, a, become)
	if f.askPassword && f.askBecome {
		o.BecomePassword = cmp.Or(o.BecomePassword, o.Password)
	}
	return o, err
}

// wanted is a password that a run may need.
type wanted struct {
	ask          bool
	flag, prompt string
	setting      string // of the file that has it
	variable     string // that has it otherwise
}

// secret asks for a password, or reads it from the file that a setting names.
func (s *setup) secret(ctx context.Context, a *app, w wanted) (string, error) {
	file := s.settings.Path(w.setting)
	switch {
	case w.ask:
		word, err := a.word(ctx, w.prompt)
		if err != nil {
			return "", source.Errorf(source.Pos{}, "%s: %w", w.flag, err).WithHint("set %s", w.variable)
		}
		s.secrets.Add(word)
		return word, nil
	case file != "":
		return s.keys.ReadPassword(ctx, file)
	}
	return "", nil
}

// factCache returns the cache of facts that the settings name, or nil.
func (s *setup) factCache() (engine.FactCache, error) {
	switch s.settings.Text("CACHE_PLUGIN") {
	case "jsonfile", "ansible.builtin.jsonfile":
	default:
		return nil, nil
	}
	dir := source.ExpandPath(s.settings.Path("CACHE_PLUGIN_CONNECTION"))
	if dir == "" {
		return nil, source.Errorf(source.Pos{File: s.settings.Origin("CACHE_PLUGIN")}, "the cache of facts has no folder").
			WithHint("name it with fact_caching_connection")
	}
	return &factcache.Folder{Dir: dir, Prefix: s.settings.Text("CACHE_PLUGIN_PREFIX"),
		Timeout: time.Duration(s.settings.Int("CACHE_PLUGIN_TIMEOUT")) * time.Second}, nil
}

// flushCache forgets the cached facts of all hosts.
func (s *setup) flushCache() error {
	if s.facts == nil {
		return nil
	}
	for _, h := range s.inventory.Hosts() {
		if err := s.facts.Drop(h.Name); err != nil {
			return err
		}
	}
	return nil
}
