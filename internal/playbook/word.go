package playbook

import (
	"fmt"
	"strings"

	"fleet/internal/source"
)

// word returns the keyword that key is in this place. It reports whether it is
// one and may be used; a keyword that may not is noted as a mistake.
func (r *reader) word(key source.Node, in place) (k keyword, known, usable bool) {
	k, known = r.words[key.Text()]
	switch {
	case !known, k.in&in == 0:
		return k, false, false
	case k.want == refused:
		e := source.Errorf(key.Pos(), "%q is not supported", k.name).WithHint("%s", k.hint)
		r.fail(e)
		return k, true, false
	}
	return k, true, true
}

// unknown notes a key that is no keyword of this place, and returns the mistake.
func (r *reader) unknown(key source.Node, in place) *source.Error {
	name := key.Text()
	e := source.Errorf(key.Pos(), "unknown keyword %q in %s", name, in)
	switch k, elsewhere := r.words[name]; {
	case elsewhere && k.want == refused:
		e.Msg, e.Hint = fmt.Sprintf("%q is not supported", name), k.hint
	case elsewhere:
		e.Msg = fmt.Sprintf("%q does not belong in %s: it is a keyword of %s", name, in, k.in.home())
		e.Hint = misplaced(name, in)
	default:
		e.Hint = source.DidYouMean(name, keywordNames(in))
	}
	r.fail(e)
	return e
}

// misplaced returns what to do about a keyword in the wrong place.
func misplaced(name string, in place) string {
	switch {
	case in == inBlock && (name == "loop" || name == "loop_control"):
		return "put the block into a file of its own and loop over include_tasks"
	case in == inPlay && name == "when":
		return `put it on the tasks, or around them with "block"`
	case in == inTask && name == "listen":
		return `topics are for handlers; a task uses "notify"`
	case in != inPlay && (name == "hosts" || name == "tasks" || name == "roles"):
		return "a file of tasks has no plays; use import_playbook for a playbook"
	}
	return source.DidYouMean(name, keywordNames(in))
}

// common reads a keyword that plays, roles, blocks and tasks share. It reports
// whether it was one of them.
func (r *reader) common(k keyword, value source.Node, to *Keywords) bool {
	if value.IsNull() && k.name == "when" {
		to.Idle = append(to.Idle, withoutValue(k, value))
		return true
	}
	switch k.name {
	case "when":
		to.When = append(to.When, r.conditions(k.name, value)...)
	case "vars":
		to.Vars = r.vars(value)
	case "tags":
		r.tags(value, to)
	case "environment":
		r.environment(value)
		to.Environment = value
	case "module_defaults":
		r.moduleDefaults(value)
		to.ModuleDefaults = value
	default:
		if k.want == ignored {
			return true
		}
		if k.to == nil {
			return false
		}
		if value.IsNull() && k.name != "name" && k.name != "async" {
			to.Idle = append(to.Idle, withoutValue(k, value))
			return true
		}
		if e := r.misfit(k, value); e != nil {
			to.Misfits = append(to.Misfits, e)
		}
		if k.from != nil && isPlainText(value) && !isTemplate(value) {
			r.choice(k.name, value, k.from)
		}
		*k.to(to) = value
	}
	return true
}

// withoutValue tells of a keyword that stands there alone.
func withoutValue(k keyword, value source.Node) *source.Error {
	return source.Errorf(value.Pos(), "%q is empty, which is as if it were not there", k.name)
}

// check notes a value of the wrong type.
func (r *reader) check(k keyword, value source.Node) {
	if e := r.misfit(k, value); e != nil {
		r.fail(e)
	}
}

// misfit notes a value that is no scalar, and returns what is wrong with a scalar
// of another type.
func (r *reader) misfit(k keyword, value source.Node) *source.Error {
	if k.name == "name" && value.IsNull() { // "- name:" has none
		return nil
	}
	if value.IsMap() || value.IsList() || value.IsNull() {
		r.errorf(value.Pos(), "%q must be %s, not %s", k.name, k.want, kind(value))
		return nil
	}
	if isTemplate(value) || k.want.fits(value) {
		return nil
	}
	return source.Errorf(value.Pos(), "%q must be %s, not %q", k.name, k.want, value.Text())
}

func (w want) String() string {
	switch w {
	case wantBool:
		return "true or false"
	case wantWhole:
		return "a whole number"
	case wantNumber:
		return "a number"
	case wantCount:
		return "a whole number of 1 or more"
	}
	return "text"
}

// fits reports whether a scalar that is no template is of the type, with the
// texts that Ansible takes for booleans and numbers.
func (w want) fits(n source.Node) bool {
	v := source.Scalar(n)
	text, isText := v.(string)
	switch w {
	case wantBool:
		if b, ok := v.(int); ok {
			return b == 0 || b == 1
		}
		_, isBool := v.(bool)
		return isBool || isText && boolWords[strings.ToLower(text)]
	case wantWhole, wantNumber, wantCount:
		if isText {
			v = source.Resolve(strings.TrimSpace(text))
		}
		n, isInt := v.(int)
		_, isFloat := v.(float64)
		return isInt && (w != wantCount || n >= 1) || isFloat && w == wantNumber
	}
	return true
}

var boolWords = map[string]bool{
	"y": true, "yes": true, "on": true, "1": true, "true": true, "t": true,
	"n": true, "no": true, "off": true, "0": true, "false": true, "f": true,
}

// isTemplate reports whether the text holds a template.
func isTemplate(n source.Node) bool {
	return n.IsString() && (strings.Contains(n.Text(), "{{") || strings.Contains(n.Text(), "{%"))
}

// bare returns the error without the position that its text starts with.
func bare(err error) error {
	if e, ok := err.(*source.Error); ok {
		return fmt.Errorf("%s", e.Msg)
	}
	return err
}
