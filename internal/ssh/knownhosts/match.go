package knownhosts

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"strings"
)

// pattern is a line whose names have wildcards or are negated.
type pattern struct {
	line  int
	names []string // in lower case, as they stand
}

// match reports whether the line is about a name: no negated pattern fits, and
// another one does.
func (p pattern) match(name string) bool {
	matched := false
	for _, n := range p.names {
		negated := strings.HasPrefix(n, "!")
		if !glob(strings.TrimPrefix(n, "!"), name) {
			continue
		}
		if negated {
			return false
		}
		matched = true
	}
	return matched
}

// isPattern reports whether a list of names needs a pattern.
func isPattern(names string) bool { return strings.ContainsAny(names, "*?!") }

// glob reports whether the pattern fits the whole text: * is any text, ? any byte.
// It takes at most len(pattern) × len(text) steps.
func glob(pattern, text string) bool {
	star, from := -1, 0 // behind the last star, and where its text may end
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			p++
			star, from = p, t
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			from++
			p, t = star, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// hashed is a line whose one name is hashed: |1|salt|HMAC-SHA1 of the name.
type hashed struct {
	line int
	salt [sha1.Size]byte
	sum  [sha1.Size]byte
}

const hashPrefix = "|1|"

// parseHashed reads the name of a line.
func parseHashed(name string) (h hashed, err error) {
	salt, sum, ok := strings.Cut(strings.TrimPrefix(name, hashPrefix), "|")
	if !ok || !strings.HasPrefix(name, hashPrefix) {
		return h, errors.New("a hashed name is not |1|salt|hash")
	}
	s, err1 := base64.StdEncoding.DecodeString(salt)
	d, err2 := base64.StdEncoding.DecodeString(sum)
	if err := errors.Join(err1, err2); err != nil {
		return h, err
	}
	if len(s) != len(h.salt) || len(d) != len(h.sum) {
		return h, errors.New("a hashed name has a salt or hash of another length than SHA-1's")
	}
	copy(h.salt[:], s)
	copy(h.sum[:], d)
	return h, nil
}

func (h hashed) match(name string) bool { return hash(h.salt, name) == h.sum }

// hash returns the HMAC-SHA1 of the name. A big file is searched with it for every
// host, so that it allocates nothing for a name of usual length.
func hash(salt [sha1.Size]byte, name string) [sha1.Size]byte {
	var room [sha1.BlockSize + 64]byte
	inner := pad(room[:0], salt, 0x36)
	sum := sha1.Sum(append(inner, name...))
	outer := pad(room[:0], salt, 0x5c)
	return sha1.Sum(append(outer, sum[:]...))
}

// pad appends the salt, filled up to a block, with each byte changed.
func pad(b []byte, salt [sha1.Size]byte, with byte) []byte {
	b = b[:sha1.BlockSize]
	for i := range b {
		b[i] = with
	}
	for i, s := range salt {
		b[i] ^= s
	}
	return b
}

// Hash returns the name as a hashed line has it.
func Hash(name string) string {
	var salt [sha1.Size]byte
	_, _ = rand.Read(salt[:]) // never fails
	sum := hash(salt, strings.ToLower(name))
	return hashPrefix + base64.StdEncoding.EncodeToString(salt[:]) + "|" + base64.StdEncoding.EncodeToString(sum[:])
}
