// Package vault knows the passwords of vaults: it gets them from files, scripts
// and the operator, and finds the one that opens a text. It runs on the
// controller. It keeps passwords in memory only, and starts no program but the
// scripts that it is given.
package vault

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	format "fleet/internal/jinja/vault"
	"fleet/internal/source"
)

// DefaultID is the id of a password that has none.
const DefaultID = "default"

// Secret is a password and its id.
type Secret struct {
	ID       string
	Password []byte
}

// Ring holds passwords, the first ones preferred. It implements source.Keys. Once
// it is filled it is safe for concurrent use.
type Ring struct {
	Secrets []Secret
	Match   bool         // a vault that has an id opens with passwords of that id only
	Salt    string       // for Encrypt; random where it is empty
	Hide    func(string) // takes what must not be shown; may be nil
}

// IDs returns the ids of the passwords, each once.
func (r *Ring) IDs() []string {
	var ids []string
	seen := map[string]bool{}
	for _, s := range r.Secrets {
		if !seen[s.ID] {
			seen[s.ID] = true
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// Decrypt returns what a vault holds. Passwords with its id are tried first.
func (r *Ring) Decrypt(text string, hide bool) ([]byte, error) {
	plain, _, err := r.Open(text)
	if err == nil && hide && r.Hide != nil {
		r.Hide(string(plain))
	}
	return plain, err
}

// Open returns what a vault holds, and the password that opens it.
func (r *Ring) Open(text string) ([]byte, Secret, error) {
	id := format.ID(text)
	for _, s := range r.ranked(id) {
		plain, err := format.Decrypt(text, s.Password)
		if err == nil || !errors.Is(err, format.ErrPassword) {
			return plain, s, err
		}
	}
	return nil, Secret{}, r.closed(id)
}

// ranked returns the passwords that may open a vault with this id, in the order
// in which to try them.
func (r *Ring) ranked(id string) []Secret {
	var same, others []Secret
	for _, s := range r.Secrets {
		if s.ID == cmp.Or(id, DefaultID) {
			same = append(same, s)
		} else {
			others = append(others, s)
		}
	}
	if r.Match && id != "" {
		return same
	}
	return append(same, others...)
}

// closed says why no password opens a vault with this id.
func (r *Ring) closed(id string) error {
	e := &source.Error{Msg: "none of the vault passwords fits", Hint: "known are those of the ids " + strings.Join(r.IDs(), ", ")}
	switch {
	case len(r.Secrets) == 0:
		e.Msg, e.Hint, e.Err = source.ErrNoVaultPassword.Error(), source.VaultHint, source.ErrNoVaultPassword
	case r.Match && id != "" && len(r.ranked(id)) == 0:
		e.Msg = "there is no vault password with the id \"" + id + "\", and vault_id_match wants one"
	case id != "":
		e.Hint = "the text has the id \"" + id + "\"; " + e.Hint
	}
	return e
}

// Encrypt returns text encrypted with the password of that id; "" is the only
// one there is.
func (r *Ring) Encrypt(plain []byte, id string) (string, error) {
	s, err := r.Pick(id)
	if err != nil {
		return "", err
	}
	return r.Seal(plain, s)
}

// Seal returns text encrypted with one password.
func (r *Ring) Seal(plain []byte, s Secret) (string, error) {
	return format.Encrypt(plain, s.Password, []byte(r.Salt), s.ID)
}

// Pick returns the password to encrypt with.
func (r *Ring) Pick(id string) (Secret, error) {
	for _, s := range r.Secrets {
		if id == s.ID || id == "" && len(r.Secrets) == 1 {
			return s, nil
		}
	}
	switch {
	case len(r.Secrets) == 0:
		return Secret{}, &source.Error{Msg: "no vault password is given", Hint: source.VaultHint}
	case id == "":
		ids := make([]string, 0, len(r.Secrets)) // an id may stand more than once
		for _, s := range r.Secrets {
			ids = append(ids, s.ID)
		}
		return Secret{}, &source.Error{Msg: "there are several vault passwords: " + strings.Join(ids, ", "), Hint: "say which to encrypt with: --encrypt-vault-id ID"}
	}
	return Secret{}, &source.Error{Msg: fmt.Sprintf("Did not find a match for --encrypt-vault-id=%s in the known vault-ids ['%s']", id, strings.Join(r.IDs(), "', '"))}
}
