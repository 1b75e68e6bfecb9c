package engine

import (
	"context"
	"errors"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// prompt asks for the play's vars_prompt that the command line does not give.
func (e *Engine) prompt(ctx context.Context, p *playbook.Play) (*jinja.Map, error) {
	answers := jinja.NewMap()
	for _, q := range p.VarsPrompt {
		if e.Vars.Given(q.Name) {
			continue
		}
		value, err := e.ask(ctx, q)
		if err != nil {
			return nil, err
		}
		if q.Private && e.Secrets != nil && value != "" {
			e.Secrets.Add(value)
		}
		answers.Set(q.Name, value)
	}
	return answers, nil
}

func (e *Engine) ask(ctx context.Context, q playbook.Prompt) (string, error) {
	text, def := q.Name, q.Default.Text()
	if q.Text.Exists() {
		text = q.Text.Text()
	}
	if def != "" && !q.Private {
		text += " [" + def + "]"
	}
	if e.Prompter == nil {
		if q.Default.Exists() {
			return def, nil
		}
		return "", source.Errorf(q.Pos, "the play asks for %q and there is no terminal to ask on", q.Name).
			WithHint("give it with -e %s=VALUE, or with -e @FILE for a secret", q.Name)
	}
	for range 3 {
		value, err := e.Prompter.Ask(ctx, text+": ", q.Private)
		if err != nil {
			return "", source.Errorf(q.Pos, "asking for %q: %w", q.Name, err)
		}
		if value == "" {
			value = def
		}
		if !q.Confirm {
			return value, nil
		}
		again, err := e.Prompter.Ask(ctx, "confirm "+text+": ", q.Private)
		if err != nil {
			return "", source.Errorf(q.Pos, "asking for %q: %w", q.Name, err)
		}
		if again == value {
			return value, nil
		}
	}
	return "", source.Errorf(q.Pos, "the answers for %q: %w", q.Name, errors.New("did not match three times"))
}
