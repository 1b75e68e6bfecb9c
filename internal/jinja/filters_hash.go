package jinja

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"

	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"

	"fleet/internal/crypt"
)

// hashFilters make digests.
var hashFilters = []filter{
	{name: "md5", fn: digest("md5")},
	{name: "sha1 checksum", fn: digest("sha1")},
	{name: "hash", params: "hashtype=sha1", fn: func(c *Context, v any, a []any) (any, error) {
		return digest(strings.ToLower(Str(a[0])))(c, v, nil)
	}},
	{name: "password_hash", params: "hashtype=sha512 salt=none salt_size=none rounds=none ident=none", fn: filterPasswordHash},
	{name: "to_uuid", params: "namespace=361E6D51-FAEC-444A-9079-341386DA8E2E", fn: filterUUID},
}

func newHash(name string) hash.Hash {
	switch name {
	case "md5":
		return md5.New()
	case "sha1":
		return sha1.New()
	case "sha224":
		return sha256.New224()
	case "sha256":
		return sha256.New()
	case "sha384":
		return sha512.New384()
	case "sha512":
		return sha512.New()
	case "sha512_256":
		return sha512.New512_256()
	case "blake2b":
		h, _ := blake2b.New512(nil) // fails for keys only
		return h
	case "blake2s":
		h, _ := blake2s.New256(nil)
		return h
	case "sha3_224":
		return sha3.New224()
	case "sha3_256":
		return sha3.New256()
	case "sha3_384":
		return sha3.New384()
	case "sha3_512":
		return sha3.New512()
	}
	return nil
}

func digest(name string) func(*Context, any, []any) (any, error) {
	return func(c *Context, v any, _ []any) (any, error) {
		h := newHash(name)
		if h == nil {
			return nil, newError("unsupported hash type %q", name).WithHint("the kinds are md5, sha1, sha224, sha256, sha384, sha512, sha3_256 and blake2b")
		}
		s, err := c.str(v)
		if err != nil {
			return nil, err
		}
		h.Write([]byte(s))
		return hex.EncodeToString(h.Sum(nil)), nil
	}
}

// filterUUID is a UUID of version 5 (RFC 9562) in a namespace.
func filterUUID(c *Context, v any, a []any) (any, error) {
	s, err := c.str(v)
	if err != nil {
		return nil, err
	}
	space, err := hex.DecodeString(strings.ReplaceAll(strings.Trim(Str(a[0]), "{}"), "-", ""))
	if err != nil || len(space) != 16 {
		return nil, newError("Invalid value %s for 'namespace': it is no UUID", Repr(a[0]))
	}
	sum := sha1.Sum(append(space, s...))
	u := sum[:16]
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]), nil
}

const saltChars = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// noPasswordHash is the error of a kind that there is not. Those that need the
// user's name as well are known elsewhere, but no filter of Ansible's can make them.
func noPasswordHash(kind string) error {
	e := newError("password_hash() does not support the kind %q", kind)
	if slices.Contains([]string{"msdcc", "msdcc2", "oracle10", "postgres_md5"}, kind) {
		e = newError("%s is not in the list of supported passlib algorithms: md5, blowfish, sha256, sha512", kind)
	}
	return e.WithHint("the kinds are sha512 and sha256")
}

func filterPasswordHash(c *Context, v any, a []any) (any, error) {
	password, err := textArg("password", v)
	if err != nil {
		return nil, err
	}
	kind := Str(a[0])
	switch kind {
	case "sha512", "sha512_crypt", "sha256", "sha256_crypt":
		kind = kind[:6]
	default:
		return nil, noPasswordHash(kind)
	}
	size, rounds := 16, 0
	if a[2] != nil {
		if size, err = intArg("salt_size", a[2]); err != nil {
			return nil, err
		}
	}
	if a[3] != nil {
		if rounds, err = intArg("rounds", a[3]); err != nil {
			return nil, err
		}
		if rounds < 1000 || rounds > 10_000_000 {
			return nil, newError("the rounds must be from 1000 to 10000000")
		}
	}
	salt := ""
	if a[1] != nil {
		if salt, err = textArg("salt", a[1]); err != nil {
			return nil, err
		}
	}
	if salt == "" {
		for range min(max(size, 1), 16) {
			salt += string(saltChars[c.randInt(len(saltChars))])
		}
	}
	if len(salt) > 16 || strings.Trim(salt, saltChars) != "" {
		return nil, newError("the salt must be up to 16 letters, digits, dots or slashes")
	}
	if err := c.spend(10 * max(rounds, 5000)); err != nil {
		return nil, err
	}
	return crypt.SHA(kind, password, salt, rounds), nil
}
