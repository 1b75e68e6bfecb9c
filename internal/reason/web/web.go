// Package web says what Go's library says of TLS and HTTP in an operator's words:
// the part of reason that brings both along.
package web

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Say is a reason.Say.
func Say(err error) (said, hint string, known bool) {
	if err == http.ErrSchemeMismatch {
		said, hint = noTLS()
		return said, hint, true
	}
	switch err.(type) {
	case *tls.CertificateVerificationError, x509.UnknownAuthorityError, x509.CertificateInvalidError, x509.HostnameError:
		said, hint = certificate(err)
	case tls.RecordHeaderError:
		said, hint = noTLS()
	default:
		return "", "", false
	}
	return said, hint, true
}

// certificate is about what a server shows for itself.
func certificate(err error) (said, hint string) {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var other x509.HostnameError
	switch {
	case errors.As(err, &unknown):
		return "the server's certificate is signed by an authority that this machine does not trust",
			"add the authority's certificate to those of the machine (update-ca-certificates, update-ca-trust)"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the server's certificate is not valid now: " + invalid.Detail, "renew it, or set the machine's clock"
	case errors.As(err, &other) && other.Certificate != nil:
		return fmt.Sprintf("the server's certificate is not for %s but for %s", other.Host, names(other.Certificate)), ""
	}
	return "the server's certificate is not to be trusted: " + strings.TrimPrefix(strings.TrimPrefix(err.Error(),
		"tls: failed to verify certificate: "), "x509: "), ""
}

func noTLS() (said, hint string) {
	return "the server does not speak TLS on this port", "does the address begin with http:// here, in place of https://?"
}

// names returns the names that a certificate is for, at most five.
func names(c *x509.Certificate) string {
	all := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	switch {
	case len(all) == 0:
		return "no name"
	case len(all) > 5:
		all = append(all[:5], "others")
	}
	return strings.Join(all, ", ")
}
