package crypt

import "crypto/md5"

// MD5 is crypt(3) with MD5, as Poul-Henning Kamp made it for FreeBSD: kind "1", or
// "apr1" as Apache has it in its password files. The salt has eight characters at
// most.
func MD5(kind, password, salt string) string {
	magic := "$" + kind + "$"
	salt = salt[:min(len(salt), 8)]
	b := md5.Sum([]byte(password + salt + password))
	h := md5.New()
	h.Write([]byte(password + magic + salt))
	h.Write(stretch(b[:], len(password)))
	for n := len(password); n > 0; n >>= 1 {
		if n&1 != 0 {
			h.Write([]byte{0})
		} else {
			h.Write([]byte(password[:1]))
		}
	}
	sum := h.Sum(nil)
	for i := range 1000 {
		h := md5.New()
		first, last := sum, []byte(password)
		if i%2 != 0 {
			first, last = last, first
		}
		h.Write(first)
		if i%3 != 0 {
			h.Write([]byte(salt))
		}
		if i%7 != 0 {
			h.Write([]byte(password))
		}
		h.Write(last)
		sum = h.Sum(nil)
	}
	order := [][3]int{{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}, {-1, -1, 11}}
	return magic + salt + "$" + encodeSum(sum, order)
}
