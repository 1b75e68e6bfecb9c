package crypto

import (
	"crypto"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io/fs"
	"strings"
)

// fingerprints returns the digests of data by algorithm, as "84:75:71".
func fingerprints(data []byte) map[string]string {
	out := map[string]string{}
	md, one := md5.Sum(data), sha1.Sum(data)
	two24, two56 := sha256.Sum224(data), sha256.Sum256(data)
	three, five := sha512.Sum384(data), sha512.Sum512(data)
	for name, sum := range map[string][]byte{"md5": md[:], "sha1": one[:], "sha224": two24[:], "sha256": two56[:], "sha384": three[:], "sha512": five[:]} {
		out[name] = colons(sum)
	}
	return out
}

// keyFingerprints returns the fingerprints of a public key.
func keyFingerprints(public crypto.PublicKey) map[string]string {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil
	}
	return fingerprints(der)
}

// colons writes bytes as "84:75:71".
func colons(b []byte) string {
	parts := make([]string, len(b))
	for i := range b {
		parts[i] = hex.EncodeToString(b[i : i+1])
	}
	return strings.Join(parts, ":")
}

// isMissing reports whether err says that a file is not there.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
