package playbook

import (
	"strings"

	"gopkg.in/yaml.v3"

	"fleet/internal/source"
)

// conditions reads `when` and its like: an expression or a list of them.
func (r *reader) conditions(name string, n source.Node) []source.Node {
	items := n.Items()
	if !n.IsList() {
		items = []source.Node{n}
	}
	out := make([]source.Node, 0, len(items))
	for _, c := range items {
		switch {
		case c.IsMap(), c.IsList():
			r.fail(c.Errorf("%q must be an expression or a list of expressions, not %s", name, kind(c)).
				WithHint(`quote an expression that holds ": " or starts with { or [`))
		case c.IsNull(), strings.TrimSpace(c.Text()) == "":
			r.errorf(c.Pos(), "%q is empty", name)
		default:
			out = append(out, c)
		}
	}
	return out
}

// vars reads variables: a mapping, or a list of mappings of which later ones win.
func (r *reader) vars(n source.Node) source.Node {
	switch {
	case n.IsNull():
		return source.Node{}
	case n.IsList():
		var all source.Node
		for _, m := range n.Items() {
			if !m.IsMap() {
				r.errorf(m.Pos(), `"vars" must be a mapping, not %s`, kind(m))
				continue
			}
			r.varNames(m)
			all = mergeMaps(all, m)
		}
		return all
	case !n.IsMap():
		r.errorf(n.Pos(), `"vars" must be a mapping, not %s`, kind(n))
		return source.Node{}
	}
	r.varNames(n)
	return n
}

func (r *reader) varNames(n source.Node) {
	for _, p := range n.Pairs() {
		r.varName(p.Key)
	}
}

// varName notes a name that cannot be a variable's.
func (r *reader) varName(key source.Node) bool {
	return r.variable(key, "%q is not a valid variable name")
}

// variable notes a name that cannot be a variable's, in the words of format.
func (r *reader) variable(key source.Node, format string) bool {
	name := key.Text()
	if isName(name) {
		return true
	}
	e := source.Errorf(key.Pos(), format, name)
	e.Hint = "a name has letters, digits and underscores, and starts with no digit"
	if pythonWords[name] {
		e.Hint = "it is a reserved word of the template language"
	} else if better := strings.NewReplacer("-", "_", ".", "_", " ", "_").Replace(name); isName(better) {
		e.WithHint("write %q", better)
	}
	r.fail(e)
	return false
}

// isName reports whether a text can be the name of a variable.
func isName(s string) bool {
	for i, c := range s {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && !pythonWords[s]
}

// pythonWords cannot be names, because a template could not say them.
var pythonWords = map[string]bool{
	"False": true, "None": true, "True": true, "and": true, "as": true, "assert": true, "async": true, "await": true,
	"break": true, "class": true, "continue": true, "def": true, "del": true, "elif": true, "else": true, "except": true,
	"finally": true, "for": true, "from": true, "global": true, "if": true, "import": true, "in": true, "is": true,
	"lambda": true, "nonlocal": true, "not": true, "or": true, "pass": true, "raise": true, "return": true, "try": true,
	"while": true, "with": true, "yield": true,
}

// magicNames are the variables that the run itself sets: register cannot.
var magicNames = map[string]bool{
	"ansible_check_mode": true, "ansible_facts": true, "ansible_version": true, "group_names": true, "groups": true,
	"hostvars": true, "inventory_dir": true, "inventory_file": true, "inventory_hostname": true,
	"inventory_hostname_short": true, "omit": true, "play_hosts": true, "playbook_dir": true, "role_name": true,
	"role_path": true, "vars": true,
}

// tags reads a list of tags or a comma separated text.
func (r *reader) tags(n source.Node, to *Keywords) {
	items := n.Items()
	if !n.IsList() {
		items = []source.Node{n}
	}
	for _, item := range items {
		if item.IsMap() || item.IsList() || item.IsNull() {
			r.errorf(item.Pos(), `"tags" must be a list of words, not %s`, kind(item))
			continue
		}
		names, known := r.knownNames(item)
		if !known {
			to.OpenTags = append(to.OpenTags, item)
			continue
		}
		to.Tags = append(to.Tags, SplitTags(names...)...)
	}
}

// SplitTags returns the tags that texts hold, with commas between them.
func SplitTags(texts ...string) []string {
	var tags []string
	for _, tag := range strings.Split(strings.Join(texts, ","), ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}

// texts reads a text or a list of texts (what); templates are allowed.
func (r *reader) texts(name, what string, n source.Node) []source.Node {
	items := n.Items()
	if !n.IsList() {
		items = []source.Node{n}
	}
	var out []source.Node
	for _, item := range items {
		if item.IsMap() || item.IsList() || item.IsNull() || item.Text() == "" {
			got := kind(item)
			if item.IsString() {
				got = "empty text"
			}
			r.errorf(item.Pos(), "%q must be %s, not %s", name, what, got)
			continue
		}
		out = append(out, item)
	}
	return out
}

// environment checks a mapping, a list of mappings, or templates of either.
func (r *reader) environment(n source.Node) {
	switch {
	case n.IsMap(), n.IsNull(), isTemplate(n):
	case n.IsList():
		for _, item := range n.Items() {
			if item.IsList() {
				r.errorf(item.Pos(), `"environment" must be a mapping, not a list in a list`)
				continue
			}
			r.environment(item)
		}
	default:
		r.errorf(n.Pos(), `"environment" must be a mapping, not %s`, kind(n))
	}
}

// moduleDefaults checks a mapping from modules to arguments, or a list of such.
func (r *reader) moduleDefaults(n source.Node) {
	if n.IsList() {
		for _, item := range n.Items() {
			if item.IsMap() {
				r.moduleDefaults(item)
			} else if !isTemplate(item) {
				r.errorf(item.Pos(), `"module_defaults" must be a mapping, not %s`, kind(item))
			}
		}
		return
	}
	if !n.IsMap() && !n.IsNull() && !isTemplate(n) {
		r.errorf(n.Pos(), `"module_defaults" must be a mapping, not %s`, kind(n))
	}
	for _, p := range n.Pairs() {
		name := p.Key.Text()
		switch {
		case strings.HasPrefix(name, "group/") && groupPrefix(name) == "":
			r.fail(p.Key.Errorf("no group of modules is called %q", name).WithHint("use group/docker or group/mysql, or name the modules"))
		case strings.HasPrefix(name, "group/"):
		case !r.knownModule(name):
			r.fail(r.noModule(p.Key))
		case !p.Value.IsMap() && !p.Value.IsNull() && !isTemplate(p.Value):
			r.errorf(p.Value.Pos(), "the defaults of %q must be a mapping, not %s", name, kind(p.Value))
		}
	}
}

// groups are the groups of modules that module_defaults may name, with what the
// names of their modules begin with.
var groups = map[string]string{
	"docker": "docker_", "community.docker.docker": "docker_",
	"mysql": "mysql_", "community.mysql.mysql": "mysql_",
}

func groupPrefix(name string) string {
	group, _ := strings.CutPrefix(name, "group/")
	return groups[group]
}

// InGroup reports whether a name in module_defaults is that of a group ("group/...")
// to which the module with this short name belongs.
func InGroup(name, module string) bool {
	prefix := groupPrefix(name)
	return strings.HasPrefix(name, "group/") && prefix != "" && strings.HasPrefix(module, prefix)
}

// mergeMaps returns a mapping with the entries of both, where those of over win.
func mergeMaps(base, over source.Node) source.Node {
	if !base.IsMap() {
		return over
	}
	if !over.IsMap() {
		return base
	}
	var content []*yaml.Node
	for _, p := range base.Pairs() {
		if !over.Get(p.Key.Text()).Exists() {
			content = append(content, p.Key.Node, p.Value.Node)
		}
	}
	merged := *over.Node
	merged.Content = append(content, over.Content...)
	over.Node = &merged
	return over
}

// without returns the mapping without some keys.
func without(n source.Node, keys ...string) source.Node {
	cut := *n.Node
	cut.Content = nil
	for _, p := range n.Pairs() {
		drop := false
		for _, k := range keys {
			drop = drop || p.Key.Text() == k
		}
		if !drop {
			cut.Content = append(cut.Content, p.Key.Node, p.Value.Node)
		}
	}
	n.Node = &cut
	return n
}

// textAt returns a text that stands at pos, in the file of from.
func textAt(from source.Node, text string, pos source.Pos) source.Node {
	from.Node = &yaml.Node{
		Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.TaggedStyle,
		Value: text, Line: pos.Line, Column: pos.Col,
	}
	return from
}

// mapOf returns the pairs of a free-form text as a mapping in from's file.
func mapOf(from source.Node, pairs []KV) source.Node {
	pos := from.TextPos()
	m := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: pos.Line, Column: pos.Col}
	for _, kv := range pairs {
		key, value := textAt(from, kv.Key, kv.Pos), textAt(from, kv.Value, kv.Pos.At(kv.Key, len(kv.Key)+1))
		m.Content = append(m.Content, key.Node, value.Node)
	}
	from.Node = m
	return from
}
