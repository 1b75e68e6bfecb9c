// Package vault encrypts and decrypts text in the format of Ansible's vault: the
// header $ANSIBLE_VAULT;1.1;AES256 (or 1.2 with an id), and lines of hexadecimal
// digits. It runs on the controller and does no input or output. It refuses what
// was changed or is under another password, and formats other than AES256.
package vault

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Magic is what every vault starts with.
const Magic = "$ANSIBLE_VAULT"

const (
	iterations = 10000
	keySize    = 32
	saltSize   = 32
	lineSize   = 80
)

// ID returns the id in a vault's header, "" where it has none.
func ID(data string) string {
	header, _, _ := strings.Cut(data, "\n")
	fields := strings.Split(strings.TrimSpace(header), ";")
	if len(fields) < 4 {
		return ""
	}
	return fields[3]
}

// ErrPassword is in the chain of the error where the password is not the right
// one, or the text was changed.
var ErrPassword = errors.New("the password does not fit, or the text was changed")

// IsVault reports whether data has the header of a vault.
func IsVault(data string) bool { return strings.HasPrefix(data, Magic+";") }

// Encrypt returns plain encrypted, header and last line end included. salt may be
// nil for a random one; id names the password and may be "".
func Encrypt(plain, password, salt []byte, id string) (string, error) {
	if strings.ContainsAny(id, ";\n") {
		return "", fmt.Errorf("a vault's id must not hold %q", id)
	}
	if len(salt) == 0 {
		salt = make([]byte, saltSize)
		if _, err := rand.Read(salt); err != nil {
			return "", err
		}
	}
	stream, mac, err := ciphers(password, salt)
	if err != nil {
		return "", err
	}
	padding := aes.BlockSize - len(plain)%aes.BlockSize
	body := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(padding)}, padding)...)
	stream.XORKeyStream(body, body)
	mac.Write(body)
	parts := []string{hex.EncodeToString(salt), hex.EncodeToString(mac.Sum(nil)), hex.EncodeToString(body)}
	digits := hex.EncodeToString([]byte(strings.Join(parts, "\n")))
	var b strings.Builder
	b.WriteString(Magic)
	if id == "" || id == "default" {
		b.WriteString(";1.1;AES256\n")
	} else {
		b.WriteString(";1.2;AES256;" + id + "\n")
	}
	for ; len(digits) > lineSize; digits = digits[lineSize:] {
		b.WriteString(digits[:lineSize] + "\n")
	}
	b.WriteString(digits + "\n")
	return b.String(), nil
}

// Decrypt returns what data, a vault, holds.
func Decrypt(data string, password []byte) ([]byte, error) {
	header, rest, _ := strings.Cut(data, "\n")
	fields := strings.Split(strings.TrimSpace(header), ";")
	if len(fields) < 3 || fields[0] != Magic || fields[1] != "1.1" && fields[1] != "1.2" || fields[2] != "AES256" {
		return nil, fmt.Errorf("the vault's header %q is not known", strings.TrimSpace(header))
	}
	parts, err := envelope(rest)
	if err != nil {
		return nil, err
	}
	stream, mac, err := ciphers(password, parts[0])
	if err != nil {
		return nil, err
	}
	mac.Write(parts[2])
	if !hmac.Equal(mac.Sum(nil), parts[1]) {
		return nil, ErrPassword
	}
	body := parts[2]
	stream.XORKeyStream(body, body)
	padding := int(body[len(body)-1])
	if padding < 1 || padding > aes.BlockSize || padding > len(body) {
		return nil, errors.New("the vault's end is damaged")
	}
	return body[:len(body)-padding], nil
}

// damaged says what is wrong with a vault's digits, behind the words that
// ansible-vault has for it.
type damaged string

func (d damaged) Error() string { return "Vault format unhexlify error: " + string(d) }

// envelope takes the lines of a vault apart into salt, digest and body.
func envelope(lines string) ([3][]byte, error) {
	var out [3][]byte
	digits := strings.Join(strings.Fields(lines), "")
	if len(digits)%2 != 0 {
		return out, damaged("Odd-length string; a digit is missing, or there is one too many")
	}
	inner, err := hex.DecodeString(digits)
	if err != nil {
		at := strings.IndexFunc(digits, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) })
		strange, _ := utf8.DecodeRuneInString(digits[max(0, at):])
		return out, damaged(fmt.Sprintf("Non-hexadecimal digit found: %q", strange))
	}
	parts := bytes.SplitN(inner, []byte("\n"), 3)
	if len(parts) != 3 {
		return out, errors.New("the vault is cut short")
	}
	for i, p := range parts {
		if out[i], err = hex.DecodeString(string(p)); err != nil || len(out[i]) == 0 {
			return out, errors.New("the vault is damaged")
		}
	}
	return out, nil
}

type digest interface {
	Write([]byte) (int, error)
	Sum([]byte) []byte
}

// ciphers derives the keys from the password: one encrypts, one authenticates.
func ciphers(password, salt []byte) (cipher.Stream, digest, error) {
	keys, err := pbkdf2.Key(sha256.New, string(password), salt, iterations, 2*keySize+aes.BlockSize)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(keys[:keySize])
	if err != nil {
		return nil, nil, err
	}
	return cipher.NewCTR(block, keys[2*keySize:]), hmac.New(sha256.New, keys[keySize:2*keySize]), nil
}
