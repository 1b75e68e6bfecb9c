package check

import (
	"iter"
	"slices"
	"strings"

	"fleet/internal/inventory"
	"fleet/internal/jinja"
	"fleet/internal/source"
)

// connection are the variables that say how to reach a host and as whom to work
// there, and what may stand in them. A test returns what is wrong and a hint.
var connection = map[string]func(v any) (wrong, hint string){
	"ansible_become":                isTruth,
	"ansible_become_exe":            isText,
	"ansible_become_flags":          isText,
	"ansible_become_method":         isOneOf("doas", "su", "sudo"),
	"ansible_become_pass":           isText,
	"ansible_become_password":       isText,
	"ansible_become_user":           isName,
	"ansible_connection":            isOneOf("local", "paramiko", "smart", "ssh"),
	"ansible_host":                  isAddress,
	"ansible_host_key_checking":     isHostKeys,
	"ansible_password":              isText,
	"ansible_port":                  isPort,
	"ansible_private_key_file":      isName,
	"ansible_ssh_common_args":       isText,
	"ansible_ssh_extra_args":        isText,
	"ansible_ssh_host":              isAddress,
	"ansible_ssh_host_key_checking": isHostKeys,
	"ansible_ssh_pass":              isText,
	"ansible_ssh_password":          isText,
	"ansible_ssh_port":              isPort,
	"ansible_ssh_private_key_file":  isName,
	"ansible_ssh_timeout":           isSeconds,
	"ansible_ssh_user":              isName,
	"ansible_timeout":               isSeconds,
	"ansible_user":                  isName,
}

// Connection returns what is wrong with the variables by which these hosts of
// the inventory are reached, each mistake once. given are the variables of the
// command line, which win; nil is none. What a template gives is not known
// before the run.
func Connection(inv *inventory.Inventory, hosts []string, playbookDir string, given *jinja.Map) []*source.Error {
	found := givenErrors(given)
	seen := map[source.Pos]bool{}
	for _, host := range hosts {
		layers, err := inv.Layers(host, playbookDir)
		if err != nil {
			continue // whoever runs the host says it
		}
		for name, n := range reaching(strongest(layers)) {
			if e := variableError(name, jinja.FromYAML(n), n.Pos()); e != nil && !given.Has(name) && !seen[e.Pos] {
				seen[e.Pos] = true
				found = append(found, e)
			}
		}
	}
	return found
}

// givenErrors returns what is wrong with such variables of the command line.
func givenErrors(given *jinja.Map) []*source.Error {
	var found []*source.Error
	for key, v := range given.All() {
		if e := variableError(jinja.Str(key), v, source.Pos{}); e != nil {
			e.Msg = "-e " + e.Msg
			found = append(found, e)
		}
	}
	return found
}

// strongest returns the variables of layers by their names: those of later ones win.
func strongest(layers []inventory.Layer) map[string]source.Node {
	values := map[string]source.Node{}
	for _, l := range layers {
		for _, pair := range l.Vars.Pairs() {
			values[pair.Key.Text()] = pair.Value
		}
	}
	return values
}

// reaching yields those of the variables that say how to reach a host, by name.
func reaching(values map[string]source.Node) iter.Seq2[string, source.Node] {
	var names []string
	for name := range connection {
		if _, set := values[name]; set {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return func(yield func(string, source.Node) bool) {
		for _, name := range names {
			if !yield(name, values[name]) {
				return
			}
		}
	}
}

// inventoryConnection checks the variables of the inventory by which a host of
// the play is reached. What another place may set instead is not certain.
func (p *play) inventoryConnection(values map[string]source.Node) {
	for name, n := range reaching(values) {
		e := variableError(name, jinja.FromYAML(n), n.Pos())
		if e == nil || p.Extra.Has(name) {
			continue
		}
		p.doubt(e, p.sure && !p.learnt.open && !p.learnt.names[name] && !p.vars.Vars.Has(name))
	}
}

// connectionVars checks such variables that a play, role or task sets. Whether they
// are used is not certain.
func (p *play) connectionVars(vars source.Node) {
	for _, pair := range vars.Pairs() {
		if e := variableError(pair.Key.Text(), jinja.FromYAML(pair.Value), pair.Value.Pos()); e != nil {
			p.doubt(e, false)
		}
	}
}

// plain reports whether a value is known as it is written: it is set, no template
// and not encrypted.
func plain(v any) bool {
	switch v := v.(type) {
	case string:
		return !jinja.IsTemplate(v) && !strings.HasPrefix(strings.TrimSpace(v), "$ANSIBLE_VAULT;")
	case bool, int, float64, []any, *jinja.Map:
		return true
	}
	return false
}

// variableError returns what is wrong with a variable that says how to reach a
// host; nil for all others. The value of a secret is not shown.
func variableError(name string, v any, pos source.Pos) *source.Error {
	test, known := connection[name]
	if !known || !plain(v) {
		return nil
	}
	wrong, hint := test(v)
	if wrong == "" {
		return nil
	}
	return source.Errorf(pos, "%s %s", name, wrong).WithHint("%s", hint)
}
