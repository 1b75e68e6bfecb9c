package crypto

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// OpensslPrivatekey makes a private key in a file.
//
// A key that is not as asked (type, size, curve, passphrase) is made anew unless
// regenerate says otherwise; what was signed with the old one is then of no use.
//
// Example:
//
//	tasks:
//	  - openssl_privatekey:
//	      path: /etc/ssl/private/www.key
//	      type: ECC
//	      curve: secp256r1
var OpensslPrivatekey = sys.Define(spec.Module{
	Name:  "openssl_privatekey",
	Names: []string{"community.crypto.openssl_privatekey", "community.general.openssl_privatekey"},
}, opensslPrivatekey)

type opensslPrivatekeyArgs struct {
	fileArgs
	backendArgs
	// The size of an RSA key in bits.
	Size int `arg:"size" default:"4096"`
	// The algorithm.
	Type string `arg:"type" choices:"ECC,Ed25519,RSA,X25519" default:"RSA"`
	// The curve of a key of type ECC, which needs it.
	Curve string `arg:"curve" choices:"secp224r1,secp256r1,secp384r1,secp521r1"`
	// What the key is encrypted with.
	Passphrase string `arg:"passphrase,secret"`
	// How the key is encrypted; auto takes AES-256.
	Cipher string `arg:"cipher" choices:"auto"`
	// How the key is written. auto is pkcs1 for RSA and ECC and pkcs8 for others;
	// auto_ignore is the same and takes an existing key in any format.
	Format string `arg:"format" choices:"auto,auto_ignore,pkcs1,pkcs8,raw" default:"auto_ignore"`
	// What becomes of a key that is as asked but for its format.
	FormatMismatch string `arg:"format_mismatch" choices:"convert,regenerate" default:"regenerate"`
	// When an existing key is made anew. never: not at all; fail: the task fails
	// where the key is not as asked; partial_idempotence: where it is not as asked,
	// and the task fails where it cannot be read; full_idempotence: in both cases;
	// always: each time.
	Regenerate string `arg:"regenerate" choices:"always,fail,full_idempotence,never,partial_idempotence" default:"full_idempotence"`
	// Returns the key as privatekey.
	ReturnContent bool `arg:"return_content"`
}

type opensslPrivatekeyResult struct {
	fileResult
	// The size in bits.
	Size int `json:"size"`
	// The algorithm.
	Type string `json:"type"`
	// The curve of a key of type ECC.
	Curve string `json:"curve,omitempty"`
	// The digests of the public key, by algorithm.
	Fingerprint map[string]string `json:"fingerprint,omitempty"`
	// The key, where return_content asks for it; Base64 where its format is raw.
	Privatekey string `json:"privatekey,omitempty"`
}

func opensslPrivatekey(ctx context.Context, m *sys.Machine, a *opensslPrivatekeyArgs) (any, error) {
	switch {
	case a.Type == "ECC" && a.Curve == "":
		return nil, errors.New("argument \"curve\" is needed with type ECC\nhint: secp256r1 is the usual one")
	case (a.Cipher == "") != (a.Passphrase == ""):
		return nil, errors.New("arguments cipher, passphrase go together\nhint: cipher: auto")
	}
	f, err := open(m, &a.fileArgs)
	if err != nil {
		return nil, err
	}
	f.secret = true
	if a.Mode == nil {
		f.Mode = "0600"
	}
	if a.State == "absent" {
		err := f.remove(ctx)
		return &opensslPrivatekeyResult{fileResult: f.result, Size: a.Size, Type: a.Type, Curve: a.Curve}, err
	}
	have, err := a.apply(ctx, f)
	if err != nil {
		return nil, err
	}
	res := &opensslPrivatekeyResult{fileResult: f.result, Size: a.Size, Type: a.Type, Curve: a.Curve}
	if have == nil {
		return res, nil
	}
	res.Type, res.Size, res.Curve = have.about()
	res.Fingerprint = keyFingerprints(have.public())
	if a.ReturnContent {
		if res.Privatekey = string(f.data); have.format == "raw" {
			res.Privatekey = base64.StdEncoding.EncodeToString(f.data)
		}
	}
	return res, nil
}

// apply brings the file to the key that is asked for, and returns it. It is nil
// where check mode made none.
func (a *opensslPrivatekeyArgs) apply(ctx context.Context, f *file) (*key, error) {
	have, anew, err := a.examine(f)
	if err != nil {
		return nil, err
	}
	convert := !anew && have != nil && a.FormatMismatch == "convert" && !a.fits(have)
	if !anew && !convert {
		return have, f.keep(ctx)
	}
	err = f.replace(ctx, func(context.Context) (data []byte, err error) {
		next := &key{format: a.format()}
		if next.private, err = newKey(a.Type, a.Size, a.Curve); convert {
			next.private, err = have.private, nil
		}
		if err != nil {
			return nil, err
		}
		have = next
		return encode(next.private, next.format, a.Passphrase)
	})
	if f.m.Check && anew {
		return nil, err
	}
	return have, err
}

// examine returns the existing key, if it can be read, and whether it has to be
// made anew.
func (a *opensslPrivatekeyArgs) examine(f *file) (have *key, anew bool, err error) {
	if a.Force || a.Regenerate == "always" || f.data == nil {
		return nil, true, nil
	}
	have, err = parseKey(f.data, a.Passphrase, a.Type)
	idempotent := a.Regenerate == "partial_idempotence" || a.Regenerate == "full_idempotence"
	switch {
	case a.Regenerate == "never":
		return have, false, nil
	case err != nil && a.Regenerate == "full_idempotence":
		return nil, true, nil
	case err != nil:
		return nil, false, fmt.Errorf("the key in %q cannot be read: %w\nhint: regenerate: full_idempotence makes it anew", f.Path, err)
	}
	kind, size, curve := have.about()
	wrong := ""
	switch {
	case kind != a.Type, kind == "RSA" && size != a.Size, kind == "ECC" && curve != a.Curve:
		wrong = "another type, size or curve than is asked for"
	case a.FormatMismatch == "regenerate" && !a.fits(have):
		wrong = fmt.Sprintf("the format %s", have.format)
	}
	if wrong != "" && !idempotent {
		return nil, false, fmt.Errorf("the key in %q has %s\nhint: regenerate: partial_idempotence makes it anew", f.Path, wrong)
	}
	return have, wrong != "", nil
}

// fits reports whether the key is in a format that is asked for.
func (a *opensslPrivatekeyArgs) fits(k *key) bool {
	return a.Format == "auto_ignore" || k.format == a.format()
}

func (a *opensslPrivatekeyArgs) format() string {
	switch {
	case a.Format != "auto" && a.Format != "auto_ignore":
		return a.Format
	case slices.Contains([]string{"RSA", "ECC"}, a.Type):
		return "pkcs1"
	}
	return "pkcs8"
}
