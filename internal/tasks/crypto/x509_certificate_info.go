package crypto

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// X509CertificateInfo tells what a certificate says. It changes nothing.
//
// Example:
//
//	tasks:
//	  - x509_certificate_info:
//	      path: /etc/ssl/www.crt
//	      valid_at:
//	        soon: +4w
//	    register: certificate
//	  - assert:
//	      that: certificate.valid_at.soon
var X509CertificateInfo = sys.Define(spec.Module{
	Name:      "x509_certificate_info",
	Names:     []string{"community.crypto.x509_certificate_info", "community.general.x509_certificate_info", "community.general.openssl_certificate_info", "openssl_certificate_info"},
	OneOf:     [][]string{{"path", "content"}},
	Exclusive: [][]string{{"path", "content"}},
}, x509CertificateInfo)

type x509CertificateInfoArgs struct {
	backendArgs
	// The file of the certificate, in PEM or DER.
	Path string `arg:"path" type:"path"`
	// The certificate itself.
	Content string `arg:"content"`
	// Times at which the certificate shall be valid, by names of your own: relative
	// to now (+4w) or as 20300101000000Z.
	ValidAt map[string]any `arg:"valid_at"`
	// Taken and not used: names are shown as they are.
	NameEncoding string `arg:"name_encoding" choices:"idna,ignore,unicode" default:"ignore"`
}

type x509CertificateInfoResult struct {
	// The subject; the last of several values with one name.
	Subject map[string]string `json:"subject"`
	// The subject as pairs of name and value.
	SubjectOrdered [][]string `json:"subject_ordered"`
	// Who signed it.
	Issuer map[string]string `json:"issuer"`
	// The same as pairs.
	IssuerOrdered [][]string `json:"issuer_ordered"`
	// The version of the format.
	Version int `json:"version"`
	// The serial number.
	SerialNumber *big.Int `json:"serial_number"`
	// How it is signed, as sha256WithRSAEncryption.
	SignatureAlgorithm string `json:"signature_algorithm"`
	// When it begins, as 20300101000000Z.
	NotBefore string `json:"not_before"`
	// When it ends.
	NotAfter string `json:"not_after"`
	// Whether it has ended.
	Expired bool `json:"expired"`
	// Whether it is valid at the times that were asked for, by their names.
	ValidAt map[string]bool `json:"valid_at"`
	// The digests of the certificate, by algorithm.
	Fingerprints map[string]string `json:"fingerprints"`
	// The public key in PEM.
	PublicKey string `json:"public_key"`
	// Its algorithm.
	PublicKeyType string `json:"public_key_type"`
	// What it consists of.
	PublicKeyData map[string]any `json:"public_key_data"`
	// The digests of the public key.
	PublicKeyFingerprints map[string]string `json:"public_key_fingerprints"`
	// The addresses of the service that says whether it is still good; the first.
	OcspURI *string `json:"ocsp_uri"`
	// Where the certificate of who signed it is to be had.
	IssuerURI *string `json:"issuer_uri"`
	// All extensions, by their object identifiers.
	ExtensionsByOID map[string]extensionValue `json:"extensions_by_oid"`
	saidExtensions
}

type extensionValue struct {
	Critical bool   `json:"critical"`
	Value    string `json:"value"`
}

func x509CertificateInfo(_ context.Context, m *sys.Machine, a *x509CertificateInfoArgs) (any, error) {
	data := []byte(a.Content)
	if a.Content == "" {
		var err error
		if data, err = read(m, a.Path); err != nil {
			return nil, err
		}
	}
	c, err := parseCertificate(data)
	if err != nil {
		if c, err = x509.ParseCertificate(data); err != nil {
			return nil, errors.New("there is no certificate in it, neither in PEM nor in DER")
		}
	}
	res, err := describe(c)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	for name, v := range a.ValidAt {
		at, err := parseTime("valid_at."+name, fmt.Sprint(v), now)
		if err != nil {
			return nil, err
		}
		res.ValidAt[name] = !at.Before(c.NotBefore) && !at.After(c.NotAfter)
	}
	return res, nil
}

func describe(c *x509.Certificate) (*x509CertificateInfoResult, error) {
	subject, err := partsOf(c.RawSubject)
	if err != nil {
		return nil, err
	}
	issuer, err := partsOf(c.RawIssuer)
	if err != nil {
		return nil, err
	}
	kind, data := publicData(c.PublicKey)
	return &x509CertificateInfoResult{
		Subject: byName(subject), SubjectOrdered: named(subject), Issuer: byName(issuer), IssuerOrdered: named(issuer),
		Version: c.Version, SerialNumber: c.SerialNumber, SignatureAlgorithm: signatureName(c),
		NotBefore: c.NotBefore.UTC().Format(stamp), NotAfter: c.NotAfter.UTC().Format(stamp), Expired: time.Now().After(c.NotAfter),
		ValidAt: map[string]bool{}, Fingerprints: fingerprints(c.Raw),
		PublicKey:     string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: c.RawSubjectPublicKeyInfo})),
		PublicKeyType: kind, PublicKeyData: data, PublicKeyFingerprints: fingerprints(c.RawSubjectPublicKeyInfo),
		OcspURI: first(c.OCSPServer), IssuerURI: first(c.IssuingCertificateURL),
		ExtensionsByOID: byOID(c.Extensions), saidExtensions: said(c.Extensions),
	}, nil
}

func first(list []string) *string {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

func byOID(extensions []pkix.Extension) map[string]extensionValue {
	out := map[string]extensionValue{}
	for _, e := range extensions {
		out[e.Id.String()] = extensionValue{e.Critical, base64.StdEncoding.EncodeToString(e.Value)}
	}
	return out
}

// signatureNames are OpenSSL's, of those algorithms that Go names otherwise.
var signatureNames = []struct {
	x509.SignatureAlgorithm
	name string
}{
	{x509.MD5WithRSA, "md5WithRSAEncryption"}, {x509.SHA1WithRSA, "sha1WithRSAEncryption"}, {x509.SHA256WithRSA, "sha256WithRSAEncryption"},
	{x509.SHA384WithRSA, "sha384WithRSAEncryption"}, {x509.SHA512WithRSA, "sha512WithRSAEncryption"},
	{x509.SHA256WithRSAPSS, "rsassaPss"}, {x509.SHA384WithRSAPSS, "rsassaPss"}, {x509.SHA512WithRSAPSS, "rsassaPss"},
	{x509.ECDSAWithSHA1, "ecdsa-with-SHA1"}, {x509.ECDSAWithSHA256, "ecdsa-with-SHA256"}, {x509.ECDSAWithSHA384, "ecdsa-with-SHA384"},
	{x509.ECDSAWithSHA512, "ecdsa-with-SHA512"}, {x509.PureEd25519, "ED25519"},
}

func signatureName(c *x509.Certificate) string {
	for _, s := range signatureNames {
		if s.SignatureAlgorithm == c.SignatureAlgorithm {
			return s.name
		}
	}
	var outer struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(c.Raw, &outer); err != nil {
		return c.SignatureAlgorithm.String()
	}
	return outer.Algorithm.Algorithm.String()
}
