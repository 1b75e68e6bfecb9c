package playbook

import (
	"strconv"
	"strings"

	"fleet/internal/source"
)

var promptKeys = []string{"confirm", "default", "encrypt", "name", "private", "prompt", "salt", "salt_size", "unsafe"}

// prompts reads vars_prompt: a list of variables to ask for.
func (r *reader) prompts(n source.Node, p *Play) {
	items := n.Items()
	if n.IsMap() {
		items = []source.Node{n}
	} else if !n.IsList() && !n.IsNull() {
		r.errorf(n.Pos(), `"vars_prompt" must be a list of mappings, not %s`, kind(n))
	}
	for _, item := range items {
		if !item.IsMap() {
			r.errorf(item.Pos(), `an entry of "vars_prompt" must be a mapping, not %s`, kind(item))
			continue
		}
		p.VarsPrompt = append(p.VarsPrompt, r.prompt(item))
	}
}

func (r *reader) prompt(n source.Node) Prompt {
	p := Prompt{Pos: n.Pos(), Private: true}
	for _, pair := range n.Pairs() {
		value := pair.Value
		switch pair.Key.Text() {
		case "name":
			if r.varName(value) {
				p.Name = value.Text()
			}
		case "prompt":
			p.Text = value
		case "default":
			p.Default = value
		case "private":
			p.Private = r.flag("private", value)
		case "confirm":
			p.Confirm = r.flag("confirm", value)
		case "unsafe":
			p.Unsafe = r.flag("unsafe", value)
		case "encrypt":
			p.Encrypt = value.Text()
		case "salt":
			p.Salt = value.Text()
		case "salt_size":
			size, err := strconv.Atoi(value.Text())
			if err != nil {
				r.errorf(value.Pos(), `"salt_size" must be a whole number`)
			}
			p.SaltSize = size
		default:
			e := source.Errorf(pair.Key.Pos(), "unknown key %q in vars_prompt", pair.Key.Text())
			e.Hint = source.DidYouMean(pair.Key.Text(), promptKeys)
			r.fail(e)
		}
	}
	if !n.Get("name").Exists() {
		r.errorf(n.Pos(), "Invalid vars_prompt data structure, missing 'name' key: the variable")
	}
	return p
}

// flag reads a boolean that cannot be a template.
func (r *reader) flag(name string, n source.Node) bool {
	text := n.Text()
	if isTemplate(n) {
		var known bool
		if text, known = r.static(quote(name), n); !known {
			return false
		}
	} else if !isPlainText(n) || !wantBool.fits(n) {
		r.errorf(n.Pos(), "%q must be true or false", name)
		return false
	}
	switch strings.ToLower(text) {
	case "y", "yes", "on", "1", "true", "t":
		return true
	}
	return false
}
