package crypto

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// OpensslCSR makes a request for a certificate.
//
// A request that says something else, or is of another key, is made anew.
//
// Example:
//
//	tasks:
//	  - openssl_csr:
//	      path: /etc/ssl/www.csr
//	      privatekey_path: /etc/ssl/private/www.key
//	      common_name: www.example.org
//	      subject_alt_name: [DNS:www.example.org, DNS:example.org]
var OpensslCSR = sys.Define(spec.Module{
	Name:      "openssl_csr",
	Names:     []string{"community.crypto.openssl_csr", "community.general.openssl_csr"},
	Exclusive: [][]string{{"privatekey_path", "privatekey_content"}, {"subject", "subject_ordered"}},
}, opensslCSR)

type opensslCsrArgs struct {
	fileArgs
	backendArgs
	subjectArgs
	extensionArgs
	// The digest that the request is signed with.
	Digest string `arg:"digest" choices:"sha1,sha256,sha384,sha512" default:"sha256"`
	// The file of the private key.
	PrivatekeyPath string `arg:"privatekey_path" type:"path"`
	// The private key itself.
	PrivatekeyContent string `arg:"privatekey_content,secret"`
	// What the private key is encrypted with.
	PrivatekeyPassphrase string `arg:"privatekey_passphrase,secret"`
	// The version of the request's format: there is no other.
	Version int `arg:"version" choices:"1" default:"1"`
	// Returns the request as csr.
	ReturnContent bool `arg:"return_content"`
}

type opensslCsrResult struct {
	fileResult
	// The file of the private key.
	Privatekey string `json:"privatekey,omitempty"`
	// The subject, as pairs of name and value.
	Subject [][]string `json:"subject"`
	// The names that the certificate shall be good for.
	SubjectAltName []string `json:"subjectAltName"`
	// What the key may do.
	KeyUsage []string `json:"keyUsage"`
	// What the certificate may be used for.
	ExtendedKeyUsage []string `json:"extendedKeyUsage"`
	// Whether it is for an authority.
	BasicConstraints []string `json:"basicConstraints"`
	// Whether the server has to show that the certificate is still good.
	OcspMustStaple bool `json:"ocspMustStaple"`
	// The names for which an authority may sign.
	Permitted []string `json:"name_constraints_permitted"`
	// The names for which it may not.
	Excluded []string `json:"name_constraints_excluded"`
	// The request, where return_content asks for it.
	Csr string `json:"csr,omitempty"`
}

func opensslCSR(ctx context.Context, m *sys.Machine, a *opensslCsrArgs) (any, error) {
	f, err := open(m, &a.fileArgs)
	if err != nil {
		return nil, err
	}
	subject, err := a.parts()
	if err != nil {
		return nil, err
	}
	a.nameFrom(subject)
	res := &opensslCsrResult{fileResult: f.result, Privatekey: a.PrivatekeyPath, Subject: named(subject), SubjectAltName: a.SubjectAltName,
		KeyUsage: a.KeyUsage, ExtendedKeyUsage: a.ExtendedKeyUsage, BasicConstraints: a.BasicConstraints, OcspMustStaple: a.OcspMustStaple,
		Permitted: a.NameConstraintsPermitted, Excluded: a.NameConstraintsExcluded}
	if a.State == "absent" {
		err = f.remove(ctx)
	} else {
		err = a.apply(ctx, f, subject)
	}
	res.fileResult = f.result
	if a.ReturnContent {
		res.Csr = string(f.data)
	}
	return res, err
}

func (a *opensslCsrArgs) apply(ctx context.Context, f *file, subject []part) error {
	if a.PrivatekeyPath == "" && a.PrivatekeyContent == "" {
		return errors.New("one of the arguments privatekey_path, privatekey_content is needed")
	}
	k, err := loadKey(f.m, a.PrivatekeyPath, a.PrivatekeyContent, a.PrivatekeyPassphrase)
	if err != nil {
		return err
	}
	if k == nil {
		return f.replace(ctx, nil)
	}
	extensions, err := a.extensions(k.public())
	if err != nil {
		return err
	}
	if !a.Force && f.data != nil {
		if have, err := parseCSR(f.data); err == nil && a.matches(have, k, subject, extensions) {
			return f.keep(ctx)
		}
	}
	return f.replace(ctx, func(context.Context) ([]byte, error) { return a.request(k, subject, extensions) })
}

// matches reports whether a request is the one that is asked for.
func (a *opensslCsrArgs) matches(have *x509.CertificateRequest, k *key, subject []part, extensions []pkix.Extension) bool {
	parts, err := partsOf(have.RawSubject)
	return err == nil && sameParts(parts, subject, a.SubjectOrdered != nil) && sameExtensions(have.Extensions, extensions) &&
		have.CheckSignature() == nil && sameKey(have.PublicKey, k.public())
}

func (a *opensslCsrArgs) request(k *key, subject []part, extensions []pkix.Extension) ([]byte, error) {
	signer, err := k.signer()
	if err != nil {
		return nil, err
	}
	name, err := encodeName(subject)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		RawSubject: name, ExtraExtensions: extensions, SignatureAlgorithm: signatureOf(k, a.Digest)}, signer)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), nil
}

// signatureOf returns how a key signs with a digest.
func signatureOf(k *key, digest string) x509.SignatureAlgorithm {
	kind, _, _ := k.about()
	if kind == "Ed25519" {
		return x509.PureEd25519
	}
	return map[string]x509.SignatureAlgorithm{
		"RSA sha1": x509.SHA1WithRSA, "RSA sha256": x509.SHA256WithRSA, "RSA sha384": x509.SHA384WithRSA, "RSA sha512": x509.SHA512WithRSA,
		"ECC sha1": x509.ECDSAWithSHA1, "ECC sha256": x509.ECDSAWithSHA256, "ECC sha384": x509.ECDSAWithSHA384, "ECC sha512": x509.ECDSAWithSHA512,
	}[kind+" "+digest]
}

// parseCSR reads a request in PEM.
func parseCSR(data []byte) (*x509.CertificateRequest, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE REQUEST" && block.Type != "NEW CERTIFICATE REQUEST" {
		return nil, errors.New("there is no request in PEM in it")
	}
	return x509.ParseCertificateRequest(block.Bytes)
}

// loadCSR reads the request that the arguments of another module name. It is nil
// in check mode where the file is still to be made.
func loadCSR(m *sys.Machine, path, content string) (*x509.CertificateRequest, error) {
	data, where := []byte(content), "the given request"
	if content == "" {
		var err error
		where = fmt.Sprintf("request %q", path)
		if data, err = read(m, path); err != nil {
			if m.Check && isMissing(err) {
				return nil, nil
			}
			return nil, err
		}
	}
	csr, err := parseCSR(data)
	if err == nil {
		err = csr.CheckSignature()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return csr, nil
}
