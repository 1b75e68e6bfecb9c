package check

import (
	"os"

	"fleet/internal/library"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// maxScript bounds the size of a module of the user's own that is looked into, in
// bytes: what is larger is no script.
const maxScript = 4 << 20

// own checks that a module of the user's own is one that fleet can run.
func (p *play) own(t *playbook.Task, s site) {
	m := p.module(t)
	if m == nil || m.File == "" {
		return
	}
	err, known := p.owns[m.File]
	if !known {
		err = runnable(m.Name, m.File)
		p.owns[m.File] = err
	}
	if err != nil {
		p.add(source.Errorf(t.ModulePos, "%w", err), s.certain)
	}
}

func runnable(name, file string) error {
	info, err := os.Stat(file)
	if err != nil || info.Size() > maxScript {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	_, err = library.Read(name, text)
	return err
}
