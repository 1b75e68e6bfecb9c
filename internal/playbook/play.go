package playbook

import (
	"path/filepath"
	"strings"

	"fleet/internal/nearest"
	"fleet/internal/source"
)

// playbook reads a file of plays. chain holds the playbooks that import it, and
// from where.
func (r *reader) playbook(file string, chain []string, from source.Pos) []*Play {
	r.library(filepath.Dir(file))
	doc, ok := r.document(file, from)
	if !ok {
		return nil
	}
	const hint = `start each play with "- hosts: ..."`
	switch {
	case !doc.Exists() || doc.IsNull():
		r.fail(source.Errorf(source.Pos{File: file}, "the playbook is empty").WithHint(hint))
		return nil
	case !doc.IsList():
		r.fail(doc.Errorf("a playbook is a list of plays, not %s", kind(doc)).WithHint(hint))
		return nil
	case len(doc.Items()) == 0:
		r.fail(doc.Errorf("A playbook must contain at least one play").WithHint(hint))
		return nil
	}
	chain = append(chain[:len(chain):len(chain)], file)
	defer r.inPlaybook(file)()
	var plays []*Play
	for _, item := range doc.Items() {
		switch {
		case !item.IsMap():
			r.fail(item.Errorf("a play is a mapping, not %s", kind(item)).WithHint(hint))
		case item.Get("include").Exists() && !item.Get("hosts").Exists():
			r.fail(item.Get("include").Errorf(`"include" is not supported`).WithHint(`use "import_playbook"`))
		case importKey(item).Exists():
			plays = append(plays, r.importPlaybook(item, file, chain)...)
		default:
			plays = append(plays, r.newPlay(item, chain))
		}
	}
	return plays
}

// importKey returns the key import_playbook of an entry, however it is written.
func importKey(item source.Node) source.Node {
	for _, p := range item.Pairs() {
		if builtin(p.Key.Text()) == "import_playbook" {
			return p.Key
		}
	}
	return source.Node{}
}

// importPlaybook reads the plays of another playbook. Its tags and conditions
// come before theirs, its variables win over theirs.
func (r *reader) importPlaybook(n source.Node, file string, chain []string) []*Play {
	var common Keywords
	key := importKey(n)
	value := n.Get(key.Text())
	for _, p := range n.Pairs() {
		if p.Key.Text() == key.Text() {
			continue
		}
		if k, known, ok := r.word(p.Key, inImport); ok {
			r.common(k, p.Value, &common)
		} else if !known {
			r.unknown(p.Key, inImport)
		}
	}
	if !isPlainText(value) {
		r.errorf(value.Pos(), "import_playbook needs the name of a file, not %s", kind(value))
		return nil
	}
	name, ok := r.static("the file of an import", value)
	if !ok {
		return nil
	}
	path := filepath.Join(filepath.Dir(file), name)
	if filepath.IsAbs(name) {
		path = filepath.Clean(name)
	}
	if !isFile(path) {
		r.fail(r.notFound("playbook", name, value.Pos(), []string{path}))
		return nil
	}
	if loop := cycle(chain, path); loop != "" {
		r.errorf(value.Pos(), "the playbook imports itself: %s", loop)
		return nil
	}
	defer r.knowing(n.Get("vars"))()
	plays := r.playbook(path, chain, value.Pos())
	for _, p := range plays {
		p.When = append(common.When[:len(common.When):len(common.When)], p.When...)
		p.Tags = append(common.Tags[:len(common.Tags):len(common.Tags)], p.Tags...)
		p.OpenTags = append(common.OpenTags[:len(common.OpenTags):len(common.OpenTags)], p.OpenTags...)
		p.Vars = mergeMaps(p.Vars, common.Vars)
	}
	return plays
}

// newPlay reads one play of the last file of the chain.
func (r *reader) newPlay(n source.Node, chain []string) *Play {
	p := &Play{File: chain[len(chain)-1], Playbook: chain[0], known: &roleCache{}}
	p.Pos = n.Pos()
	defer r.knowing(n.Get("vars"))()
	var excused bool // it has another mistake that explains why there are no hosts
	// First what names in the rest may need.
	r.varsFiles(n.Get("vars_files"), p)
	if roles := n.Get("roles"); roles.Exists() {
		p.Roles = r.roleList(roles, p)
		r.knowRoles(p)
	}
	for _, pair := range n.Pairs() {
		k, known, ok := r.word(pair.Key, inPlay)
		switch {
		case ok:
			r.playKeyword(k, pair, p)
		case known:
		case r.Modules != nil && r.knownModule(pair.Key.Text()):
			excused = true
			r.fail(pair.Key.Errorf("'%s' is not a valid attribute for a Play: it is a module", pair.Key.Text()).
				WithHint(`put it under "tasks"; a file of tasks alone is used with import_tasks`))
		default:
			_, near := nearest.Name(pair.Key.Text(), []string{"hosts"})
			excused = excused || near
			r.unknown(pair.Key, inPlay)
		}
	}
	p.Handlers = append(append(p.roleHandlers, p.Handlers...), p.importedHandlers...)
	p.roleHandlers, p.importedHandlers = nil, nil
	if !n.Get("hosts").Exists() && !excused {
		r.fail(n.Errorf(`a play needs "hosts"`).WithHint(`"hosts: all" is every host of the inventory`))
	}
	return p
}

// scope returns the scope of a play's own entries.
func (p *Play) scope() scope {
	return scope{play: p, dir: filepath.Dir(p.File), chain: []string{p.File}}
}

// playKeyword reads one keyword of a play.
func (r *reader) playKeyword(k keyword, pair source.Pair, p *Play) {
	value := pair.Value
	imported := p.scope()
	imported.sink = &p.importedHandlers
	switch k.name {
	case "hosts":
		r.hosts(pair)
		p.Hosts = value
	case "tasks":
		p.Tasks = r.entries(k.name, value, imported)
	case "pre_tasks":
		p.PreTasks = r.entries(k.name, value, imported)
	case "post_tasks":
		p.PostTasks = r.entries(k.name, value, imported)
	case "handlers":
		p.Handlers = r.handlers(value, imported)
	case "vars_files", "roles": // are read already
	case "vars_prompt":
		r.prompts(value, p)
	case "serial":
		p.Serial = value
		r.serial(value)
	case "max_fail_percentage":
		p.MaxFailPercentage = value
		r.percent(k.name, value)
	case "gather_subset":
		p.GatherSubset = value
		r.texts(k.name, "a name or a list of names", value)
	case "order":
		r.choice(k.name, value, orders)
		p.Order = value
	case "strategy":
		r.choice(k.name, value, strategies)
		p.Strategy = value
	case "user":
		r.user(pair, p)
	default:
		r.playSetting(k, value, p)
	}
}

// playSetting reads the keywords of a play that are one value.
func (r *reader) playSetting(k keyword, value source.Node, p *Play) {
	var to *source.Node
	switch k.name {
	case "gather_facts":
		to = &p.GatherFacts
	case "gather_timeout":
		to = &p.GatherTimeout
	case "fact_path":
		to = &p.FactPath
	case "force_handlers":
		to = &p.ForceHandlers
	default:
		r.common(k, value, &p.Keywords)
		return
	}
	r.check(k, value)
	*to = value
}

// user reads the old name of remote_user.
func (r *reader) user(pair source.Pair, p *Play) {
	if p.RemoteUser.Exists() {
		r.errorf(pair.Key.Pos(), "both 'user' and 'remote_user' are set for this play. They are the same: use one")
		return
	}
	r.check(r.words["user"], pair.Value)
	p.RemoteUser = pair.Value
}

// hosts checks a pattern or a list of patterns.
func (r *reader) hosts(pair source.Pair) {
	value := pair.Value
	if value.IsNull() || value.IsList() && len(value.Items()) == 0 || value.IsString() && strings.TrimSpace(value.Text()) == "" {
		r.fail(pair.Key.Errorf("Hosts list cannot be empty. Please check your playbook").WithHint(`"hosts: all" is every host of the inventory`))
		return
	}
	r.texts("hosts", "a pattern or a list of patterns", value)
}

var (
	orders      = []string{"inventory", "reverse_inventory", "reverse_sorted", "shuffle", "sorted"}
	connections = []string{"ansible.builtin.local", "ansible.builtin.ssh", "local", "paramiko", "smart", "ssh"}

	becomeMethods = []string{"ansible.builtin.su", "ansible.builtin.sudo", "community.general.doas", "doas", "su", "sudo"}

	debuggers = []string{"always", "never", "on_failed", "on_skipped", "on_unreachable"}

	strategies = []string{"ansible.builtin.debug", "ansible.builtin.free", "ansible.builtin.host_pinned", "ansible.builtin.linear", "debug", "free", "host_pinned", "linear"}
)

// choice reads a text that must be one of some.
func (r *reader) choice(name string, n source.Node, from []string) string {
	if !isPlainText(n) {
		r.errorf(n.Pos(), "%q must be text, not %s", name, kind(n))
		return ""
	}
	if isTemplate(n) { // it decides nothing that has to be known now
		return n.Text()
	}
	text, ok := r.static(`"`+name+`"`, n)
	if !ok {
		return ""
	}
	short := make([]string, 0, len(from))
	for _, one := range from {
		if one == text {
			return text
		}
		if !strings.Contains(one, ".") {
			short = append(short, one)
		}
	}
	e := n.Errorf("the %s %q is not supported", name, text).WithHint("use one of: %s", strings.Join(short, ", "))
	if near := source.DidYouMean(text, short); near != "" {
		e.Hint = near
	}
	r.fail(e)
	return ""
}

// serial checks a number, a percentage or a list of them.
func (r *reader) serial(n source.Node) {
	if !n.IsList() {
		r.percent("serial", n)
		return
	}
	for _, item := range n.Items() {
		r.percent("serial", item)
	}
}

// percent checks a number or a percentage.
func (r *reader) percent(name string, n source.Node) {
	if n.IsMap() || n.IsList() || n.IsNull() {
		r.errorf(n.Pos(), "%q must be a number or a percentage, not %s", name, kind(n))
		return
	}
	number := strings.TrimSuffix(strings.TrimSpace(n.Text()), "%")
	switch v := source.Resolve(number).(type) {
	case int:
		if v >= 0 {
			return
		}
	case float64:
		if v >= 0 {
			return
		}
	}
	if !isTemplate(n) {
		r.errorf(n.Pos(), "%q must be a number or a percentage, not %q", name, n.Text())
	}
}

// varsFiles reads a path, or a list of paths and of lists of alternatives.
func (r *reader) varsFiles(n source.Node, p *Play) {
	if !n.Exists() || n.IsNull() {
		return
	}
	items := n.Items()
	if !n.IsList() {
		items = []source.Node{n}
	}
	for _, item := range items {
		before := len(r.errs)
		r.texts("vars_files", "a path or a list of paths", item)
		if len(r.errs) == before {
			p.VarsFiles = append(p.VarsFiles, item)
			r.knowVarsFile(item, p)
		}
	}
}
