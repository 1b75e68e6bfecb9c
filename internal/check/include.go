package check

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"fleet/internal/argument"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// inclusion is what an include at run time can bring in.
type inclusion struct {
	parts []part
	sure  bool // it is the only part
	open  bool // there may be more, which is not known before the run
}

// part is a file or a role of an inclusion.
type part struct {
	key      string // the same for the same file in the same role
	block    *playbook.Block
	handlers []*playbook.Task
	vague    bool // any file with this ending
	err      error
}

// include returns what a task includes.
func (p *play) include(t *playbook.Task) *inclusion {
	if inc := p.included[t]; inc != nil {
		return inc
	}
	inc := &inclusion{}
	p.included[t] = inc
	if argument.ShortName(t.Module) == "include_role" {
		p.includeRole(t, inc)
	} else {
		p.includeTasks(t, inc)
	}
	return inc
}

func (p *play) includeTasks(t *playbook.Task, inc *inclusion) {
	n := t.IncludedFile()
	where := p.searchFor(t)
	name, literal := p.literal(n)
	if !literal {
		for _, file := range p.candidates(t, n.Text(), where.Dirs("tasks")) {
			if file == t.Pos.File {
				continue
			}
			part := p.tasks(t, file)
			part.vague = vague(n.Text())
			inc.parts = append(inc.parts, part)
		}
		inc.open = len(inc.parts) == 0
		return
	}
	inc.sure = true
	file, err := where.Find("tasks", name)
	if err != nil {
		e := asError(err, n.Pos())
		e.Pos = n.Pos()
		inc.parts = []part{{err: e}}
		return
	}
	one := p.tasks(t, file)
	inc.parts, inc.open = []part{one}, one.block != nil && one.block.Open
}

// tasks reads a file of tasks for an include.
func (p *play) tasks(t *playbook.Task, file string) part {
	key := file
	if role := playbook.RoleOf(t); role != nil {
		key += "\n" + role.Dir
	}
	if p.isOpen(t, file) {
		return part{key: key}
	}
	b, err := p.Loader.Tasks(file, t, nil)
	return part{key: key, block: b, err: err}
}

// isOpen reports whether the file has been included around the task already, as
// where a file includes itself until some condition ends it.
func (p *play) isOpen(t *playbook.Task, file string) bool {
	depth := 0
	for b := t.Parent; b != nil; b = b.Parent {
		if b.Import == nil {
			continue
		}
		if inc := p.included[b.Import]; inc != nil && slices.ContainsFunc(inc.parts, func(part part) bool {
			return part.block == b && strings.HasPrefix(part.key+"\n", file+"\n")
		}) {
			depth++
		}
	}
	return depth > 0
}

func (p *play) includeRole(t *playbook.Task, inc *inclusion) {
	g := p.given(t)
	name, _ := g.get("name")
	text, literal := name.(string)
	if !literal {
		inc.open = true
		return
	}
	o := playbook.RoleOptions{Play: p.scratch}
	for key, to := range map[string]*string{"tasks_from": &o.TasksFrom, "vars_from": &o.VarsFrom,
		"defaults_from": &o.DefaultsFrom, "handlers_from": &o.HandlersFrom} {
		v, given := g.get(key)
		if !given {
			continue
		}
		if *to, literal = v.(string); !literal {
			inc.open = true
			return
		}
	}
	inc.sure = true
	key := strings.Join([]string{"role", text, o.TasksFrom, o.VarsFrom, o.DefaultsFrom, o.HandlersFrom}, "\n")
	if p.isOpen(t, key) {
		inc.parts = []part{{key: key}}
		return
	}
	if _, given := g.get("public"); given {
		public, _ := g.flag("public")
		o.Public = &public
	}
	b, handlers, err := p.Loader.Role(text, o, t)
	inc.parts, inc.open = []part{{key: key, block: b, handlers: handlers, err: err}}, b != nil && b.Open
}

var marker = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?s)\{\{.*?\}\}`)
})

// candidates returns the files that a name with templates can stand for: those
// in the folders that have the same fixed parts. A name without a fixed part,
// can be any: it has no candidates, unless it is the item of a loop that is
// written out.
func (p *play) candidates(t *playbook.Task, name string, dirs []string) []string {
	if strings.Contains(name, "{%") {
		return nil
	}
	var out []string
	for _, one := range p.items(t, name) {
		fixed := marker().ReplaceAllString(one, "")
		if fixed == "" || filepath.IsAbs(one) {
			return nil
		}
		pattern := marker().ReplaceAllString(one, "*")
		for _, dir := range dirs {
			found, _ := filepath.Glob(filepath.Join(dir, pattern))
			for _, f := range found {
				if !slices.Contains(out, f) {
					out = append(out, f)
				}
			}
			if len(found) > 0 {
				break // folders behind it are for names that are not here
			}
		}
	}
	return out
}

// vague reports whether a name with templates fits any file of its ending, so
// that one that does not fit may not be meant.
func vague(name string) bool {
	return strings.TrimSuffix(marker().ReplaceAllString(name, ""), filepath.Ext(name)) == ""
}

// items returns the names that `{{ item }}` stands for, where that is the name
// and the loop is written out; otherwise the name itself.
func (p *play) items(t *playbook.Task, name string) []string {
	if t == nil || t.Loop == nil || strings.Trim(name, "{} ") != t.Loop.VarName() {
		return []string{name}
	}
	list := t.Loop.Items
	var out []string
	var add func(n source.Node)
	add = func(n source.Node) {
		for _, item := range n.Items() {
			if files := item.Get("files"); item.IsMap() && t.Loop.Lookup == "first_found" {
				add(files)
			} else if item.Exists() && !item.IsMap() && !item.IsList() {
				out = append(out, item.Text())
			}
		}
	}
	add(list)
	if len(out) == 0 {
		return []string{name}
	}
	return out
}

// varNames returns the names of a mapping's entries.
func varNames(n source.Node) []string {
	var out []string
	for _, pair := range n.Pairs() {
		out = append(out, pair.Key.Text())
	}
	return out
}
