package jinja

import (
	"fleet/internal/jinja/vault"
)

// vaultFilters encrypt and decrypt in the format of Ansible's vault.
var vaultFilters = []filter{
	{name: "vault", params: "secret salt=none vault_id=filter_default wrap_object=false vaultid=none", fn: filterVault},
	{name: "unvault", params: "secret vault_id=filter_default vaultid=none", takes: takesVaulted, fn: filterUnvault},
}

// vaultWork is what deriving the keys takes.
const vaultWork = 100_000

func filterVault(c *Context, v any, a []any) (any, error) {
	plain, err := textArg("value", v)
	if err != nil {
		return nil, err
	}
	secret, err := textArg("secret", a[0])
	if err != nil {
		return nil, err
	}
	wrap, err := Truth(a[3])
	if err != nil {
		return nil, err
	}
	var salt []byte
	if a[1] != nil {
		s, err := c.str(a[1])
		if err != nil {
			return nil, err
		}
		salt = []byte(s)
	}
	if err := c.spend(vaultWork); err != nil {
		return nil, err
	}
	id := a[2]
	if a[4] != nil {
		id = a[4] // by its older name
	}
	out, err := vault.Encrypt([]byte(plain), []byte(secret), salt, Str(id))
	if err != nil {
		return nil, newError("%w", err)
	}
	if wrap {
		c.wrap(out)
	}
	return out, nil
}

func filterUnvault(c *Context, v any, a []any) (any, error) {
	s, err := textArg("value", v)
	if err != nil {
		return nil, err
	}
	secret, err := textArg("secret", a[0])
	if err != nil {
		return nil, err
	}
	if !vault.IsVault(s) {
		return s, nil
	}
	if err := c.spend(vaultWork); err != nil {
		return nil, err
	}
	plain, err := vault.Decrypt(s, []byte(secret))
	if err != nil {
		return nil, newError("%w", err)
	}
	return string(plain), nil
}
