package mysql

import (
	"crypto/sha256"
	"crypto/subtle"
	"strconv"
	"strings"
)

// cachedSame reports whether what caching_sha2_password keeps is of a password:
// "$A$005$", a salt of 20 bytes, and SHA-crypt's 43 letters.
func cachedSame(kept, password string) bool {
	head, rest, ok := strings.Cut(strings.TrimPrefix(kept, "$A$"), "$")
	thousands, err := strconv.ParseInt(head, 16, 32)
	if !ok || err != nil || len(rest) != 63 || thousands < 1 || thousands > 0xfff {
		return false
	}
	got := shaCrypt(password, rest[:20], int(thousands)*1000)
	return subtle.ConstantTimeCompare([]byte(got), []byte(rest[20:])) == 1
}

// letters are the digits of SHA-crypt's base 64.
const letters = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// shaCrypt is the hash of U. Drepper's "Unix crypt using SHA-256", without what it
// writes in front.
func shaCrypt(password, salt string, rounds int) string {
	b := sha256.Sum256([]byte(password + salt + password))
	h := sha256.New()
	h.Write([]byte(password + salt))
	h.Write(repeat(b[:], len(password)))
	for n := len(password); n > 0; n >>= 1 {
		if n&1 == 1 {
			h.Write(b[:])
		} else {
			h.Write([]byte(password))
		}
	}
	a := h.Sum(nil)
	many := sha256.Sum256([]byte(strings.Repeat(password, len(password))))
	p := repeat(many[:], len(password))
	many = sha256.Sum256([]byte(strings.Repeat(salt, 16+int(a[0]))))
	s := repeat(many[:], len(salt))
	for i := range rounds {
		h.Reset()
		first, last := a, p
		if i%2 == 1 {
			first, last = p, a
		}
		h.Write(first)
		if i%3 != 0 {
			h.Write(s)
		}
		if i%7 != 0 {
			h.Write(p)
		}
		h.Write(last)
		a = h.Sum(a[:0:0])
	}
	return encode64(a)
}

func repeat(b []byte, n int) []byte {
	out := make([]byte, 0, n+len(b))
	for len(out) < n {
		out = append(out, b...)
	}
	return out[:n]
}

// encode64 writes the bytes in the order in which SHA-crypt has them.
func encode64(a []byte) string {
	var out strings.Builder
	put := func(v uint32, n int) {
		for range n {
			out.WriteByte(letters[v&63])
			v >>= 6
		}
	}
	i, j, k := 0, 10, 20
	for range 10 {
		put(uint32(a[i])<<16|uint32(a[j])<<8|uint32(a[k]), 4)
		i, j, k = (i+21)%30, (j+21)%30, (k+21)%30
	}
	put(uint32(a[31])<<8|uint32(a[30]), 3)
	return out.String()
}
