package crypto

import (
	"crypto"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
)

// subjectArgs are the arguments that say whom a certificate is for.
type subjectArgs struct {
	// Further parts of the subject, by their names, long or short.
	Subject map[string]any `arg:"subject"`
	// The subject as a list of mappings of one part, whose order is kept.
	SubjectOrdered []map[string]any `arg:"subject_ordered"`
	// The part C of the subject.
	CountryName string `arg:"country_name" alias:"C,countryName"`
	// The part ST of the subject.
	StateName string `arg:"state_or_province_name" alias:"ST,stateOrProvinceName"`
	// The part L of the subject.
	LocalityName string `arg:"locality_name" alias:"L,localityName"`
	// The part O of the subject.
	OrganizationName string `arg:"organization_name" alias:"O,organizationName"`
	// The part OU of the subject.
	UnitName string `arg:"organizational_unit_name" alias:"OU,organizationalUnitName"`
	// The part CN of the subject.
	CommonName string `arg:"common_name" alias:"CN,commonName"`
	// The address in the subject.
	EmailAddress string `arg:"email_address" alias:"E,emailAddress"`
}

// parts returns the subject.
func (a *subjectArgs) parts() ([]part, error) {
	var parts []part
	add := func(name string, value any) error {
		values, several := value.([]any)
		if !several {
			values = []any{value}
		}
		for _, v := range values {
			p, err := parsePart(name, fmt.Sprint(v))
			if err != nil {
				return fmt.Errorf("the subject: %w", err)
			}
			parts = append(parts, p)
		}
		return nil
	}
	for _, named := range [][2]string{{"C", a.CountryName}, {"ST", a.StateName}, {"L", a.LocalityName}, {"O", a.OrganizationName},
		{"OU", a.UnitName}, {"CN", a.CommonName}, {"E", a.EmailAddress}} {
		if named[1] != "" {
			if err := add(named[0], named[1]); err != nil {
				return nil, err
			}
		}
	}
	ordered := a.SubjectOrdered
	if a.Subject != nil {
		ordered = []map[string]any{a.Subject}
	}
	for _, group := range ordered {
		for _, name := range subjectOrder(group) {
			if err := add(name, group[name]); err != nil {
				return nil, err
			}
		}
	}
	return parts, nil
}

// subjectOrder returns the names of parts in the usual order.
func subjectOrder(group map[string]any) []string {
	var out []string
	for name := range group {
		out = append(out, name)
	}
	rank := func(name string) int {
		p, err := parsePart(name, "")
		if err != nil {
			return len(attributes)
		}
		return slices.IndexFunc(attributes, func(a attribute) bool { return a.oid.Equal(p.oid) })
	}
	slices.Sort(out)
	slices.SortStableFunc(out, func(a, b string) int { return rank(a) - rank(b) })
	return out
}

// extensionArgs are the arguments that say what a certificate is good for.
type extensionArgs struct {
	// The names that the certificate shall be good for, as DNS:www.example.org or
	// IP:10.0.0.1; also email:, URI:, RID: and dirName:.
	SubjectAltName []string `arg:"subject_alt_name" alias:"subjectAltName"`
	// Whoever does not understand these names has to refuse the certificate.
	SubjectAltNameCritical bool `arg:"subject_alt_name_critical" alias:"subjectAltName_critical"`
	// Takes the common name for the first such name where none is given.
	UseCommonName bool `arg:"use_common_name_for_san" alias:"useCommonNameForSAN" default:"true"`
	// What the key may do, as digitalSignature or keyCertSign.
	KeyUsage []string `arg:"key_usage" alias:"keyUsage"`
	// Whoever does not understand this has to refuse the certificate.
	KeyUsageCritical bool `arg:"key_usage_critical" alias:"keyUsage_critical"`
	// What the certificate may be used for, as serverAuth or clientAuth.
	ExtendedKeyUsage []string `arg:"extended_key_usage" alias:"extKeyUsage,extendedKeyUsage"`
	// Whoever does not understand this has to refuse the certificate.
	ExtendedKeyUsageCritical bool `arg:"extended_key_usage_critical" alias:"extKeyUsage_critical,extendedKeyUsage_critical"`
	// Whether it is for an authority: CA:TRUE or CA:FALSE, and pathlen:0.
	BasicConstraints []string `arg:"basic_constraints" alias:"basicConstraints"`
	// Whoever does not understand this has to refuse the certificate.
	BasicConstraintsCritical bool `arg:"basic_constraints_critical" alias:"basicConstraints_critical"`
	// The server has to show that the certificate is still good.
	OcspMustStaple bool `arg:"ocsp_must_staple" alias:"ocspMustStaple"`
	// Whoever does not understand this has to refuse the certificate.
	OcspMustStapleCritical bool `arg:"ocsp_must_staple_critical" alias:"ocspMustStaple_critical"`
	// The names for which an authority may sign.
	NameConstraintsPermitted []string `arg:"name_constraints_permitted"`
	// The names for which an authority may not sign.
	NameConstraintsExcluded []string `arg:"name_constraints_excluded"`
	// Whoever does not understand these has to refuse the certificate.
	NameConstraintsCritical bool `arg:"name_constraints_critical"`
	// Adds the digest of the public key.
	CreateSubjectKeyIdentifier bool `arg:"create_subject_key_identifier"`
	// The identifier of the key, as 00:11:aa.
	SubjectKeyIdentifier string `arg:"subject_key_identifier"`
	// The identifier of the authority's key.
	AuthorityKeyIdentifier string `arg:"authority_key_identifier"`
	// The names of who signed the authority's certificate.
	AuthorityCertIssuer []string `arg:"authority_cert_issuer"`
	// The serial number of the authority's certificate.
	AuthorityCertSerial *int `arg:"authority_cert_serial_number"`
	// Where lists of certificates that are no longer good are to be had.
	CRLDistributionPoints []crlPoint `arg:"crl_distribution_points"`
}

// nameFrom takes the common name for the name that none is given for.
func (a *extensionArgs) nameFrom(subject []part) {
	if len(a.SubjectAltName) > 0 || !a.UseCommonName {
		return
	}
	for _, p := range subject {
		if p.short == "CN" {
			a.SubjectAltName = []string{"DNS:" + p.value}
			return
		}
	}
}

// extensions returns what a request for this key has to say.
func (a *extensionArgs) extensions(public crypto.PublicKey) ([]pkix.Extension, error) {
	var out []pkix.Extension
	for _, e := range []struct {
		wanted   bool
		oid      asn1.ObjectIdentifier
		critical bool
		encode   func() ([]byte, error)
	}{
		{len(a.SubjectAltName) > 0, oidSubjectAltName, a.SubjectAltNameCritical, a.altNames},
		{len(a.KeyUsage) > 0, oidKeyUsage, a.KeyUsageCritical, func() ([]byte, error) { return encodeKeyUsage(a.KeyUsage) }},
		{len(a.ExtendedKeyUsage) > 0, oidExtendedKeyUsage, a.ExtendedKeyUsageCritical, func() ([]byte, error) { return encodeExtendedUsage(a.ExtendedKeyUsage) }},
		{len(a.BasicConstraints) > 0, oidBasicConstraints, a.BasicConstraintsCritical, func() ([]byte, error) { return encodeConstraints(a.BasicConstraints) }},
		{a.OcspMustStaple, oidTLSFeature, a.OcspMustStapleCritical, func() ([]byte, error) { return mustStaple, nil }},
		{len(a.NameConstraintsPermitted)+len(a.NameConstraintsExcluded) > 0, oidNameConstraints, a.NameConstraintsCritical,
			func() ([]byte, error) {
				return encodeNameConstraints(a.NameConstraintsPermitted, a.NameConstraintsExcluded)
			}},
		{a.CreateSubjectKeyIdentifier || a.SubjectKeyIdentifier != "", oidSubjectKeyID, false, func() ([]byte, error) { return a.ownKeyID(public) }},
		{a.AuthorityKeyIdentifier != "" || a.AuthorityCertIssuer != nil || a.AuthorityCertSerial != nil, oidAuthorityKeyID, false, a.authority},
		{len(a.CRLDistributionPoints) > 0, oidCRLPoints, false, func() ([]byte, error) { return encodeCRLPoints(a.CRLDistributionPoints) }},
	} {
		if !e.wanted {
			continue
		}
		der, err := e.encode()
		if err != nil {
			return nil, err
		}
		out = append(out, pkix.Extension{Id: e.oid, Critical: e.critical, Value: der})
	}
	return out, nil
}

func (a *extensionArgs) altNames() ([]byte, error) {
	names, err := generalNames(a.SubjectAltName)
	if err != nil {
		return nil, fmt.Errorf("argument \"subject_alt_name\": %w", err)
	}
	return asn1.Marshal(names)
}

func (a *extensionArgs) ownKeyID(public crypto.PublicKey) ([]byte, error) {
	if a.CreateSubjectKeyIdentifier && a.SubjectKeyIdentifier != "" {
		return nil, fmt.Errorf("arguments create_subject_key_identifier, subject_key_identifier exclude each other")
	}
	id, err := keyID(public)
	if a.SubjectKeyIdentifier != "" {
		id, err = parseHex("subject_key_identifier", a.SubjectKeyIdentifier)
	}
	if err != nil {
		return nil, err
	}
	e, err := subjectKeyID(id)
	return e.Value, err
}

func (a *extensionArgs) authority() ([]byte, error) {
	var k authorityKey
	var err error
	if a.AuthorityKeyIdentifier != "" {
		if k.ID, err = parseHex("authority_key_identifier", a.AuthorityKeyIdentifier); err != nil {
			return nil, err
		}
	}
	if (a.AuthorityCertIssuer == nil) != (a.AuthorityCertSerial == nil) {
		return nil, fmt.Errorf("arguments authority_cert_issuer, authority_cert_serial_number go together")
	}
	if k.Issuer, err = generalNames(a.AuthorityCertIssuer); err != nil {
		return nil, err
	}
	if a.AuthorityCertSerial != nil {
		der, err := asn1.Marshal(big.NewInt(int64(*a.AuthorityCertSerial)))
		if err != nil {
			return nil, err
		}
		k.Serial = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 2, Bytes: der[2:]}
	}
	e, err := authorityKeyID(k)
	return e.Value, err
}
