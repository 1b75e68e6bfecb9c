package check

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"fleet/internal/argument"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// maxTemplate bounds the size of a template file, in bytes.
const maxTemplate = 64 << 20

// localFiles checks the controller's files that a task names.
func (p *play) localFiles(t *playbook.Task, g *given, s site) {
	switch argument.ShortName(t.Module) {
	case "copy":
		p.copySource(t, g, s)
	case "unarchive":
		if src, _ := g.get("src"); p.isLocal(g) && !strings.Contains(toText(src), "://") {
			p.find(t, g, "files", "src", s)
		}
	case "script":
		p.script(t, g, s)
	case "template":
		if file := p.find(t, g, "templates", "src", s); file != "" {
			p.templateFile(t, g, file, s)
		} else {
			p.blind = true
		}
	case "include_vars":
		p.includeVars(t, g, s)
	}
}

func toText(v any) string {
	s, _ := v.(string)
	return s
}

// isLocal reports whether the source is a file of the controller for certain.
func (p *play) isLocal(g *given) bool {
	remote, known := g.flag("remote_src")
	return known && !remote
}

func (p *play) copySource(t *playbook.Task, g *given, s site) {
	_, src := g.get("src")
	_, content := g.get("content")
	switch {
	case content, !p.isLocal(g):
	case src:
		p.find(t, g, "files", "src", s)
	case !g.template:
		p.add(source.Errorf(t.ModulePos, "copy: src (or content) is required").
			WithHint("`fleet doc copy` lists the arguments"), s.certain)
	}
}

// script checks that the script exists, which is the first word of the command.
func (p *play) script(t *playbook.Task, g *given, s site) {
	line := t.Action.Text()
	if n := g.nodes["cmd"]; n.Exists() {
		line = n.Text()
	}
	name := firstWord(line)
	if name == "" || strings.ContainsAny(name, "{=") {
		return
	}
	if _, err := p.searchFor(t).Find("files", name); err != nil {
		p.missing(name, err, g.pos["cmd"], t, s)
	}
}

// firstWord returns the first word of a command line, without its quotes.
func firstWord(line string) string {
	line = strings.TrimSpace(line)
	if line != "" && strings.ContainsRune(`"'`, rune(line[0])) {
		word, _, _ := strings.Cut(line[1:], line[:1])
		return word
	}
	word, _, _ := strings.Cut(line, " ")
	return strings.Trim(word, `"'`)
}

// find returns the file that an argument names, or "" where that is not known or
// it is not there.
func (p *play) find(t *playbook.Task, g *given, kind, arg string, s site) string {
	v, _ := g.get(arg)
	name, literal := v.(string)
	if !literal || name == "" {
		return ""
	}
	file, err := p.searchFor(t).Find(kind, name)
	if err != nil {
		p.missing(name, err, g.pos[arg], t, s)
		return ""
	}
	return file
}

// missing notes a file that is not there.
func (p *play) missing(name string, err error, pos source.Pos, t *playbook.Task, s site) {
	if pos.IsZero() {
		pos = t.ModulePos
	}
	for _, e := range playbook.Errors(err) {
		if p.learnt.paths[filepath.Base(name)] {
			continue // a task may make it
		}
		p.doubt(located(e, pos), s.certain && !p.learnt.files)
	}
}

// templateFile checks a template file as the task will read it.
func (p *play) templateFile(t *playbook.Task, g *given, file string, s site) {
	o, known := options(g)
	if !known {
		p.blind = true
		return
	}
	key := struct {
		file string
		o    jinja.Options
	}{file, o}
	x := p.texts[key]
	if x == nil {
		x = p.readTemplate(file, o)
		p.texts[key] = x
	}
	p.see(file)
	p.use(x, s)
}

func (r *run) readTemplate(file string, o jinja.Options) *text {
	pos := source.Pos{File: file, Line: 1, Col: 1}
	info, err := os.Stat(file)
	if err == nil && info.Size() > maxTemplate {
		return &text{err: source.Errorf(source.Pos{File: file}, "the template has more than %d MiB", maxTemplate>>20)}
	}
	data, err := r.Loader.Files.Read(file)
	if mistake, unread := errors.AsType[*source.Error](err); unread {
		return &text{err: mistake}
	}
	src := string(data)
	x, err := jinja.Parse(src, pos, o)
	return r.newText(x, err, src, pos)
}

// options returns how a task reads its template, where that is known.
func options(g *given) (jinja.Options, bool) {
	o := jinja.ForFile()
	for arg, to := range map[string]*bool{"trim_blocks": &o.TrimBlocks, "lstrip_blocks": &o.LstripBlocks} {
		if _, given := g.get(arg); !given {
			continue
		}
		v, known := g.flag(arg)
		if !known {
			return o, false
		}
		*to = v
	}
	for arg, to := range map[string]*string{
		"variable_start_string": &o.VariableStart, "variable_end_string": &o.VariableEnd, "block_start_string": &o.BlockStart,
		"block_end_string": &o.BlockEnd, "comment_start_string": &o.CommentStart, "comment_end_string": &o.CommentEnd,
	} {
		v, given := g.get(arg)
		if !given {
			continue
		}
		text, literal := v.(string)
		if !literal {
			return o, false
		}
		*to = text
	}
	return o, true
}
