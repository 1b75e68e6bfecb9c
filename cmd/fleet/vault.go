package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fleet/internal/settings"
	"fleet/internal/vault"
)

// vaultCall is one call of a verb of `fleet vault`.
type vaultCall struct {
	app       *app
	keys      vaultFlags
	encryptID string
	output    string
	flags     *pflag.FlagSet
	verbose   int

	settings *settings.Settings
	ring     *vault.Ring
}

func vaultCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "vault",
		Short: "Encrypt and decrypt files and values, in the format of Ansible's vault",
		Example: `  fleet vault encrypt group_vars/prod/secrets.yml --vault-password-file ~/.vault
  fleet vault encrypt_string -n db_password
  fleet vault edit secrets.yml -J`,
		Args: verbArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(vaultCreate(a), vaultDecrypt(a), vaultEdit(a), vaultEncrypt(a), vaultEncryptString(a), vaultRekey(a), vaultView(a))
	return cmd
}

// register adds the flags that all verbs have.
func (v *vaultCall) register(cmd *cobra.Command, app *app) {
	v.app, v.flags = app, cmd.Flags()
	v.keys.register(v.flags)
	v.flags.CountVarP(&v.verbose, "verbose", "v", "taken, as ansible-vault does, and says no more")
}

func (v *vaultCall) encryptFlag() {
	v.flags.StringVar(&v.encryptID, "encrypt-vault-id", "", "encrypt with the password of this `id`")
}

func (v *vaultCall) outputFlag() {
	v.flags.StringVar(&v.output, "output", "", "write to this `file`, or to standard output for -")
}

// open gets the passwords. With fresh, one that is asked for is a new one.
func (v *vaultCall) open(ctx context.Context, fresh bool) error {
	var err error
	if v.settings, err = v.app.configuration(); err != nil {
		return err
	}
	if err := fillFlags(v.flags, v.settings); err != nil {
		return err
	}
	v.ring, err = v.fill(ctx, v.app.vaultSources(&v.keys, v.settings), fresh)
	return err
}

// fill returns the passwords of the sources; where none is named the operator is
// asked.
func (v *vaultCall) fill(ctx context.Context, from vault.Sources, fresh bool) (*vault.Ring, error) {
	from.New = fresh
	if from.Empty() {
		from.Ask = true
	}
	ring := newRing(v.app, v.settings)
	return ring, ring.Fill(ctx, from)
}

// sealer gets the passwords and returns the one to encrypt with.
func (v *vaultCall) sealer(ctx context.Context) (vault.Secret, error) {
	if err := v.open(ctx, true); err != nil {
		return vault.Secret{}, err
	}
	return v.ring.Pick(v.encryptID)
}

// put writes a result to --output, or else to the name it came from.
func (v *vaultCall) put(name string, data []byte) error {
	if v.output != "" {
		name = v.output
	}
	if name == "-" {
		_, err := os.Stdout.Write(data) // as it is: it is what the operator asked for
		return err
	}
	return vault.Write(name, data)
}

// seal encrypts what a file is to hold and puts it there.
func (v *vaultCall) seal(name string, plain []byte, with vault.Secret) error {
	text, err := v.ring.Seal(plain, with)
	if err != nil {
		return err
	}
	return v.put(name, []byte(text))
}

// each does one thing to all files, or to standard input where there are none.
func (v *vaultCall) each(files []string, done string, do func(name string) error) error {
	if len(files) > 1 && v.output != "" {
		return usageError("", "name one file", "--output takes what becomes of one file, not of %d", len(files))
	}
	if len(files) == 0 {
		files = []string{"-"}
	}
	var errs []error
	for _, f := range files {
		errs = append(errs, do(f))
	}
	err := errors.Join(errs...)
	if err == nil && v.app.terminal {
		fmt.Fprintln(v.app.err, done)
	}
	return err
}

// editor is the command line of the operator's editor.
func (v *vaultCall) editor() string { return v.settings.Text("EDITOR") }
