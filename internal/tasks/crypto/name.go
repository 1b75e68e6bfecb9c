package crypto

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// attribute is a kind of part of a name.
type attribute struct {
	oid         asn1.ObjectIdentifier
	long, short string
	tag         int
}

// attributes are in the order in which a subject without an order has them.
var attributes = []attribute{
	{asn1.ObjectIdentifier{2, 5, 4, 6}, "countryName", "C", asn1.TagPrintableString},
	{asn1.ObjectIdentifier{2, 5, 4, 8}, "stateOrProvinceName", "ST", asn1.TagUTF8String},
	{asn1.ObjectIdentifier{2, 5, 4, 7}, "localityName", "L", asn1.TagUTF8String},
	{asn1.ObjectIdentifier{2, 5, 4, 9}, "streetAddress", "street", asn1.TagUTF8String},
	{asn1.ObjectIdentifier{2, 5, 4, 17}, "postalCode", "postalCode", asn1.TagUTF8String},
	{asn1.ObjectIdentifier{2, 5, 4, 10}, "organizationName", "O", asn1.TagUTF8String},
	{asn1.ObjectIdentifier{2, 5, 4, 11}, "organizationalUnitName", "OU", asn1.TagUTF8String},
	{asn1.ObjectIdentifier{2, 5, 4, 3}, "commonName", "CN", asn1.TagUTF8String},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, "emailAddress", "E", asn1.TagIA5String},
	{asn1.ObjectIdentifier{2, 5, 4, 4}, "surname", "SN", asn1.TagUTF8String},
	{asn1.ObjectIdentifier{2, 5, 4, 42}, "givenName", "GN", asn1.TagUTF8String},
	{asn1.ObjectIdentifier{2, 5, 4, 12}, "title", "title", asn1.TagUTF8String},
	{asn1.ObjectIdentifier{2, 5, 4, 5}, "serialNumber", "serialNumber", asn1.TagPrintableString},
	{asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, "userId", "UID", asn1.TagUTF8String},
	{asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}, "domainComponent", "DC", asn1.TagIA5String},
}

// part is one part of a name.
type part struct {
	attribute
	value string
}

// parsePart reads a part by the name of its kind, long, short or as an OID.
func parsePart(name, value string) (part, error) {
	for _, a := range attributes {
		if strings.EqualFold(name, a.long) || strings.EqualFold(name, a.short) {
			return part{a, value}, nil
		}
	}
	oid, err := parseOID(name)
	if err != nil {
		return part{}, fmt.Errorf("%q is no part of a name\nhint: use one of C, ST, L, O, OU, CN, emailAddress, or an OID", name)
	}
	return part{attribute{oid, name, name, asn1.TagUTF8String}, value}, nil
}

// partsOf returns a name's parts in their order.
func partsOf(raw []byte) ([]part, error) {
	var sequence pkix.RDNSequence
	if _, err := asn1.Unmarshal(raw, &sequence); err != nil {
		return nil, err
	}
	var parts []part
	for _, set := range sequence {
		for _, v := range set {
			p := part{attribute{v.Type, v.Type.String(), "", asn1.TagUTF8String}, fmt.Sprint(v.Value)}
			for _, a := range attributes {
				if a.oid.Equal(v.Type) {
					p.attribute = a
				}
			}
			parts = append(parts, p)
		}
	}
	return parts, nil
}

// encodeName writes a name.
func encodeName(parts []part) ([]byte, error) {
	type value struct {
		Type  asn1.ObjectIdentifier
		Value asn1.RawValue
	}
	type set []value
	var sequence []asn1.RawValue
	for _, p := range parts {
		v := value{p.oid, asn1.RawValue{Tag: p.tag, Bytes: []byte(p.value)}}
		der, err := asn1.MarshalWithParams(set{v}, "set")
		if err != nil {
			return nil, err
		}
		sequence = append(sequence, asn1.RawValue{FullBytes: der})
	}
	if sequence == nil {
		return []byte{0x30, 0}, nil
	}
	return asn1.Marshal(sequence)
}

// sameParts compares names, with or without their order.
func sameParts(a, b []part, ordered bool) bool {
	texts := func(parts []part) []string {
		out := make([]string, len(parts))
		for i, p := range parts {
			out[i] = p.oid.String() + "=" + p.value
		}
		if !ordered {
			slices.Sort(out)
			out = slices.Compact(out)
		}
		return out
	}
	return slices.Equal(texts(a), texts(b))
}

// named returns a name as pairs of the long name and the value.
func named(parts []part) [][]string {
	out := make([][]string, len(parts))
	for i, p := range parts {
		out[i] = []string{p.long, p.value}
	}
	return out
}

// byName returns a name as a mapping; the last of several values wins.
func byName(parts []part) map[string]string {
	out := map[string]string{}
	for _, p := range parts {
		out[p.long] = p.value
	}
	return out
}

// parseOID reads "1.2.3".
func parseOID(s string) (asn1.ObjectIdentifier, error) {
	var oid asn1.ObjectIdentifier
	for _, digits := range strings.Split(s, ".") {
		n, err := strconv.Atoi(digits)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%q is no object identifier", s)
		}
		oid = append(oid, n)
	}
	if len(oid) < 2 {
		return nil, fmt.Errorf("%q is no object identifier", s)
	}
	return oid, nil
}
