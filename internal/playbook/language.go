package playbook

// A Keyword is one word of the playbook language, as its documentation shows it.
type Keyword struct {
	Name string
	In   []string // where it may stand: "a play", "a block", "a task", "a role", "a handler", "import_playbook"
	// Refused words are known and not supported, and Hint says what to do instead;
	// Ignored ones have no effect.
	Refused, Ignored bool
	Hint             string
}

// Language returns all keywords that Ansible knows, by name.
func Language() []Keyword {
	out := make([]Keyword, len(keywords))
	for i, k := range keywords {
		out[i] = Keyword{Name: k.name, Refused: k.want == refused, Ignored: k.want == ignored, Hint: k.hint}
		for _, one := range []place{inPlay, inRole, inBlock, inTask, inHandler, inImport} {
			if k.in&one != 0 {
				out[i].In = append(out[i].In, one.String())
			}
		}
	}
	return out
}
