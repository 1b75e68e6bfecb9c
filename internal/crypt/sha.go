package crypt

import (
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
)

// The order in which the digest's bytes are encoded.
var (
	order256 = [][3]int{{0, 10, 20}, {21, 1, 11}, {12, 22, 2}, {3, 13, 23}, {24, 4, 14}, {15, 25, 5}, {6, 16, 26}, {27, 7, 17}, {18, 28, 8}, {9, 19, 29}, {-1, 31, 30}}
	order512 = [][3]int{{0, 21, 42}, {22, 43, 1}, {44, 2, 23}, {3, 24, 45}, {25, 46, 4}, {47, 5, 26}, {6, 27, 48}, {28, 49, 7}, {50, 8, 29}, {9, 30, 51}, {31, 52, 10}, {53, 11, 32}, {12, 33, 54}, {34, 55, 13}, {56, 14, 35}, {15, 36, 57}, {37, 58, 16}, {59, 17, 38}, {18, 39, 60}, {40, 61, 19}, {62, 20, 41}, {-1, -1, 63}}
)

// SHA is crypt(3) with SHA-256 or SHA-512 (kind "sha256" or "sha512"), after the
// specification "Unix crypt using SHA-256 and SHA-512" of Ulrich Drepper. rounds 0
// is the standard.
func SHA(kind, password, salt string, rounds int) string {
	newHash, id, order := sha512.New, "6", order512
	if kind == "sha256" {
		newHash, id, order = sha256.New, "5", order256
	}
	prefix := "$" + id + "$"
	if rounds != 0 {
		prefix += fmt.Sprintf("rounds=%d$", rounds)
	} else {
		rounds = 5000
	}
	sum := firstSum(newHash, password, salt)
	p := stretch(sumOf(newHash, repeatBytes(password, len(password))), len(password))
	s := stretch(sumOf(newHash, repeatBytes(salt, 16+int(sum[0]))), len(salt))
	for i := range rounds {
		h := newHash()
		if i%2 != 0 {
			h.Write(p)
		} else {
			h.Write(sum)
		}
		if i%3 != 0 {
			h.Write(s)
		}
		if i%7 != 0 {
			h.Write(p)
		}
		if i%2 != 0 {
			h.Write(sum)
		} else {
			h.Write(p)
		}
		sum = h.Sum(nil)
	}
	return prefix + salt + "$" + encodeSum(sum, order)
}

func sumOf(newHash func() hash.Hash, data []byte) []byte {
	h := newHash()
	h.Write(data)
	return h.Sum(nil)
}

func repeatBytes(s string, n int) []byte {
	out := make([]byte, 0, len(s)*n)
	for range n {
		out = append(out, s...)
	}
	return out
}

// stretch repeats sum up to n bytes.
func stretch(sum []byte, n int) []byte {
	out := make([]byte, 0, n+len(sum))
	for len(out) < n {
		out = append(out, sum...)
	}
	return out[:n]
}

func firstSum(newHash func() hash.Hash, password, salt string) []byte {
	b := sumOf(newHash, []byte(password+salt+password))
	h := newHash()
	h.Write([]byte(password + salt))
	h.Write(stretch(b, len(password)))
	for n := len(password); n > 0; n >>= 1 {
		if n&1 != 0 {
			h.Write(b)
		} else {
			h.Write([]byte(password))
		}
	}
	return h.Sum(nil)
}

func encodeSum(sum []byte, order [][3]int) string {
	out := []byte{}
	for i, o := range order {
		var w uint
		for _, j := range o {
			w <<= 8
			if j >= 0 {
				w |= uint(sum[j])
			}
		}
		n := 4
		if i == len(order)-1 {
			n = len(sum)*8/6 + 1 - 4*i
		}
		for range n {
			out = append(out, alphabet[w&63])
			w >>= 6
		}
	}
	return string(out)
}
