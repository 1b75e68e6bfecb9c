package packages

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

// pgpKey is one public key with all that belongs to it.
type pgpKey struct {
	// Fingerprints are those of the key and of its subkeys, in upper-case hex.
	Fingerprints []string
	// Packets are the key's bytes.
	Packets []byte
}

// matches reports whether id, in hex of any case, ends one of the key's fingerprints.
func (k pgpKey) matches(id string) bool {
	id = strings.ToUpper(strings.TrimPrefix(strings.ReplaceAll(id, " ", ""), "0x"))
	id = strings.TrimPrefix(id, "0X")
	if len(id) < 8 {
		return false
	}
	for _, f := range k.Fingerprints {
		if strings.HasSuffix(f, id) {
			return true
		}
	}
	return false
}

// id is the long form of the key's number.
func (k pgpKey) id() string { return k.Fingerprints[0][len(k.Fingerprints[0])-16:] }

var errNoKey = errors.New("this is no OpenPGP public key")

const armorStart = "-----BEGIN PGP PUBLIC KEY BLOCK-----"

// isArmored reports whether data is a key as text.
func isArmored(data []byte) bool { return bytes.Contains(data, []byte(armorStart)) }

// readKeys reads public keys as bytes or in ASCII armor, of which there may be
// several blocks (RFC 9580, section 6). Only version 4 keys have a fingerprint
// here; others are an error.
func readKeys(data []byte) ([]pgpKey, error) {
	if !isArmored(data) {
		return splitKeys(data)
	}
	var keys []pgpKey
	for _, block := range strings.Split(string(data), armorStart)[1:] {
		raw, err := dearmor(block)
		if err != nil {
			return nil, err
		}
		found, err := splitKeys(raw)
		if err != nil {
			return nil, err
		}
		keys = append(keys, found...)
	}
	return keys, nil
}

// dearmor decodes what stands between a block's first and last line.
func dearmor(block string) ([]byte, error) {
	body, _, ok := strings.Cut(block, "-----END PGP")
	if !ok {
		return nil, errors.New("the key's armor has no end")
	}
	var text strings.Builder
	headers := true
	for i, line := range strings.Split(body, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case headers && line == "":
			// The first line is what is left of the start.
			headers = i == 0
		case headers && strings.Contains(line, ": "):
		case strings.HasPrefix(line, "=") && len(line) == 5: // the checksum
		default:
			headers = false
			text.WriteString(line)
		}
	}
	raw, err := base64.StdEncoding.DecodeString(text.String())
	if err != nil {
		return nil, errors.New("the key's armor is damaged")
	}
	return raw, nil
}

// The tags of the packets that hold public keys.
const (
	tagPublicKey    = 6
	tagPublicSubkey = 14
)

func splitKeys(data []byte) ([]pgpKey, error) {
	var keys []pgpKey
	for len(data) > 0 {
		tag, body, size, ok := packet(data)
		if !ok {
			return nil, errNoKey
		}
		if tag == tagPublicKey {
			keys = append(keys, pgpKey{})
		}
		if len(keys) == 0 {
			return nil, errNoKey
		}
		k := &keys[len(keys)-1]
		if tag == tagPublicKey || tag == tagPublicSubkey {
			f, ok := fingerprint(body)
			if !ok && tag == tagPublicKey {
				return nil, errors.New("the key has a version that is not supported; only version 4 is")
			}
			if ok {
				k.Fingerprints = append(k.Fingerprints, f)
			}
		}
		k.Packets = append(k.Packets, data[:size]...)
		data = data[size:]
	}
	if len(keys) == 0 {
		return nil, errNoKey
	}
	return keys, nil
}

// fingerprint returns a version 4 key's (RFC 9580, section 5.5.4.2).
func fingerprint(body []byte) (string, bool) {
	if len(body) < 6 || len(body) > 0xffff || body[0] != 4 {
		return "", false
	}
	h := sha1.New()
	h.Write([]byte{0x99, byte(len(body) >> 8), byte(len(body))})
	h.Write(body)
	return strings.ToUpper(hex.EncodeToString(h.Sum(nil))), true
}

// packet reads the first packet of data (RFC 9580, section 4.2): its tag, its
// body and how many bytes it takes. Partial lengths do not come with keys.
func packet(data []byte) (tag int, body []byte, size int, ok bool) {
	if len(data) < 2 || data[0]&0x80 == 0 {
		return 0, nil, 0, false
	}
	var head, length int
	if data[0]&0x40 != 0 {
		tag = int(data[0] & 0x3f)
		head, length = newLength(data[1:])
	} else {
		tag = int(data[0] >> 2 & 0x0f)
		head, length = oldLength(data[1:], int(data[0]&3))
	}
	size = 1 + head + length
	if head == 0 || length < 0 || size > len(data) {
		return 0, nil, 0, false
	}
	return tag, data[1+head : size], size, true
}

// newLength returns how many bytes the length takes, 0 where it is not valid,
// and the length.
func newLength(b []byte) (head, length int) {
	switch {
	case b[0] < 192:
		return 1, int(b[0])
	case b[0] < 224 && len(b) >= 2:
		return 2, (int(b[0])-192)<<8 + int(b[1]) + 192
	case b[0] == 255 && len(b) >= 5:
		return 5, bigEndian(b[1:5])
	}
	return 0, 0
}

func oldLength(b []byte, kind int) (head, length int) {
	head = 1 << kind
	if kind == 3 || len(b) < head {
		return 0, 0
	}
	return head, bigEndian(b[:head])
}

func bigEndian(b []byte) int {
	n := 0
	for _, c := range b {
		n = n<<8 | int(c)
	}
	return n
}
