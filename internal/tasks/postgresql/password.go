package postgresql

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// The work and the salt of new passwords, as PostgreSQL's own.
const (
	newRounds   = 4096
	newSaltSize = 16
)

// isVerifier reports whether a password is what a server keeps of one.
func isVerifier(password string) bool {
	return strings.HasPrefix(password, scramName+"$") || strings.HasPrefix(password, "md5") && len(password) == 35
}

// samePassword reports whether kept, of pg_authid, is of a user's password.
func samePassword(kept, user, password string) bool {
	if isVerifier(password) || kept == "" {
		return kept == password
	}
	if !strings.HasPrefix(kept, scramName+"$") {
		want := "md5" + md5Hex([]byte(password+user))
		return subtle.ConstantTimeCompare([]byte(kept), []byte(want)) == 1
	}
	// SCRAM-SHA-256$ROUNDS:SALT$STORED:SERVER
	parts := strings.FieldsFunc(kept, func(r rune) bool { return r == '$' || r == ':' })
	if len(parts) != 5 {
		return false
	}
	rounds, err := strconv.Atoi(parts[1])
	salt, serr := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || serr != nil || rounds < 1 || rounds > maxIterations {
		return false
	}
	keys, err := deriveKeys(password, salt, rounds)
	want := base64.StdEncoding.EncodeToString(keys.server)
	return err == nil && subtle.ConstantTimeCompare([]byte(parts[4]), []byte(want)) == 1
}

// verifier returns what the server shall keep of a password, so that the password
// itself is neither sent nor in a server's log. A password that is not ASCII would
// have to be normalized first (RFC 4013), which the server does: it gets it as it is.
func verifier(encryption, user, password string) (string, error) {
	ascii := strings.IndexFunc(password, func(r rune) bool { return r < 0x20 || r > 0x7e }) < 0
	switch {
	case isVerifier(password) || password == "":
		return password, nil
	case encryption == "scram-sha-256" && ascii:
		salt := make([]byte, newSaltSize)
		if _, err := rand.Read(salt); err != nil {
			return "", err
		}
		return scramVerifier(password, salt, newRounds)
	case encryption == "scram-sha-256":
		return password, nil
	}
	return "md5" + md5Hex([]byte(password+user)), nil
}

func scramVerifier(password string, salt []byte, rounds int) (string, error) {
	keys, err := deriveKeys(password, salt, rounds)
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("%s$%d:%s$%s:%s", scramName, rounds, b64(salt), b64(keys.stored), b64(keys.server)), err
}
