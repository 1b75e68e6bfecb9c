package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fleet/internal/engine"
)

// stringCall is a call of `fleet vault encrypt_string`.
type stringCall struct {
	vaultCall
	names     []string
	stdinName string
	prompt    bool
	show      bool
}

// secretText is a text to encrypt, the variable's name, and where it came from.
type secretText struct{ text, name, from string }

func vaultEncryptString(a *app) *cobra.Command {
	v := &stringCall{}
	cmd := &cobra.Command{
		Use:     "encrypt_string [TEXT...]",
		Aliases: []string{"encrypt-string"},
		Short:   "Encrypt texts and print them as YAML",
		Long: `Encrypt_string prints texts encrypted, as values for a YAML file. A text is better
not given as an argument, which others can see: it is read from standard input, or
asked for with --prompt.`,
		RunE: func(cmd *cobra.Command, args []string) error { return v.run(cmd.Context(), args) },
	}
	v.register(cmd, a)
	v.encryptFlag()
	v.outputFlag()
	v.flags.StringArrayVarP(&v.names, "name", "n", nil, "the variable's `name` of the next text; repeats")
	v.flags.StringVar(&v.stdinName, "stdin-name", "", "the variable's `name` of the text on standard input")
	v.flags.BoolVarP(&v.prompt, "prompt", "p", false, "ask for the text")
	v.flags.BoolVar(&v.show, "show-input", false, "show what is typed for --prompt")
	return cmd
}

func (v *stringCall) run(ctx context.Context, args []string) error {
	stdin := slices.Contains(args, "-") || len(args) == 0 && !v.prompt || v.stdinName != ""
	if v.prompt && stdin {
		return usageError("", "leave one of them out", "--prompt and a text on standard input exclude each other")
	}
	with, err := v.sealer(ctx)
	if err != nil {
		return err
	}
	texts, err := v.texts(ctx, slices.DeleteFunc(slices.Clone(args), func(s string) bool { return s == "-" }), stdin)
	if err != nil {
		return err
	}
	var b strings.Builder
	for i, t := range texts {
		if t.text == "" {
			return usageError("", "there is nothing to encrypt", "the text from %s is empty", t.from)
		}
		sealed, err := v.ring.Seal([]byte(t.text), with)
		if err != nil {
			return err
		}
		if len(texts) > 1 {
			fmt.Fprintf(v.app.err, "# text %d, from %s %s\n", i+1, t.from, t.name)
		}
		b.WriteString(asYAML(t.name, sealed))
	}
	return v.put("-", []byte(b.String()))
}

// texts returns what is to be encrypted: what was asked for, standard input, and
// the arguments.
func (v *stringCall) texts(ctx context.Context, args []string, stdin bool) ([]secretText, error) {
	var out []secretText
	if v.prompt {
		t, err := v.asked(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	if stdin {
		if v.app.terminal {
			fmt.Fprintln(v.app.err, "reading the text from standard input; end it with Ctrl-D, twice where it has no line end")
		}
		data, err := io.ReadAll(os.Stdin)
		if err != nil {
			return nil, err
		}
		out = append(out, secretText{string(data), v.stdinName, "standard input"})
	}
	if len(v.names) > 0 && len(args) > len(v.names) {
		v.app.warn(fmt.Sprintf("there are more texts than names: those behind %q have none", v.names[len(v.names)-1]))
	}
	for i, a := range args {
		t := secretText{text: a, from: "the command line"}
		if i < len(v.names) {
			t.name = v.names[i]
		}
		out = append(out, t)
	}
	if len(args) == 0 && len(out) == 1 && out[0].name == "" && len(v.names) == 1 {
		out[0].name = v.names[0]
	}
	return out, nil
}

// asked asks for a name and a text.
func (v *stringCall) asked(ctx context.Context) (secretText, error) {
	ask := v.app.openTerminal()
	if ask == nil {
		return secretText{}, usageError("", "give the text on standard input", "--prompt: there is no terminal to ask on")
	}
	t := secretText{from: "the prompt"}
	if len(v.names) > 0 {
		t.name = v.names[0]
	} else {
		name, err := ask.Ask(ctx, engine.Question{Text: "Variable name (enter for no name): "})
		if err != nil {
			return t, err
		}
		t.name = strings.TrimSpace(name)
	}
	prompt := "String to encrypt (hidden): "
	if v.show {
		prompt = "String to encrypt: "
	}
	var err error
	t.text, err = ask.Ask(ctx, engine.Question{Text: prompt, Private: !v.show})
	return t, err
}

// asYAML writes a vault as a YAML value.
func asYAML(name, sealed string) string {
	const indent = "          "
	var b strings.Builder
	if name != "" {
		b.WriteString(name + ": ")
	}
	b.WriteString("!vault |\n")
	for line := range strings.Lines(sealed) {
		b.WriteString(indent + line)
	}
	return b.String()
}
