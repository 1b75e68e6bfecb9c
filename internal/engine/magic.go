package engine

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/vars"
)

// runMagic is the variables that the engine provides where no host is meant.
type runMagic struct {
	engine *Engine
	play   *playRun
}

var runNames = []string{"ansible_check_mode", "ansible_inventory_sources", "ansible_playbook_python", "ansible_diff_mode", "ansible_forks", "ansible_limit", "ansible_play_hosts_all",
	"ansible_play_name", "ansible_run_tags", "ansible_skip_tags", "ansible_verbosity", "ansible_version", "groups", "omit", "playbook_dir"}

func (m runMagic) Names() []string { return runNames }

func (m runMagic) Lookup(name string) (any, bool) {
	o := &m.engine.Options
	switch name {
	case "omit":
		return jinja.Omit, true
	case "ansible_check_mode":
		return o.Check, true
	case "ansible_diff_mode":
		return o.Diff, true
	case "ansible_forks":
		return o.Forks, true
	case "ansible_verbosity":
		return o.Verbosity, true
	case "ansible_run_tags":
		if len(o.Tags) == 0 {
			return []any{"all"}, true
		}
		return list(o.Tags), true
	case "ansible_skip_tags":
		return list(o.SkipTags), true
	case "ansible_limit":
		return o.LimitText, len(o.Limit) > 0
	case "ansible_version":
		// The version of the language that fleet follows.
		return jinja.NewMap("full", "2.16.0", "major", 2, "minor", 16, "revision", 0, "string", "2.16.0"), true
	case "groups":
		return m.engine.groups(), true
	case "playbook_dir":
		dir, err := filepath.Abs(m.play.dir)
		return dir, err == nil
	case "ansible_playbook_python":
		// There is none of fleet's own: this is the one that playbooks may run.
		python, err := exec.LookPath("python3")
		return python, err == nil
	case "ansible_inventory_sources":
		return list(o.Inventories), true
	case "ansible_play_name":
		return m.play.name, true
	case "ansible_play_hosts_all":
		return list(m.play.all), true
	}
	return nil, false
}

func list(names []string) []any {
	out := make([]any, len(names))
	for i, n := range names {
		out[i] = n
	}
	return out
}

// groups returns the variable of that name: a map from groups to their hosts.
func (e *Engine) groups() *jinja.Map {
	m := jinja.NewMap()
	for _, g := range e.Inventory.Groups() {
		m.Set(g.Name, list(e.Inventory.Members(g.Name)))
	}
	return m
}

// magic is the variables that the engine provides for a host at one point.
type magic struct {
	run    *hostRun
	host   string
	entry  playbook.Entry
	before *vars.Place // set where another host looks
	scope  *vars.Scope // what `vars` shows
}

var magicNames = append([]string{"ansible_collection_name", "ansible_dependent_role_names", "ansible_facts", "ansible_play_batch", "ansible_play_hosts", "ansible_play_role_names", "ansible_role_name", "ansible_role_names",
	"ansible_parent_role_names", "ansible_parent_role_paths",
	"ansible_search_path", "group_names", "hostvars", "inventory_dir", "inventory_file", "inventory_hostname", "inventory_hostname_short",
	"play_hosts", "role_name", "role_path", "role_names", "vars"}, runNames...)

func (m *magic) Names() []string { return magicNames }

func (m *magic) Lookup(name string) (any, bool) {
	switch name {
	case "inventory_hostname":
		return m.host, true
	case "inventory_hostname_short":
		short, _, _ := strings.Cut(m.host, ".")
		return short, true
	case "group_names":
		return list(m.run.engine.Inventory.GroupNames(m.host)), true
	case "ansible_facts":
		if m.before == nil {
			m.run.air.await(m.run.number, func(p *profile) bool { return p.findsAny() })
		}
		return m.run.engine.Vars.Host(m.host).Facts(m.before), true
	case "hostvars":
		return hostVars{m.run}, true
	case "vars":
		if m.scope == nil {
			return nil, false
		}
		return scopeMapping{m.scope, false}, true
	case "ansible_play_hosts":
		return list(m.run.partners()), true
	case "play_hosts", "ansible_play_batch":
		return list(m.run.peers()), true
	case "inventory_dir", "inventory_file":
		return m.inventoryFile(name)
	case "ansible_search_path":
		return list(absolutes(m.run.searchFor(m.entry).Dirs(""))), true
	}
	if v, ok := m.role(name); ok {
		return v, true
	}
	return runMagic{m.run.engine, m.run.playRun}.Lookup(name)
}

// absolutes returns the full paths of folders.
func absolutes(dirs []string) []string {
	out := slices.Clone(dirs)
	for i, dir := range dirs {
		if full, err := filepath.Abs(dir); err == nil {
			out[i] = full
		}
	}
	return out
}

func (m *magic) inventoryFile(name string) (any, bool) {
	h, ok := m.run.engine.Inventory.Host(m.host)
	if !ok || h.File == "" {
		return nil, false
	}
	if name == "inventory_dir" {
		return h.Dir, true
	}
	return h.File, true
}

// peers returns the hosts of the batch that had not failed or ended before the task that
// this host is at: it waits until they have come that far.
func (h *hostRun) peers() []string {
	h.waitFor(h.hosts)
	return h.crowd.present(h.order)
}

// partners returns the hosts of the whole play that had not failed before the task
// that this host is at.
func (h *hostRun) partners() []string {
	peers := h.peers()
	var out []string
	for _, name := range h.all {
		if slices.Contains(h.hosts, name) && slices.Contains(peers, name) ||
			!slices.Contains(h.hosts, name) && !h.engine.stats.isGone(name) {
			out = append(out, name)
		}
	}
	return out
}

// hostVars is the variable of that name: the variables of every host.
type hostVars struct{ run *hostRun }

func (v hostVars) Keys() []any {
	var keys []any
	for _, h := range v.run.engine.Inventory.Hosts() {
		keys = append(keys, h.Name)
	}
	return keys
}

func (v hostVars) Lookup(_ *jinja.Context, key any) (any, bool, error) {
	name, _ := key.(string)
	if _, ok := v.run.engine.Inventory.Host(name); !ok {
		return nil, false, nil
	}
	scope, err := v.run.scopeOf(name)
	if err != nil {
		return nil, false, err
	}
	return scopeMapping{scope, true}, true, nil
}

// scopeOf returns another host's variables as they were when that host had done
// everything before the task that this one is at.
func (h *hostRun) scopeOf(name string) (*vars.Scope, error) {
	m := &magic{run: h, host: name}
	if err := h.AwaitAll(); err != nil {
		return nil, err
	}
	if name != h.host {
		h.waitFor([]string{name})
		m.before = &vars.Place{Play: h.id, Order: slices.Clone(h.order)}
	}
	scope, err := h.engine.Vars.Scope(vars.Where{Host: name, PlaybookDir: h.dir, Magic: m, Before: m.before})
	m.scope = scope
	return scope, err
}

// scopeMapping shows a scope as a dictionary, without what shows scopes: no
// dictionary is within itself. Its values are evaluated with the scope's own
// variables, and where these lack something, with those of who looks.
type scopeMapping struct {
	scope *vars.Scope
	host  bool // it is an entry of hostvars
}

// hides reports whether a name is no entry of the dictionary.
func (s scopeMapping) hides(name string) bool { return name == "vars" || s.host && name == "hostvars" }

func (s scopeMapping) Keys() []any {
	return list(slices.DeleteFunc(s.scope.Names(), s.hides))
}

func (s scopeMapping) Lookup(c *jinja.Context, key any) (any, bool, error) {
	name, ok := key.(string)
	if !ok || s.hides(name) {
		return nil, false, nil
	}
	v, ok := s.scope.Lookup(name)
	if !ok {
		return nil, false, nil
	}
	switch v.(type) {
	case jinja.Mapping, jinja.Partial:
		return v, true, nil
	}
	known, err := jinja.Deep(c.With(s.scope), v)
	if jinja.IsUndefined(err) {
		if known, again := jinja.Deep(c, v); again == nil {
			return known, true, nil
		}
	}
	return known, err == nil, err
}
