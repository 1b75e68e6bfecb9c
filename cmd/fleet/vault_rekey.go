package main

import (
	"context"

	"github.com/spf13/cobra"

	"fleet/internal/vault"
)

// rekeyCall is a call of `fleet vault rekey`.
type rekeyCall struct {
	vaultCall
	newID, newFile string
}

func vaultRekey(a *app) *cobra.Command {
	v := &rekeyCall{}
	cmd := &cobra.Command{
		Use:   "rekey FILE...",
		Short: "Give encrypted files another password",
		Args:  needArgs("a file"),
		RunE: func(cmd *cobra.Command, files []string) error {
			if v.newID != "" && v.newFile != "" {
				return usageError("", "give one of them", "fleet vault rekey: --new-vault-id and --new-vault-password-file exclude each other")
			}
			if err := v.open(cmd.Context(), false); err != nil {
				return err
			}
			with, err := v.newSecret(cmd.Context())
			if err != nil {
				return err
			}
			return v.each(files, "Rekey successful", func(name string) error { return v.rekey(name, with) })
		},
	}
	v.register(cmd, a)
	v.encryptFlag()
	v.flags.StringVar(&v.newID, "new-vault-id", "", "the new password: `label@source`")
	v.flags.StringVar(&v.newFile, "new-vault-password-file", "", "the `file` of the new password")
	return cmd
}

// newSecret returns the password to encrypt with from now on.
func (v *rekeyCall) newSecret(ctx context.Context) (vault.Secret, error) {
	from := vault.Sources{Prompt: v.app.word, Warn: v.app.warn}
	if v.encryptID != "" {
		from.IDs = v.settings.List("DEFAULT_VAULT_IDENTITY_LIST")
	}
	if v.newID != "" {
		from.IDs = append(from.IDs, v.newID)
	}
	if v.newFile != "" {
		from.Files = []string{v.newFile}
	}
	ring, err := v.fill(ctx, from, true)
	if err != nil {
		return vault.Secret{}, err
	}
	return ring.Pick(v.encryptID)
}

// rekey encrypts a file anew.
func (v *rekeyCall) rekey(name string, with vault.Secret) error {
	plain, _, _, err := v.reveal(name)
	if err != nil {
		return err
	}
	return v.seal(name, plain, with)
}
