package database

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"fleet/internal/tasks/sys"
)

// Encryption is how a connection to a server is encrypted.
type Encryption struct {
	// CA is the file of the authority that signed the server's certificate. Without
	// it the machine's own ones count where Named is true, and else nobody looks.
	CA string
	// Cert and Key are the files of our own certificate.
	Cert, Key string
	// Named is whether the server's certificate has to have its name.
	Named bool
}

// Config returns it for crypto/tls.
func (e Encryption) Config(m *sys.Machine, host string) (*tls.Config, error) {
	c := &tls.Config{ServerName: host, InsecureSkipVerify: !e.Named}
	if e.CA != "" {
		data, err := m.ReadFile(e.CA)
		if err != nil {
			return nil, fmt.Errorf("argument \"ca_cert\": %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("argument \"ca_cert\": there is no certificate in %q", e.CA)
		}
		if !e.Named {
			c.VerifyConnection = signedBy(c.RootCAs)
		}
	}
	if e.Cert != "" || e.Key != "" {
		pair, err := tls.LoadX509KeyPair(m.Path(e.Cert), m.Path(e.Key))
		if err != nil {
			return nil, fmt.Errorf("our own certificate and its key: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// signedBy tests who signed a certificate, and not whose name it has.
func signedBy(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(s tls.ConnectionState) error {
		between := x509.NewCertPool()
		for _, c := range s.PeerCertificates[1:] {
			between.AddCert(c)
		}
		_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
		return err
	}
}
