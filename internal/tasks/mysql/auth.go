package mysql

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// The first bytes of what a server says while somebody logs in.
const (
	saysOK     = 0
	saysMore   = 1
	saysSwitch = 0xfe
)

// respond returns what a plugin wants to see of the password.
func (c *conn) respond(plugin, password string, salt []byte) ([]byte, error) {
	switch plugin {
	case "mysql_native_password":
		return scramble(password, salt), nil
	case "caching_sha2_password":
		return scramble256(password, salt), nil
	case "auth_socket", "unix_socket":
		return nil, nil
	case "mysql_clear_password", "dialog":
		if c.safe {
			return append([]byte(password), 0), nil
		}
		return nil, fmt.Errorf("the user's plugin %q wants the password as it is, and the connection is not encrypted; set ca_cert", plugin)
	}
	return nil, fmt.Errorf("the user's plugin %q is not supported\nhint: mysql_native_password, caching_sha2_password, unix_socket and mysql_clear_password are", plugin)
}

// authenticate answers the server until it lets us in.
func (c *conn) authenticate(plugin, password string, salt []byte) error {
	for range 8 {
		p, err := c.packet()
		if err != nil {
			return err
		}
		switch {
		case p[0] == saysOK:
			return nil
		case p[0] == saysSwitch && len(p) == 1:
			return errors.New("the user has a password of before MySQL 4.1, which is not supported")
		case p[0] == saysSwitch:
			b := &reader{b: p[1:]}
			plugin, salt = string(b.zero()), bytes.TrimRight(b.b, "\x00")
			answer, err := c.respond(plugin, password, salt)
			if err != nil {
				return err
			}
			if err := c.write(answer); err != nil {
				return err
			}
		case p[0] == saysMore && plugin == "caching_sha2_password" && len(p) > 1:
			if err := c.full(p[1], password, salt); err != nil {
				return err
			}
		default:
			return errors.New("the server asks for something that is not understood")
		}
	}
	return errors.New("the server keeps on asking")
}

// full sends the password where the server has not got its digest at hand (4);
// with 3 it has.
func (c *conn) full(asked byte, password string, salt []byte) error {
	if asked != 4 {
		return nil
	}
	secret := append([]byte(password), 0)
	if c.safe {
		return c.write(secret)
	}
	if err := c.write([]byte{2}); err != nil {
		return err
	}
	p, err := c.packet()
	if err != nil {
		return err
	}
	block, _ := pem.Decode(p[1:])
	if block == nil {
		return errors.New("the server's public key is damaged")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	public, ok := parsed.(*rsa.PublicKey)
	if err != nil || !ok {
		return errors.New("the server's public key is damaged")
	}
	for i := range secret {
		secret[i] ^= salt[i%len(salt)]
	}
	sealed, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, public, secret, nil)
	if err != nil {
		return err
	}
	return c.write(sealed)
}

// scramble is the answer of mysql_native_password.
func scramble(password string, salt []byte) []byte {
	if password == "" {
		return nil
	}
	one := sha1.Sum([]byte(password))
	two := sha1.Sum(one[:])
	h := sha1.New()
	h.Write(salt)
	h.Write(two[:])
	out := h.Sum(nil)
	for i := range out {
		out[i] ^= one[i]
	}
	return out
}

// scramble256 is the answer of caching_sha2_password.
func scramble256(password string, salt []byte) []byte {
	if password == "" {
		return nil
	}
	one := sha256.Sum256([]byte(password))
	two := sha256.Sum256(one[:])
	h := sha256.New()
	h.Write(two[:])
	h.Write(salt)
	out := h.Sum(nil)
	for i := range out {
		out[i] ^= one[i]
	}
	return out
}

// nativeHash is how mysql_native_password keeps a password.
func nativeHash(password string) string {
	one := sha1.Sum([]byte(password))
	two := sha1.Sum(one[:])
	return "*" + strings.ToUpper(hex.EncodeToString(two[:]))
}
