package crypto

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"
)

// rounds is how often a passphrase is hashed for a new file.
const rounds = 100_000

// maxRounds bounds the work that an existing file can ask for.
const maxRounds = 50_000_000

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidSHA1   = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 7}
	oidSHA256 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
	oidSHA512 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 11}
	oidAES256 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
	oidAES128 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}
)

// encryptedKey is EncryptedPrivateKeyInfo of RFC 5958.
type encryptedKey struct {
	Algorithm struct {
		Scheme asn1.ObjectIdentifier
		Params struct {
			KDF struct {
				Algorithm asn1.ObjectIdentifier
				Params    kdfParams
			}
			Cipher struct {
				Algorithm asn1.ObjectIdentifier
				IV        []byte
			}
		}
	}
	Data []byte
}

// kdfParams is PBKDF2-params of RFC 8018.
type kdfParams struct {
	Salt   []byte
	Rounds int
	Length int                      `asn1:"optional"`
	PRF    pkix.AlgorithmIdentifier `asn1:"optional"`
}

// errPassphrase is a passphrase that does not open a key.
var errPassphrase = errors.New("the passphrase is wrong")

// seal encrypts a key in PKCS #8 by PBES2 with AES-256.
func seal(der []byte, passphrase string) ([]byte, error) {
	salt, iv := make([]byte, 16), make([]byte, aes.BlockSize)
	_, _ = rand.Read(salt) // never fails, as its documentation says
	_, _ = rand.Read(iv)
	var e encryptedKey
	e.Algorithm.Scheme = oidPBES2
	e.Algorithm.Params.KDF.Algorithm = oidPBKDF2
	e.Algorithm.Params.KDF.Params = kdfParams{Salt: salt, Rounds: rounds, PRF: pkix.AlgorithmIdentifier{Algorithm: oidSHA256, Parameters: asn1.NullRawValue}}
	e.Algorithm.Params.Cipher.Algorithm, e.Algorithm.Params.Cipher.IV = oidAES256, iv
	block, err := e.cipher(passphrase)
	if err != nil {
		return nil, err
	}
	pad := aes.BlockSize - len(der)%aes.BlockSize
	e.Data = append([]byte{}, der...)
	for range pad {
		e.Data = append(e.Data, byte(pad))
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(e.Data, e.Data)
	return asn1.Marshal(e)
}

// unseal decrypts what seal and others made.
func unseal(der []byte, passphrase string) ([]byte, error) {
	var e encryptedKey
	if _, err := asn1.Unmarshal(der, &e); err != nil || !e.Algorithm.Scheme.Equal(oidPBES2) {
		return nil, errors.New("the key is encrypted by another scheme than PBES2 with AES")
	}
	block, err := e.cipher(passphrase)
	if err != nil {
		return nil, err
	}
	iv := e.Algorithm.Params.Cipher.IV
	if len(e.Data) == 0 || len(e.Data)%aes.BlockSize != 0 || len(iv) != aes.BlockSize {
		return nil, errors.New("the key is damaged")
	}
	out := make([]byte, len(e.Data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, e.Data)
	pad := int(out[len(out)-1])
	if pad == 0 || pad > aes.BlockSize {
		return nil, errPassphrase
	}
	return out[:len(out)-pad], nil
}

func (e *encryptedKey) cipher(passphrase string) (cipher.Block, error) {
	p, kdf := e.Algorithm.Params, e.Algorithm.Params.KDF.Params
	size := 32
	switch {
	case p.Cipher.Algorithm.Equal(oidAES128):
		size = 16
	case !p.Cipher.Algorithm.Equal(oidAES256):
		return nil, fmt.Errorf("the key is encrypted by a cipher that is not supported (%s)", p.Cipher.Algorithm)
	}
	var prf func() hash.Hash
	switch {
	case kdf.PRF.Algorithm == nil, kdf.PRF.Algorithm.Equal(oidSHA1):
		prf = sha1.New
	case kdf.PRF.Algorithm.Equal(oidSHA256):
		prf = sha256.New
	case kdf.PRF.Algorithm.Equal(oidSHA512):
		prf = sha512.New
	}
	if prf == nil || !p.KDF.Algorithm.Equal(oidPBKDF2) || kdf.Rounds < 1 || kdf.Rounds > maxRounds {
		return nil, errors.New("the passphrase of the key is hashed in a way that is not supported")
	}
	key, err := pbkdf2.Key(prf, passphrase, kdf.Salt, kdf.Rounds, size)
	if err != nil {
		return nil, err
	}
	return aes.NewCipher(key)
}
