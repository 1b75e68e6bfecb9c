package playbook

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"fleet/internal/source"
)

// roleUse is one use of a role: an entry of `roles`, a dependency, an import or
// an include.
type roleUse struct {
	Keywords
	name        string
	pos         source.Pos
	params      source.Node
	options     RoleOptions
	fromInclude bool
	dynamic     bool  // brought in while the play runs
	by          *Role // the role that depends on it
	via         *Task // import_role
}

// roleCache is the roles whose handlers a play has.
type roleCache struct {
	mu     sync.Mutex
	hooked map[string]bool // by Role.Key
}

// roleList reads the `roles` of a play.
func (r *reader) roleList(n source.Node, p *Play) []Entry {
	s := p.scope()
	s.sink = &p.roleHandlers
	if n.IsNull() {
		return nil
	}
	if !n.IsList() {
		r.fail(n.Errorf(`A malformed role declaration was encountered: "roles" must be a list, not %s`, kind(n)).WithHint(`write "- NAME"`))
		return nil
	}
	var out []Entry
	for _, item := range n.Items() {
		use, ok := r.roleEntry(item)
		if !ok {
			r.gap(s, nil)
			continue
		}
		if b := r.useRole(use, s); b != nil {
			out = append(out, b)
		}
	}
	return out
}

// neverParams are keywords of a task that nobody means as a role's parameters.
var neverParams = []string{"changed_when", "failed_when", "listen", "loop", "loop_control", "notify", "register", "until"}

// roleEntry reads a role's name, or a mapping with its name, keywords, and
// parameters: all keys that are no keywords.
func (r *reader) roleEntry(n source.Node) (roleUse, bool) {
	use := roleUse{pos: n.Pos(), options: RoleOptions{Once: true}}
	use.Pos = n.Pos()
	if isPlainText(n) && strings.TrimSpace(n.Text()) == "" {
		r.fail(n.Errorf("a role needs a name").WithHint(`write "- NAME"`))
		return use, false
	}
	if isPlainText(n) {
		return r.named(use, n)
	}
	if !n.IsMap() {
		r.fail(n.Errorf("a role is a name or a mapping, not %s", kind(n)).WithHint(`write "- NAME" or "- role: NAME"`))
		return use, false
	}
	name := n.Get("role")
	if !name.Exists() {
		name = n.Get("name")
	}
	if !name.Exists() {
		if src := n.Get("src"); isPlainText(src) {
			name = textAt(src, repositoryName(src.Text()), src.Pos())
			n = without(n, "src", "scm", "version")
		}
	}
	if !isPlainText(name) || strings.TrimSpace(name.Text()) == "" {
		r.fail(n.Errorf("a role needs a name").WithHint(`write "- role: NAME"`))
		return use, false
	}
	var params []string
	for _, p := range n.Pairs() {
		k, known, ok := r.word(p.Key, inRole)
		switch {
		case ok && k.name != "role" && k.name != "name":
			r.common(k, p.Value, &use.Keywords)
		case has(neverParams, p.Key.Text()), strings.HasPrefix(p.Key.Text(), "with_"):
			r.fail(p.Key.Errorf("%q means nothing on a role", p.Key.Text()).WithHint("use include_role in a task"))
		case !known && r.varName(p.Key):
			params = append(params, p.Key.Text())
		}
	}
	use.params = only(n, params)
	return r.named(use, name)
}

func (r *reader) named(use roleUse, name source.Node) (roleUse, bool) {
	text, ok := r.static("the name of a role", name)
	if ok && strings.Contains(text, ",") {
		r.fail(name.Errorf("Invalid old style role requirement: %s", text).WithHint(`give parameters as keys: "- {role: NAME, key: value}"`))
		return use, false
	}
	use.name, use.pos = strings.TrimSpace(text), name.Pos()
	return use, ok && use.name != ""
}

// repositoryName returns the name of the role in a source such as
// "https://example.org/ansible-role.git" or "author.role".
func repositoryName(src string) string {
	src, _, _ = strings.Cut(src, ",")
	return strings.TrimSuffix(strings.TrimSuffix(filepath.Base(src), ".git"), ".tar.gz")
}

// only returns the mapping with some of its keys, or nothing where there is none.
func only(n source.Node, keys []string) source.Node {
	if len(keys) == 0 {
		return source.Node{}
	}
	var drop []string
	for _, p := range n.Pairs() {
		keep := false
		for _, k := range keys {
			keep = keep || k == p.Key.Text()
		}
		if !keep {
			drop = append(drop, p.Key.Text())
		}
	}
	return without(n, drop...)
}

// useRole reads what one use of a role runs: a block with the keywords of the
// use, and in it the blocks of the dependencies and of the role.
func (r *reader) useRole(use roleUse, s scope) *Block {
	dir, err := r.findRole(use, s)
	if err != nil {
		r.gap(s, err)
		return nil
	}
	entry := dir
	if from := use.options.TasksFrom; from != "" {
		entry = filepath.Join(dir, "tasks", from) // a role may import another part of itself
	}
	if loop := cycle(s.roles, entry); loop != "" {
		r.errorf(use.pos, "the role %q uses itself: %s", use.name, loop)
		return nil
	}
	s.roles = append(s.roles[:len(s.roles):len(s.roles)], entry)
	role := r.role(use, dir)
	defer r.inRole(role, use)()
	outer := &Block{Keywords: use.Keywords, Parent: s.parent, Params: use.params, Import: use.via, Use: role}
	if use.via != nil {
		outer.notify = use.via.Notify
	}
	inner := s.inside(outer)
	for _, dep := range r.meta(role) {
		dep.by = role
		if b := r.useRole(dep, inner); b != nil {
			outer.Body = append(outer.Body, b)
			role.Dependencies = append(role.Dependencies, b.Use)
		}
	}
	own := &Block{Parent: outer, Role: role}
	own.Pos = use.Pos
	inner = s.inside(own)
	own.Body = append(r.validation(use, role, inner), r.roleTasks(use, role, inner)...)
	outer.Body = append(outer.Body, own)
	if s.sink != nil && s.play.firstUse(role) {
		*s.sink = append(*s.sink, r.roleHandlers(use, role, inner)...)
	}
	return outer
}

// role returns the role of a use, with its variables.
func (r *reader) role(use roleUse, dir string) *Role {
	role := &Role{Name: use.name, Dir: dir, Key: use.key(dir), AllowDuplicates: !use.options.Once, Included: use.fromInclude}
	if filepath.IsAbs(use.name) || strings.HasPrefix(use.name, ".") {
		role.Name = filepath.Base(use.name)
	}
	if role.Collection = collectionOf(dir); role.Collection != "" {
		role.Name = strings.TrimPrefix(role.Name, role.Collection+".")
	}
	if use.by != nil {
		role.Parents = []*Role{use.by}
	}
	role.Private = r.isPrivate(use)
	r.library(dir)
	role.Defaults = r.roleVars(use, role, "defaults", use.options.DefaultsFrom)
	role.Vars = r.roleVars(use, role, "vars", use.options.VarsFrom)
	return role
}

// isPrivate reports whether only the role of a use sees its variables.
func (r *reader) isPrivate(use roleUse) bool {
	switch {
	case use.options.Public != nil:
		return !*use.options.Public
	case r.PrivateRoles != nil:
		return *r.PrivateRoles
	}
	return use.dynamic
}

// collectionOf returns the collection in whose folder a role lies, or "".
func collectionOf(dir string) string {
	parts := strings.Split(filepath.ToSlash(dir), "/")
	i := slices.Index(parts, "ansible_collections")
	if i < 0 || len(parts) < i+5 || parts[i+3] != "roles" {
		return ""
	}
	return parts[i+1] + "." + parts[i+2]
}

// firstUse reports whether the role's handlers are still to be added to the play.
func (p *Play) firstUse(role *Role) bool {
	if p == nil || p.known == nil {
		return true
	}
	p.known.mu.Lock()
	defer p.known.mu.Unlock()
	if p.known.hooked[role.Key] {
		return false
	}
	if p.known.hooked == nil {
		p.known.hooked = map[string]bool{}
	}
	p.known.hooked[role.Key] = true
	return true
}

// key is the same for two uses that give the same role the same parameters.
func (u roleUse) key(dir string) string {
	var b strings.Builder
	o := u.options
	b.WriteString(quote(dir))
	for _, file := range []string{o.TasksFrom, o.VarsFrom, o.DefaultsFrom, o.HandlersFrom} {
		b.WriteString(quote(cmp.Or(file, "main")))
	}
	b.WriteString(quote(strings.Join(u.Tags, ",")))
	if u.fromInclude {
		b.WriteString("include")
	}
	for _, n := range slices.Concat([]source.Node{u.params, u.Vars}, u.OpenTags, u.When) {
		b.WriteByte('|')
		writeKey(&b, n)
	}
	return b.String()
}

func writeKey(b *strings.Builder, n source.Node) {
	switch {
	case n.IsMap():
		for _, p := range n.Pairs() {
			b.WriteString("{" + quote(p.Key.Text()))
			writeKey(b, p.Value)
			b.WriteString("}")
		}
	case n.IsList():
		for _, item := range n.Items() {
			b.WriteString("[")
			writeKey(b, item)
			b.WriteString("]")
		}
	default:
		b.WriteString(quote(n.Text()))
	}
}
