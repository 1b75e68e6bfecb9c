package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/pflag"

	"fleet/internal/engine"
	"fleet/internal/settings"
	"fleet/internal/vault"
)

// vaultFlags say where the passwords of vaults come from.
type vaultFlags struct {
	ids   []string
	files []string
	ask   bool
}

func (f *vaultFlags) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.ids, "vault-id", nil, "a vault password: `label@source`, where source is a file, a script, or the word prompt; repeats")
	flags.StringArrayVar(&f.files, "vault-password-file", nil, "a `file` with a vault password, or a script that prints it; repeats")
	flags.BoolVarP(&f.ask, "ask-vault-pass", "J", false, "ask for the vault password")
	flags.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		switch name { // Ansible's other words
		case "vault-pass-file":
			name = "vault-password-file"
		case "ask-vault-password":
			name = "ask-vault-pass"
		}
		return pflag.NormalizedName(name)
	})
}

// ring returns the passwords that flags and settings name.
func (a *app) ring(ctx context.Context, f *vaultFlags, s *settings.Settings) (*vault.Ring, error) {
	r := newRing(a, s)
	return r, r.Fill(ctx, a.vaultSources(f, s))
}

func newRing(a *app, s *settings.Settings) *vault.Ring {
	return &vault.Ring{Match: s.Bool("DEFAULT_VAULT_ID_MATCH"), Salt: s.Text("VAULT_ENCRYPT_SALT"), Hide: a.secrets.Add}
}

// vaultSources returns where the passwords come from.
func (a *app) vaultSources(f *vaultFlags, s *settings.Settings) vault.Sources {
	from := vault.Sources{IDs: append(s.List("DEFAULT_VAULT_IDENTITY_LIST"), f.ids...), Files: f.files, Ask: f.ask,
		Prompt: a.word, Warn: a.warn}
	if file := s.Path("DEFAULT_VAULT_PASSWORD_FILE"); file != "" {
		from.Files = append(from.Files[:len(from.Files):len(from.Files)], file)
	}
	return from
}

// word asks for a password: on the terminal, or where there is none as a line of
// standard input.
func (a *app) word(ctx context.Context, text string) (word string, err error) {
	none := "nobody answers: the input has ended"
	if ask := a.openTerminal(); ask != nil {
		word, err = ask.Ask(ctx, engine.Question{Text: text, Private: true})
	} else {
		word, err = a.nextLine(ctx)
		none = "there is no terminal, and standard input is at its end"
	}
	if errors.Is(err, io.EOF) {
		err = errors.New(none)
	}
	return word, err
}
