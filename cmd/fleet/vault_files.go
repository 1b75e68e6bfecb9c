package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	format "fleet/internal/jinja/vault"
	"fleet/internal/source"
	"fleet/internal/vault"
)

func vaultEncrypt(a *app) *cobra.Command {
	v := &vaultCall{}
	cmd := &cobra.Command{
		Use:   "encrypt [FILE...]",
		Short: "Encrypt files, or standard input",
		RunE: func(cmd *cobra.Command, files []string) error {
			with, err := v.sealer(cmd.Context())
			if err != nil {
				return err
			}
			return v.each(files, "Encryption successful", func(name string) error {
				plain, err := vault.ReadPlain(name, os.Stdin)
				if err != nil {
					return err
				}
				return v.seal(name, plain, with)
			})
		},
	}
	v.register(cmd, a)
	v.encryptFlag()
	v.outputFlag()
	return cmd
}

func vaultDecrypt(a *app) *cobra.Command {
	v := &vaultCall{}
	cmd := &cobra.Command{
		Use:   "decrypt [FILE...]",
		Short: "Decrypt files, or standard input",
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := v.open(cmd.Context(), false); err != nil {
				return err
			}
			return v.each(files, "Decryption successful", func(name string) error {
				plain, _, _, err := v.reveal(name)
				if err != nil {
					return err
				}
				return v.put(name, plain)
			})
		},
	}
	v.register(cmd, a)
	v.outputFlag()
	return cmd
}

// reveal returns what a vault holds, the password that opens it, and the id in its
// header.
func (v *vaultCall) reveal(name string) (plain []byte, with vault.Secret, id string, err error) {
	text, err := vault.ReadVault(name, os.Stdin)
	if err != nil {
		return nil, with, "", err
	}
	plain, with, err = v.ring.Open(text)
	if err != nil {
		err = source.DecryptError(source.Pos{File: name}, err)
	}
	return plain, with, format.ID(text), err
}

func vaultView(a *app) *cobra.Command {
	v := &vaultCall{}
	cmd := &cobra.Command{
		Use:   "view FILE...",
		Short: "Print what encrypted files hold",
		Args:  needArgs("a file"),
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := v.open(cmd.Context(), false); err != nil {
				return err
			}
			v.output = "-"
			for _, name := range files {
				plain, _, _, err := v.reveal(name)
				if err == nil {
					err = v.put("-", plain)
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	v.register(cmd, a)
	return cmd
}

func vaultCreate(a *app) *cobra.Command {
	v := &vaultCall{}
	anyway := false
	cmd := &cobra.Command{
		Use:   "create FILE",
		Short: "Write a new encrypted file in an editor",
		Args:  needArgs("a file"),
		RunE: func(cmd *cobra.Command, files []string) error {
			switch _, err := os.Lstat(files[0]); {
			case len(files) > 1:
				return usageError("", "run it once for each", "fleet vault create makes one file, not %d", len(files))
			case !a.terminal && !anyway:
				return usageError("", "or give --skip-tty-check", "an editor needs a terminal")
			case err == nil:
				return usageError("", "fleet vault edit changes it", "%s exists already", files[0])
			}
			return v.create(cmd.Context(), files[0])
		},
	}
	v.register(cmd, a)
	v.encryptFlag()
	v.flags.BoolVar(&anyway, "skip-tty-check", false, "start the editor without a terminal too")
	return cmd
}

func (v *vaultCall) create(ctx context.Context, name string) error {
	with, err := v.sealer(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	plain, err := vault.Edit(ctx, v.editor(), name, nil)
	if err != nil {
		return err
	}
	return v.seal(name, plain, with)
}

func vaultEdit(a *app) *cobra.Command {
	v := &vaultCall{}
	cmd := &cobra.Command{
		Use:   "edit FILE...",
		Short: "Change encrypted files in an editor",
		Args:  needArgs("a file"),
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := v.open(cmd.Context(), false); err != nil {
				return err
			}
			for _, name := range files {
				if err := v.edit(cmd.Context(), name); err != nil {
					return err
				}
			}
			return nil
		},
	}
	v.register(cmd, a)
	v.encryptFlag()
	return cmd
}

// edit changes one file. It stays under its password and keeps its id, whatever
// the password is called here, unless another is named.
func (v *vaultCall) edit(ctx context.Context, name string) error {
	plain, with, id, err := v.reveal(name)
	if err != nil {
		return err
	}
	with.ID = id
	if v.encryptID != "" {
		other, err := v.ring.Pick(v.encryptID)
		if err != nil {
			return err
		}
		with = other
	}
	edited, err := vault.Edit(ctx, v.editor(), name, plain)
	if err != nil || bytes.Equal(edited, plain) {
		return err
	}
	return v.seal(name, edited, with)
}
