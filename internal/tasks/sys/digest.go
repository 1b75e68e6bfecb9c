package sys

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

// NewHash returns the hash with the name that Ansible gives to it.
func NewHash(name string) (hash.Hash, error) {
	switch name {
	case "md5":
		return md5.New(), nil
	case "sha1", "sha":
		return sha1.New(), nil
	case "sha224":
		return sha256.New224(), nil
	case "sha256":
		return sha256.New(), nil
	case "sha384":
		return sha512.New384(), nil
	case "sha512":
		return sha512.New(), nil
	}
	return nil, fmt.Errorf("checksum algorithm %q is none of md5, sha1, sha224, sha256, sha384, sha512", name)
}

// Digest returns the hash of a file's bytes as lower-case hexadecimal digits.
func (m *Machine) Digest(path, algorithm string) (string, error) {
	h, err := NewHash(algorithm)
	if err != nil {
		return "", err
	}
	f, err := m.Open(path)
	if err != nil {
		return "", cause("read", path, err)
	}
	defer f.Close()
	if _, err := io.Copy(h, f); err != nil {
		return "", cause("read", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
