package commands

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/pattern"
	"fleet/internal/tasks/sys"
)

// answer is what is said to one question.
type answer struct {
	question string
	asked    *pattern.Regexp
	texts    []string
	inTurn   bool // each text is said once
}

// answersOf reads the responses, in the order of their questions.
func answersOf(responses map[string]any) ([]*answer, error) {
	var answers []*answer
	for _, question := range slices.Sorted(maps.Keys(responses)) {
		re, err := pattern.Compile(question, pattern.DotAll)
		if err != nil {
			return nil, fmt.Errorf("argument %q: %w", "responses", err)
		}
		a := &answer{question: question, asked: re}
		list, inTurn := responses[question].([]any)
		if a.inTurn = inTurn; !inTurn {
			list = []any{responses[question]}
		}
		for _, v := range list {
			a.texts = append(a.texts, strings.TrimRight(spec.Text(v), "\n")+"\n")
		}
		answers = append(answers, a)
	}
	return answers, nil
}

// next returns what is to be said now. The error is that nothing is left.
func (a *answer) next() (string, error) {
	if len(a.texts) == 0 {
		return "", sys.Messagef("No remaining responses for '%s'", a.question)
	}
	text := a.texts[0]
	if a.inTurn {
		a.texts = a.texts[1:]
	}
	return text, nil
}

// earliest returns the answer to what is asked first in the text, and where the
// question ends; nil where nothing is asked.
func earliest(answers []*answer, text []byte) (found *answer, end int, err error) {
	first := len(text) + 1
	for _, a := range answers {
		at, err := a.asked.Find(string(text))
		if err != nil {
			return nil, 0, err
		}
		if at != nil && at[0] < first {
			found, first, end = a, at[0], at[1]
		}
	}
	return found, end, nil
}
