package crypto

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"fleet/internal/tasks/sys"
)

// curve is one that can be made, by its name in TLS's registry.
type curve struct {
	name string
	elliptic.Curve
}

func curves() []curve {
	return []curve{{"secp224r1", elliptic.P224()}, {"secp256r1", elliptic.P256()}, {"secp384r1", elliptic.P384()}, {"secp521r1", elliptic.P521()}}
}

// curveName returns the name of a curve.
func curveName(c elliptic.Curve) string {
	for _, known := range curves() {
		if known.Curve == c {
			return known.name
		}
	}
	return c.Params().Name
}

// key is a private key.
type key struct {
	private crypto.PrivateKey
	format  string // pkcs1, pkcs8 or raw, as the file has it
}

// newKey makes a key.
func newKey(kind string, size int, name string) (crypto.PrivateKey, error) {
	switch kind {
	case "RSA":
		return rsa.GenerateKey(rand.Reader, size)
	case "ECC":
		all := curves()
		return ecdsa.GenerateKey(all[slices.IndexFunc(all, func(c curve) bool { return c.name == name })].Curve, rand.Reader)
	case "Ed25519":
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
	return ecdh.X25519().GenerateKey(rand.Reader)
}

// about says what a key is: type and size in bits as Ansible names them, and
// the curve where it has a choice of these.
func (k *key) about() (kind string, size int, curve string) {
	switch p := k.private.(type) {
	case *rsa.PrivateKey:
		return "RSA", p.N.BitLen(), ""
	case *ecdsa.PrivateKey:
		return "ECC", p.Curve.Params().BitSize, curveName(p.Curve)
	case ed25519.PrivateKey:
		return "Ed25519", 256, ""
	}
	return "X25519", 256, ""
}

// public returns the public key.
func (k *key) public() crypto.PublicKey {
	switch p := k.private.(type) {
	case interface{ Public() crypto.PublicKey }:
		return p.Public()
	}
	return nil
}

// signer returns the key as one that can sign.
func (k *key) signer() (crypto.Signer, error) {
	s, ok := k.private.(crypto.Signer)
	if !ok {
		kind, _, _ := k.about()
		return nil, fmt.Errorf("a key of type %s cannot sign; take RSA, ECC or Ed25519", kind)
	}
	return s, nil
}

// errEncrypted is a key that needs a passphrase.
var errEncrypted = errors.New("the key is encrypted and no passphrase is given")

// errPlain is a key that needs none.
var errPlain = errors.New("a passphrase is given and the key is not encrypted")

// parseKey reads a private key: PEM, or the bare bytes of a key of kind.
func parseKey(data []byte, passphrase, kind string) (*key, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return parseRaw(data, passphrase, kind)
	}
	der, err := decrypted(block, passphrase)
	if err != nil {
		return nil, err
	}
	k := &key{format: "pkcs1"}
	switch block.Type {
	case "RSA PRIVATE KEY":
		k.private, err = x509.ParsePKCS1PrivateKey(der)
	case "EC PRIVATE KEY":
		k.private, err = x509.ParseECPrivateKey(der)
	case "PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
		k.format = "pkcs8"
		k.private, err = x509.ParsePKCS8PrivateKey(der)
	default:
		return nil, fmt.Errorf("a key in the format %q is not supported", block.Type)
	}
	if err != nil && passphrase != "" {
		return nil, errPassphrase
	}
	return k, err
}

func decrypted(block *pem.Block, passphrase string) ([]byte, error) {
	//lint:ignore SA1019 OpenSSL's own format, which users have
	legacy := x509.IsEncryptedPEMBlock(block)
	sealed := block.Type == "ENCRYPTED PRIVATE KEY"
	switch {
	case (legacy || sealed) && passphrase == "":
		return nil, errEncrypted
	case sealed:
		return unseal(block.Bytes, passphrase)
	case legacy:
		//lint:ignore SA1019 as above
		der, err := x509.DecryptPEMBlock(block, []byte(passphrase))
		if err != nil {
			return nil, errPassphrase
		}
		return der, nil
	case passphrase != "":
		return nil, errPlain
	}
	return block.Bytes, nil
}

func parseRaw(data []byte, passphrase, kind string) (*key, error) {
	if len(data) != ed25519.SeedSize {
		return nil, errors.New("there is no key in PEM in it")
	}
	if passphrase != "" {
		return nil, errPlain
	}
	if kind == "Ed25519" {
		return &key{ed25519.NewKeyFromSeed(data), "raw"}, nil
	}
	private, err := ecdh.X25519().NewPrivateKey(data)
	return &key{private, "raw"}, err
}

// encode writes a key in a format, encrypted where there is a passphrase.
func encode(private crypto.PrivateKey, format, passphrase string) ([]byte, error) {
	switch format {
	case "raw":
		return encodeRaw(private, passphrase)
	case "pkcs1":
		return encodePKCS1(private, passphrase)
	}
	block := &pem.Block{Type: "PRIVATE KEY"}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	if block.Bytes = der; passphrase != "" {
		block.Type = "ENCRYPTED PRIVATE KEY"
		if block.Bytes, err = seal(der, passphrase); err != nil {
			return nil, err
		}
	}
	return pem.EncodeToMemory(block), nil
}

func encodePKCS1(private crypto.PrivateKey, passphrase string) (data []byte, err error) {
	block := &pem.Block{}
	switch p := private.(type) {
	case *rsa.PrivateKey:
		block.Type, block.Bytes = "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(p)
	case *ecdsa.PrivateKey:
		block.Type = "EC PRIVATE KEY"
		if block.Bytes, err = x509.MarshalECPrivateKey(p); err != nil {
			return nil, err
		}
	default:
		return nil, errors.New("a key of this type cannot be written as pkcs1; take the format pkcs8 or auto")
	}
	if passphrase != "" {
		//lint:ignore SA1019 the format that is asked for
		block, err = x509.EncryptPEMBlock(rand.Reader, block.Type, block.Bytes, []byte(passphrase), x509.PEMCipherAES256)
		if err != nil {
			return nil, err
		}
	}
	return pem.EncodeToMemory(block), nil
}

func encodeRaw(private crypto.PrivateKey, passphrase string) ([]byte, error) {
	if passphrase != "" {
		return nil, errors.New("a key in the format raw cannot be encrypted; leave passphrase out")
	}
	switch p := private.(type) {
	case ed25519.PrivateKey:
		return p.Seed(), nil
	case *ecdh.PrivateKey:
		return p.Bytes(), nil
	}
	return nil, errors.New("a key of this type cannot be written in the format raw; take pkcs8")
}

// loadKey reads the key that the arguments of another module name. It is nil in
// check mode where the file is still to be made.
func loadKey(m *sys.Machine, path, content, passphrase string) (*key, error) {
	data, where := []byte(content), "the given private key"
	if content == "" {
		var err error
		where = fmt.Sprintf("private key %q", path)
		if data, err = read(m, path); err != nil {
			if m.Check && isMissing(err) {
				return nil, nil
			}
			return nil, err
		}
	}
	k, err := parseKey(data, passphrase, "Ed25519")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return k, nil
}
