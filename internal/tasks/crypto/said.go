package crypto

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
)

// saidExtensions is what extensions say, as Ansible returns it.
type saidExtensions struct {
	// The names that it is good for, as DNS:www.example.org.
	SubjectAltName []string `json:"subject_alt_name"`
	// Whether these are critical.
	SubjectAltNameCritical bool `json:"subject_alt_name_critical"`
	// What the key may do.
	KeyUsage []string `json:"key_usage"`
	// Whether that is critical.
	KeyUsageCritical bool `json:"key_usage_critical"`
	// What the certificate may be used for.
	ExtendedKeyUsage []string `json:"extended_key_usage"`
	// Whether that is critical.
	ExtendedKeyUsageCritical bool `json:"extended_key_usage_critical"`
	// Whether it is for an authority.
	BasicConstraints []string `json:"basic_constraints"`
	// Whether that is critical.
	BasicConstraintsCritical bool `json:"basic_constraints_critical"`
	// Whether the server has to show that it is still good.
	OcspMustStaple *bool `json:"ocsp_must_staple"`
	// Whether that is critical.
	OcspMustStapleCritical bool `json:"ocsp_must_staple_critical"`
	// The identifier of the key.
	SubjectKeyIdentifier *string `json:"subject_key_identifier"`
	// The identifier of the authority's key.
	AuthorityKeyIdentifier *string `json:"authority_key_identifier"`
	// The names of who signed the authority's certificate.
	AuthorityCertIssuer []string `json:"authority_cert_issuer"`
	// The serial number of the authority's certificate.
	AuthorityCertSerial *big.Int `json:"authority_cert_serial_number"`
}

func said(extensions []pkix.Extension) saidExtensions {
	var s saidExtensions
	for _, e := range extensions {
		switch {
		case e.Id.Equal(oidSubjectAltName):
			s.SubjectAltName, s.SubjectAltNameCritical = showAltNames(e.Value), e.Critical
		case e.Id.Equal(oidKeyUsage):
			s.KeyUsage, s.KeyUsageCritical = showKeyUsage(e.Value), e.Critical
		case e.Id.Equal(oidExtendedKeyUsage):
			s.ExtendedKeyUsage, s.ExtendedKeyUsageCritical = showExtendedUsage(e.Value), e.Critical
		case e.Id.Equal(oidBasicConstraints):
			s.BasicConstraints, s.BasicConstraintsCritical = showConstraints(e.Value), e.Critical
		case e.Id.Equal(oidTLSFeature):
			staple := bytes.Equal(e.Value, mustStaple)
			s.OcspMustStaple, s.OcspMustStapleCritical = &staple, e.Critical
		case e.Id.Equal(oidSubjectKeyID):
			var id []byte
			if _, err := asn1.Unmarshal(e.Value, &id); err == nil {
				text := colons(id)
				s.SubjectKeyIdentifier = &text
			}
		case e.Id.Equal(oidAuthorityKeyID):
			s.authority(e.Value)
		}
	}
	return s
}

func (s *saidExtensions) authority(der []byte) {
	var a struct {
		ID     []byte          `asn1:"optional,tag:0"`
		Issuer []asn1.RawValue `asn1:"optional,tag:1"`
		Serial *big.Int        `asn1:"optional,tag:2"`
	}
	if _, err := asn1.Unmarshal(der, &a); err != nil {
		return
	}
	if a.ID != nil {
		text := colons(a.ID)
		s.AuthorityKeyIdentifier = &text
	}
	for _, name := range a.Issuer {
		s.AuthorityCertIssuer = append(s.AuthorityCertIssuer, showGeneralName(name))
	}
	s.AuthorityCertSerial = a.Serial
}

func showAltNames(der []byte) []string {
	var names []asn1.RawValue
	out := []string{}
	if _, err := asn1.Unmarshal(der, &names); err != nil {
		return out
	}
	for _, n := range names {
		out = append(out, showGeneralName(n))
	}
	return out
}

// publicData returns the algorithm of a public key, and what it consists of.
func publicData(public crypto.PublicKey) (kind string, data map[string]any) {
	switch p := public.(type) {
	case *rsa.PublicKey:
		return "RSA", map[string]any{"size": p.N.BitLen(), "modulus": p.N, "exponent": p.E}
	case *ecdsa.PublicKey:
		data = map[string]any{"curve": curveName(p.Curve), "exponent_size": p.Curve.Params().BitSize}
		if point, err := p.Bytes(); err == nil {
			half := (len(point) - 1) / 2
			data["x"], data["y"] = new(big.Int).SetBytes(point[1:1+half]), new(big.Int).SetBytes(point[1+half:])
		}
		return "ECC", data
	case ed25519.PublicKey:
		return "Ed25519", map[string]any{}
	}
	return "unknown", map[string]any{}
}
