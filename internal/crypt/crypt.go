// Package crypt hashes passwords as crypt(3) and Apache's password files have
// them. Both sides use it. It has no bcrypt and no yescrypt: Match says so of
// hashes that it does not know, and never takes an unknown hash for a match.
package crypt

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"strconv"
	"strings"
)

// alphabet are the digits that hashes and salts are written in.
const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Salt writes bytes as a salt, a character each.
func Salt(random []byte) string {
	out := make([]byte, len(random))
	for i, b := range random {
		out[i] = alphabet[b&63]
	}
	return string(out)
}

// SHA1 is the form "{SHA}" of password files: one digest, without a salt.
func SHA1(password string) string {
	sum := sha1.Sum([]byte(password))
	return "{SHA}" + base64.StdEncoding.EncodeToString(sum[:])
}

// Match reports whether the hash is the password's, and whether it is of a kind
// that is known here.
func Match(hash, password string) (match, known bool) {
	again, known := rehash(hash, password)
	return known && subtle.ConstantTimeCompare([]byte(again), []byte(hash)) == 1, known
}

// rehash hashes the password in the way that the hash was made.
func rehash(hash, password string) (string, bool) {
	if strings.HasPrefix(hash, "{SHA}") {
		return SHA1(password), true
	}
	f := strings.Split(hash, "$")
	if len(f) < 4 || f[0] != "" {
		return "", false
	}
	kind := map[string]string{"5": "sha256", "6": "sha512"}[f[1]]
	switch {
	case f[1] == "apr1" || f[1] == "1":
		return MD5(f[1], password, f[2]), true
	case kind == "":
		return "", false
	case !strings.HasPrefix(f[2], "rounds="):
		return SHA(kind, password, f[2], 0), true
	}
	rounds, err := strconv.Atoi(strings.TrimPrefix(f[2], "rounds="))
	if err != nil || len(f) < 5 || rounds < 1000 || rounds > 10_000_000 {
		return "", false
	}
	return SHA(kind, password, f[3], rounds), true
}
