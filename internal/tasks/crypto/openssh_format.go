package crypto

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// magic starts a private key in OpenSSH's own format, as PROTOCOL.key of
// OpenSSH describes it.
const magic = "openssh-key-v1\x00"

// sshPublic is a public key as SSH knows it.
type sshPublic struct {
	blob    []byte
	comment string
}

// String is its line in a file.
func (p sshPublic) String() string {
	return strings.TrimSpace(p.algorithm() + " " + base64.StdEncoding.EncodeToString(p.blob) + " " + p.comment)
}

func (p sshPublic) algorithm() string {
	name, _, _ := cutString(p.blob)
	return string(name)
}

func (p sshPublic) fingerprint() string {
	sum := sha256.Sum256(p.blob)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// about returns type and size in bits by ssh-keygen's names.
func (p sshPublic) about() (kind string, size int) {
	name, rest, _ := cutString(p.blob)
	switch algorithm := string(name); {
	case algorithm == "ssh-rsa":
		_, rest, _ = cutString(rest)
		n, _, _ := cutString(rest)
		return "rsa", new(big.Int).SetBytes(n).BitLen()
	case algorithm == "ssh-ed25519":
		return "ed25519", 256
	case strings.HasPrefix(algorithm, "ecdsa-sha2-nistp"):
		_, _ = fmt.Sscanf(algorithm, "ecdsa-sha2-nistp%d", &size) // 0 where there is no number
		return "ecdsa", size
	case algorithm == "ssh-dss":
		return "dsa", 1024
	}
	return "", 0
}

// parseSSHPublic reads a line.
func parseSSHPublic(line string) (sshPublic, error) {
	fields := strings.SplitN(strings.TrimSpace(line), " ", 3)
	if len(fields) < 2 {
		return sshPublic{}, errors.New("it is no public key")
	}
	blob, err := base64.StdEncoding.DecodeString(fields[1])
	p := sshPublic{blob: blob}
	if len(fields) == 3 {
		p.comment = fields[2]
	}
	if err == nil && p.algorithm() != fields[0] {
		err = errors.New("it is no public key")
	}
	return p, err
}

// sshPublicOf returns the public key of a private one.
func sshPublicOf(private crypto.PrivateKey, comment string) (sshPublic, error) {
	var b []byte
	switch p := private.(type) {
	case *rsa.PrivateKey:
		b = appendMany(nil, []byte("ssh-rsa"), mpint(big.NewInt(int64(p.E))), mpint(p.N))
	case ed25519.PrivateKey:
		b = appendMany(nil, []byte("ssh-ed25519"), p[ed25519.SeedSize:])
	case *ecdsa.PrivateKey:
		point, err := p.PublicKey.Bytes()
		if err != nil {
			return sshPublic{}, err
		}
		b = appendMany(nil, []byte("ecdsa-sha2-"+nist(p)), []byte(nist(p)), point)
	default:
		return sshPublic{}, errors.New("SSH knows no keys of this type")
	}
	return sshPublic{b, comment}, nil
}

func nist(p *ecdsa.PrivateKey) string { return fmt.Sprintf("nistp%d", p.Curve.Params().BitSize) }

// encodeSSH writes a private key in OpenSSH's own format, not encrypted.
func encodeSSH(private crypto.PrivateKey, comment string) ([]byte, error) {
	public, err := sshPublicOf(private, comment)
	if err != nil {
		return nil, err
	}
	check := make([]byte, 4)
	_, _ = rand.Read(check) // never fails, as its documentation says
	inner := append(append([]byte{}, check...), check...)
	inner = appendMany(inner, []byte(public.algorithm()))
	switch p := private.(type) {
	case *rsa.PrivateKey:
		p.Precompute()
		inner = appendMany(inner, mpint(p.N), mpint(big.NewInt(int64(p.E))), mpint(p.D), mpint(p.Precomputed.Qinv), mpint(p.Primes[0]), mpint(p.Primes[1]))
	case ed25519.PrivateKey:
		inner = appendMany(inner, p[ed25519.SeedSize:], p)
	case *ecdsa.PrivateKey:
		_, rest, _ := cutString(public.blob)
		_, rest, _ = cutString(rest)
		point, _, _ := cutString(rest)
		secret, err := p.Bytes()
		if err != nil {
			return nil, err
		}
		inner = appendMany(inner, []byte(nist(p)), point, mpint(new(big.Int).SetBytes(secret)))
	}
	inner = appendMany(inner, []byte(comment))
	for i := byte(1); len(inner)%8 != 0; i++ {
		inner = append(inner, i)
	}
	outer := appendMany([]byte(magic), []byte("none"), []byte("none"), nil)
	outer = binary.BigEndian.AppendUint32(outer, 1)
	outer = appendMany(outer, public.blob, inner)
	return pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: outer}), nil
}

// sshPrivate is a private key file of SSH.
type sshPrivate struct {
	public    sshPublic
	encrypted bool
	// key is the key itself; nil where it is in OpenSSH's own format and encrypted.
	key crypto.PrivateKey
}

// parseSSH reads a private key in OpenSSH's own format, or in PEM of others.
func parseSSH(data []byte, passphrase string) (*sshPrivate, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errors.New("there is no key in PEM in it")
	}
	if block.Type != "OPENSSH PRIVATE KEY" {
		k, err := parseKey(data, passphrase, "Ed25519")
		if err != nil {
			return nil, err
		}
		public, err := sshPublicOf(k.private, "")
		return &sshPrivate{public, passphrase != "", k.private}, err
	}
	rest, ok := bytes.CutPrefix(block.Bytes, []byte(magic))
	var parts [5][]byte // cipher, hash, its options, public, private
	for i := range parts {
		if i == 3 && ok {
			ok = len(rest) >= 4 && binary.BigEndian.Uint32(rest) == 1
			rest = rest[min(4, len(rest)):]
		}
		if ok {
			parts[i], rest, ok = cutString(rest)
		}
	}
	s := &sshPrivate{public: sshPublic{blob: parts[3]}, encrypted: string(parts[0]) != "none"}
	switch {
	case !ok:
		return nil, errors.New("the key is damaged")
	case s.encrypted && passphrase == "":
		return nil, errEncrypted
	case !s.encrypted && passphrase != "":
		return nil, errPlain
	case s.encrypted:
		return s, nil
	}
	return s, s.open(parts[4])
}

// open reads the private part.
func (s *sshPrivate) open(inner []byte) error {
	damaged := errors.New("the key is damaged")
	if len(inner) < 8 || !bytes.Equal(inner[:4], inner[4:8]) {
		return damaged
	}
	var f [][]byte
	for rest, ok := inner[8:], true; len(f) < 8 && ok; {
		var field []byte
		if field, rest, ok = cutString(rest); ok {
			f = append(f, field)
		}
	}
	number := func(i int) *big.Int { return new(big.Int).SetBytes(f[i]) }
	var comment []byte
	var err error
	switch kind, _ := s.public.about(); {
	case kind == "rsa" && len(f) == 8:
		k := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: number(1), E: int(number(2).Int64())}, D: number(3), Primes: []*big.Int{number(5), number(6)}}
		s.key, err, comment = k, k.Validate(), f[7]
	case kind == "ed25519" && len(f) >= 4 && len(f[2]) == ed25519.PrivateKeySize:
		s.key, comment = ed25519.PrivateKey(f[2]), f[3]
	case kind == "ecdsa" && len(f) >= 5:
		s.key, err = ecdsaKey(string(f[1]), f[3])
		comment = f[4]
	case kind == "dsa":
	default:
		return damaged
	}
	s.public.comment = string(comment)
	return err
}

func ecdsaKey(name string, secret []byte) (crypto.PrivateKey, error) {
	for _, c := range curves() {
		if size := (c.Params().BitSize + 7) / 8; fmt.Sprintf("nistp%d", c.Params().BitSize) == name && len(secret) <= size+1 {
			padded := new(big.Int).SetBytes(secret).FillBytes(make([]byte, size))
			return ecdsa.ParseRawPrivateKey(c.Curve, padded)
		}
	}
	return nil, fmt.Errorf("the curve %q is not supported", name)
}

// appendMany appends byte strings as SSH writes them: behind their length.
func appendMany(b []byte, fields ...[]byte) []byte {
	for _, f := range fields {
		b = binary.BigEndian.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	return b
}

// mpint returns the bytes of a number that is not negative.
func mpint(n *big.Int) []byte {
	b := n.Bytes()
	if len(b) > 0 && b[0]&0x80 != 0 {
		b = append([]byte{0}, b...)
	}
	return b
}

// cutString takes a byte string off the front.
func cutString(b []byte) (field, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, nil, false
	}
	return b[4 : 4+n], b[4+n:], true
}

// isOwnFormat reports whether a private key is in OpenSSH's own format.
func isOwnFormat(data []byte) bool {
	block, _ := pem.Decode(data)
	return block != nil && block.Type == "OPENSSH PRIVATE KEY"
}
