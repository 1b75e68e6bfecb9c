package packages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Debconf answers a question that a Debian package asks when it is set up, before
// it asks; or lists the answers that are there. The package itself is not
// touched: dpkg-reconfigure does that.
//
// Passwords are compared by debconf-get-selections, of the package debconf-utils.
//
// Example:
//
//	tasks:
//	  - name: Postfix sends by a smart host
//	    debconf:
//	      name: postfix
//	      question: postfix/main_mailer_type
//	      vtype: select
//	      value: Satellite system
var Debconf = sys.Define(spec.Module{
	Name:     "debconf",
	Names:    []string{"ansible.builtin.debconf", "ansible.legacy.debconf"},
	Together: [][]string{{"question", "vtype", "value"}},
}, debconf)

type debconfArgs struct {
	// The package.
	Name string `arg:"name,required" alias:"pkg"`
	// The question.
	Question string `arg:"question" alias:"selection,setting"`
	// The type of its value.
	Vtype string `arg:"vtype" choices:"boolean,error,multiselect,note,password,seen,select,string,text,title"`
	// The answer. For multiselect it can be a list, whose order does not matter.
	Value any `arg:"value" alias:"answer"`
	// Leaves the question marked as not yet seen, so that it may still be asked.
	Unseen bool `arg:"unseen"`
}

type debconfResult struct {
	// What debconf-set-selections wrote.
	Msg string `json:"msg"`
	// The answers by question: the new one, or without a change all that are there.
	// A password is not shown.
	Current map[string]any `json:"current"`
	// The answer before a change.
	Previous map[string]any `json:"previous,omitempty"`
}

func debconf(ctx context.Context, m *sys.Machine, a *debconfArgs) (any, error) {
	there, err := debconfAnswers(ctx, m, a.Name)
	if err != nil {
		return nil, err
	}
	if a.Question == "" {
		return debconfResult{Current: there}, nil
	}
	shown, want, err := a.answer()
	if err != nil {
		return nil, err
	}
	old, known := there[a.Question]
	if known {
		same, err := a.holds(ctx, m, debconfText(old), want)
		if err != nil || same {
			return debconfResult{Current: there}, err
		}
	}
	if a.Vtype == "password" {
		shown = "(password omitted)"
	}
	res := debconfResult{Current: map[string]any{a.Question: shown}, Previous: map[string]any{a.Question: debconfText(old)}}
	return &res, m.Change(ctx, sys.Change{
		What: fmt.Sprintf("answer %s of package %s", a.Question, a.Name), Secret: a.Vtype == "password",
		Before: debconfText(old) + "\n", After: want + "\n", BeforeName: a.Question, AfterName: a.Question,
		Do: func(ctx context.Context) error {
			argv := []string{"debconf-set-selections"}
			if a.Unseen {
				argv = append(argv, "-u")
			}
			line := strings.Join([]string{a.Name, a.Question, a.Vtype, want}, " ") + "\n"
			out, err := m.Run(ctx, sys.Command{Argv: argv, Stdin: []byte(line), Env: []string{"LC_ALL=C"}})
			res.Msg = out.Stdout
			if err == nil && out.Code != 0 {
				err = errors.New(strings.TrimSpace(out.Stderr))
			}
			return err
		},
	})
}

func debconfText(v any) string {
	s, _ := v.(string)
	return s
}

// answer returns the value as the result shows it, and as debconf gets it.
func (a *debconfArgs) answer() (shown any, text string, err error) {
	list, isList := a.Value.([]any)
	if !isList {
		text = spec.Text(a.Value)
		if a.Vtype == "boolean" {
			text = strings.ToLower(text)
		}
		return text, text, nil
	}
	if a.Vtype != "multiselect" {
		return nil, "", fmt.Errorf("a list is an answer for the vtype multiselect, not for %s", a.Vtype)
	}
	words := make([]string, len(list))
	for i, v := range list {
		word, ok := v.(string)
		if !ok {
			return nil, "", sys.Messagef("Invalid value provided for 'multiselect': %v is no text", v)
		}
		words[i] = word
	}
	slices.Sort(words)
	return words, strings.Join(words, ", "), nil
}

// holds reports whether debconf has the answer already.
func (a *debconfArgs) holds(ctx context.Context, m *sys.Machine, old, want string) (bool, error) {
	switch _, isList := a.Value.([]any); {
	case a.Vtype == "boolean":
		return strings.ToLower(old) == want, nil
	case a.Vtype == "password":
		password, err := debconfPassword(ctx, m, a.Name, a.Question)
		return password == want, err
	case a.Vtype == "multiselect" && isList:
		words := strings.Split(old, ",")
		for i := range words {
			words[i] = strings.TrimSpace(words[i])
		}
		slices.Sort(words)
		return strings.Join(words, ", ") == want, nil
	}
	return old == want, nil
}

// debconfAnswers returns the answers to a package's questions.
func debconfAnswers(ctx context.Context, m *sys.Machine, name string) (map[string]any, error) {
	out, err := m.Run(ctx, sys.Command{Argv: []string{"debconf-show", name}, Env: []string{"LC_ALL=C"}})
	if err != nil {
		return nil, err
	}
	if out.Code != 0 {
		return nil, errors.New(strings.TrimSpace(out.Stderr))
	}
	answers := map[string]any{}
	for line := range strings.Lines(out.Stdout) {
		if question, value, ok := strings.Cut(line, ":"); ok {
			answers[strings.Trim(question, "* ")] = strings.TrimSpace(value)
		}
	}
	return answers, nil
}

// debconfPassword returns a password that debconf-show does not show.
func debconfPassword(ctx context.Context, m *sys.Machine, name, question string) (string, error) {
	out, err := m.Run(ctx, sys.Command{Argv: []string{"debconf-get-selections"}, Env: []string{"LC_ALL=C"}})
	if err != nil {
		return "", fmt.Errorf("a password cannot be compared: %w (package debconf-utils)", err)
	}
	if out.Code != 0 {
		return "", sys.Messagef("Failed to get the value '%s' from '%s': %s", question, name, strings.TrimSpace(out.Stderr))
	}
	for line := range strings.Lines(out.Stdout) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		// An entry of several packages names them with commas between them.
		if len(f) > 3 && slices.Contains(strings.Split(strings.ReplaceAll(f[0], " ", ""), ","), name) && f[1] == question && f[2] == "password" {
			return f[3], nil
		}
	}
	return "", nil
}
