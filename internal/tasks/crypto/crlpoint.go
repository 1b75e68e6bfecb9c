package crypto

import (
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"
)

// crlPoint is where a list of certificates that are no longer good is to be had.
type crlPoint struct {
	// The names of the list, as URI:https://ca.example.org/list.crl.
	FullName []string `arg:"full_name"`
	// Who signs the list, where it is not who signs the certificate.
	CRLIssuer []string `arg:"crl_issuer"`
	// What the list is for.
	Reasons []string `arg:"reasons" choices:"aa_compromise,affiliation_changed,ca_compromise,certificate_hold,cessation_of_operation,key_compromise,privilege_withdrawn,superseded"`
}

// reasons are in the order of their bits in RFC 5280.
var reasons = []string{"unused", "key_compromise", "ca_compromise", "affiliation_changed", "superseded",
	"cessation_of_operation", "certificate_hold", "privilege_withdrawn", "aa_compromise"}

// encodeCRLPoints writes CRLDistributionPoints of RFC 5280.
func encodeCRLPoints(points []crlPoint) ([]byte, error) {
	type name struct {
		Full []asn1.RawValue `asn1:"optional,tag:0"`
	}
	type point struct {
		Name    name            `asn1:"optional,tag:0"`
		Reasons asn1.BitString  `asn1:"optional,tag:1"`
		Issuer  []asn1.RawValue `asn1:"optional,tag:2"`
	}
	var value []point
	for i, p := range points {
		if len(p.FullName) == 0 && len(p.CRLIssuer) == 0 {
			return nil, fmt.Errorf("argument \"crl_distribution_points[%d]\": one of the arguments full_name, crl_issuer is needed", i)
		}
		full, err := generalNames(p.FullName)
		if err != nil {
			return nil, err
		}
		issuer, err := generalNames(p.CRLIssuer)
		if err != nil {
			return nil, err
		}
		value = append(value, point{name{full}, reasonBits(p.Reasons), issuer})
	}
	return asn1.Marshal(value)
}

func reasonBits(names []string) asn1.BitString {
	if len(names) == 0 {
		return asn1.BitString{}
	}
	bits, last := make([]byte, 2), 0
	for _, name := range names {
		i := slices.Index(reasons, strings.ToLower(name))
		bits[i/8] |= 0x80 >> (i % 8)
		last = max(last, i)
	}
	return asn1.BitString{Bytes: bits[:last/8+1], BitLength: last + 1}
}
