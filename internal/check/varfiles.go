package check

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"fleet/internal/playbook"
	"fleet/internal/source"
)

// includeVars checks the files of variables that a task reads.
func (p *play) includeVars(t *playbook.Task, g *given, s site) {
	if found := p.find(t, g, "vars", "dir", s); found != "" {
		for _, file := range varFiles(found) {
			p.includedFile(file, s.perhaps())
		}
	}
	if found := p.find(t, g, "vars", "file", s); found != "" {
		p.includedFile(found, s)
	}
	if v, given := g.get("file"); given && v == (opaque{}) {
		p.candidateFiles(t, g.text("file"), s)
	}
}

// candidateFiles checks the files of variables that a name with templates can
// stand for.
func (p *play) candidateFiles(t *playbook.Task, name string, s site) {
	for _, file := range p.candidates(t, name, p.searchForTask(t).Dirs("vars")) {
		if doc := p.varDoc(file); doc.err == nil || !vague(name) {
			p.varFile(file, s.perhaps())
		}
	}
}

// includedFile checks one file of include_vars.
func (p *play) includedFile(file string, s site) {
	if doc := p.varDoc(file); doc.list {
		p.fail(notMapping(doc.node, "list"), source.Pos{File: file}, s.certain)
		return
	}
	p.varFile(file, s)
}

// varFile checks one file of variables.
func (p *play) varFile(file string, s site) {
	doc := p.varDoc(file)
	p.fail(doc.err, source.Pos{File: file}, s.certain)
	p.definitions(p.Vars.Map(doc.node))
	p.overrides(doc.node)
}

// varsFile checks an entry of vars_files: a name, or names of which the first
// file that exists is taken.
func (p *play) varsFile(n source.Node, s site) {
	p.evaluated(n, s)
	items := n.Items()
	if !n.IsList() {
		items = []source.Node{n}
	}
	var missing error
	for _, item := range items {
		name, literal := p.literal(item)
		if !literal {
			p.candidateFiles(nil, item.Text(), s)
			s, missing = s.perhaps(), nil
			continue
		}
		file, err := p.searchFor(nil).Find("vars", name)
		if err == nil {
			p.varFile(file, s)
			p.reserved(p.varDoc(file).node)
			return
		}
		if missing == nil {
			missing = err
		}
	}
	if missing != nil {
		p.fail(missing, n.Pos(), s.certain && !p.learnt.files)
	}
}

// varDoc is a file of variables that was read.
type varDoc struct {
	node source.Node
	list bool // the file has a list of mappings, which vars_files take
	err  error
}

func notMapping(n source.Node, kind string) error {
	return n.Errorf("a file of variables has to be a mapping, not a %s", kind)
}

func (r *run) varDoc(file string) varDoc {
	if d, known := r.varDocs[file]; known {
		return d
	}
	var d varDoc
	docs, err := r.Loader.Files.YAML(file)
	switch {
	case err != nil:
		d.err = err
	case len(docs) == 0 || docs[0].IsNull():
	case docs[0].IsMap():
		d.node = docs[0]
	default:
		if d.node, d.list = docs[0].Merged(); !d.list {
			d.err = notMapping(docs[0], docs[0].KindName())
		}
	}
	r.varDocs[file] = d
	return d
}

// varFiles returns the file itself, or the files of variables in a folder.
func varFiles(path string) []string {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []string{path}
	}
	var out []string
	_ = filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && slices.Contains([]string{".yml", ".yaml", ".json"}, filepath.Ext(file)) {
			out = append(out, file)
		}
		return nil
	})
	return out
}
