package crypto

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// X509Certificate makes a certificate: signed by its own key (provider
// selfsigned) or by an authority's on the same machine (ownca).
//
// What the certificate says comes from a request (openssl_csr). One that is of
// another key, request or authority is made anew; one that ends sooner is not,
// unless ignore_timestamps is false. A certificate by ACME (Let's Encrypt) is not
// among its providers.
//
// Example:
//
//	tasks:
//	  - x509_certificate:
//	      path: /etc/ssl/www.crt
//	      csr_path: /etc/ssl/www.csr
//	      privatekey_path: /etc/ssl/private/www.key
//	      provider: selfsigned
var X509Certificate = sys.Define(spec.Module{
	Name:  "x509_certificate",
	Names: []string{"community.crypto.x509_certificate", "community.general.x509_certificate", "community.general.openssl_certificate", "openssl_certificate"},
	Exclusive: [][]string{{"csr_path", "csr_content"}, {"privatekey_path", "privatekey_content"},
		{"ownca_path", "ownca_content"}, {"ownca_privatekey_path", "ownca_privatekey_content"}},
}, x509Certificate)

type x509CertificateArgs struct {
	fileArgs
	backendArgs
	selfsignedArgs
	owncaArgs
	// Who signs. Needed unless state is absent.
	Provider string `arg:"provider" choices:"ownca,selfsigned"`
	// The file of the request.
	CsrPath string `arg:"csr_path" type:"path"`
	// The request itself.
	CsrContent string `arg:"csr_content"`
	// The file of the certificate's private key.
	PrivatekeyPath string `arg:"privatekey_path" type:"path"`
	// That key itself.
	PrivatekeyContent string `arg:"privatekey_content,secret"`
	// What it is encrypted with.
	PrivatekeyPassphrase string `arg:"privatekey_passphrase,secret"`
	// Takes an existing certificate although it begins or ends at another time.
	IgnoreTimestamps bool `arg:"ignore_timestamps" default:"true"`
	// Returns the certificate as certificate.
	ReturnContent bool `arg:"return_content"`
}

type x509CertificateResult struct {
	fileResult
	// The file of the private key.
	Privatekey string `json:"privatekey,omitempty"`
	// The file of the request.
	Csr string `json:"csr,omitempty"`
	// The file of the authority's certificate.
	CACert string `json:"ca_cert,omitempty"`
	// The file of the authority's key.
	CAPrivatekey string `json:"ca_privatekey,omitempty"`
	// When it begins, as 20300101000000Z.
	NotBefore string `json:"notBefore,omitempty"`
	// When it ends.
	NotAfter string `json:"notAfter,omitempty"`
	// Its serial number.
	SerialNumber *big.Int `json:"serial_number,omitempty"`
	// The certificate, where return_content asks for it.
	Certificate string `json:"certificate,omitempty"`
}

func x509Certificate(ctx context.Context, m *sys.Machine, a *x509CertificateArgs) (any, error) {
	f, err := open(m, &a.fileArgs)
	if err != nil {
		return nil, err
	}
	res := &x509CertificateResult{Privatekey: a.PrivatekeyPath, Csr: a.CsrPath}
	switch {
	case a.State == "absent":
		err = f.remove(ctx)
		res.fileResult = f.result
		return res, err
	case a.Provider == "":
		return nil, errors.New("argument \"provider\" is missing\nhint: provider: selfsigned, or ownca with ownca_path and ownca_privatekey_path")
	case a.Provider == "ownca":
		res.CACert, res.CAPrivatekey = a.OwncaPath, a.OwncaPrivatekeyPath
	}
	i, err := a.issue(m)
	if err != nil {
		return nil, err
	}
	if have, err := parseCertificate(f.data); !a.Force && i != nil && err == nil && i.matches(have) {
		err = f.keep(ctx)
		res.describe(f, have, a.ReturnContent)
		return res, err
	}
	err = f.replace(ctx, func(context.Context) ([]byte, error) { return i.sign() })
	if have, perr := parseCertificate(f.data); perr == nil {
		res.describe(f, have, a.ReturnContent)
	}
	res.fileResult = f.result
	return res, err
}

func (r *x509CertificateResult) describe(f *file, c *x509.Certificate, content bool) {
	r.fileResult = f.result
	r.NotBefore, r.NotAfter, r.SerialNumber = c.NotBefore.UTC().Format(stamp), c.NotAfter.UTC().Format(stamp), c.SerialNumber
	if content {
		r.Certificate = string(f.data)
	}
}

// parseCertificate reads the first certificate of a file in PEM.
func parseCertificate(data []byte) (*x509.Certificate, error) {
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return nil, errors.New("there is no certificate in PEM in it")
		}
		if block.Type == "CERTIFICATE" || block.Type == "X509 CERTIFICATE" {
			return x509.ParseCertificate(block.Bytes)
		}
	}
}

// loadCertificate reads the certificate that the arguments of a module name. It
// is nil in check mode where the file is still to be made.
func loadCertificate(m *sys.Machine, path, content string) (*x509.Certificate, error) {
	data, where := []byte(content), "the given certificate"
	if content == "" {
		var err error
		where = fmt.Sprintf("certificate %q", path)
		if data, err = read(m, path); err != nil {
			if m.Check && isMissing(err) {
				return nil, nil
			}
			return nil, err
		}
	}
	c, err := parseCertificate(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return c, nil
}

// sameKey compares public keys.
func sameKey(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}
