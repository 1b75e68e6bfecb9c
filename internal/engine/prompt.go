package engine

import (
	"context"
	"fmt"
	"strings"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// prompt asks for the play's vars_prompt that the command line does not give.
func (e *Engine) prompt(ctx context.Context, c *jinja.Context, p *playbook.Play) (*jinja.Map, error) {
	answers := jinja.NewMap()
	for _, q := range p.VarsPrompt {
		if e.Vars.Given(q.Name) {
			continue
		}
		value, err := e.answer(ctx, c, q)
		if err != nil {
			return nil, err
		}
		answers.Set(q.Name, value)
	}
	return answers, nil
}

// answer returns what a prompt's variable is: what the operator said, which may be
// a template unless the prompt is unsafe, or a hash of that.
func (e *Engine) answer(ctx context.Context, c *jinja.Context, q playbook.Prompt) (any, error) {
	said, err := e.ask(ctx, c, q)
	if err != nil {
		return nil, err
	}
	e.hideAnswer(q, said)
	switch {
	case q.Encrypt != "":
		hash, err := encrypted(c, q, said)
		if err != nil {
			return nil, source.Errorf(q.Pos, "encrypting the answer for %q: %w", q.Name, err).WithHint("%s", source.HintOf(err))
		}
		e.hideAnswer(q, jinja.Str(hash))
		return hash, nil
	case !q.Unsafe && jinja.IsTemplate(said):
		return jinja.NewText(said, q.Pos), nil
	}
	return said, nil
}

func (e *Engine) hideAnswer(q playbook.Prompt, value string) {
	if q.Private && e.Secrets != nil && value != "" {
		e.Secrets.Add(value)
	}
}

// encrypted returns the hash that a prompt asks for with `encrypt`.
func encrypted(c *jinja.Context, q playbook.Prompt, value string) (any, error) {
	var salt, size any
	if q.Salt != "" {
		salt = q.Salt
	}
	if q.SaltSize > 0 {
		size = q.SaltSize
	}
	return c.Filter("password_hash", value, strings.TrimSuffix(q.Encrypt, "_crypt"), salt, size)
}

// ask returns the operator's answer, or the default where there is none.
func (e *Engine) ask(ctx context.Context, c *jinja.Context, q playbook.Prompt) (string, error) {
	text, err := e.text(c, q.Text, q.Name)
	if err != nil {
		return "", err
	}
	def, err := e.text(c, q.Default, "")
	if err != nil {
		return "", err
	}
	if !e.person() {
		if q.Default.Exists() {
			e.Events.Emit(event.Warning{Pos: q.Pos, Msg: fmt.Sprintf("nobody is asked for %q: standard input is no terminal; it has its default", q.Name)})
			return def, nil
		}
		return "", source.Errorf(q.Pos, "the play asks for %q, and standard input is no terminal to ask on", q.Name).
			WithHint("give it with -e %s=VALUE, or with -e @FILE for a secret", q.Name)
	}
	if def != "" && !q.Private {
		text += " [" + def + "]"
	}
	value, err := e.confirmed(ctx, q, text+": ")
	if err != nil {
		return "", source.Errorf(q.Pos, "asking for %q: %w", q.Name, unanswered(err))
	}
	if value == "" {
		return def, nil
	}
	return value, nil
}

// confirmed asks until the operator says the same twice, where the prompt wants it.
func (e *Engine) confirmed(ctx context.Context, q playbook.Prompt, text string) (string, error) {
	for first := text; ; first = mismatch + text {
		value, err := e.line(ctx, first, q.Private)
		if err != nil || !q.Confirm {
			return value, err
		}
		again, err := e.line(ctx, "confirm "+text, q.Private)
		if err != nil || again == value {
			return value, err
		}
	}
}

// mismatch is what stands before a question that is asked again.
const mismatch = "the two answers differ; once more, "
