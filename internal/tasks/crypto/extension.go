package crypto

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The extensions of RFC 5280 and 7633 that are made here.
var (
	oidSubjectKeyID     = asn1.ObjectIdentifier{2, 5, 29, 14}
	oidKeyUsage         = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidSubjectAltName   = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidBasicConstraints = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidNameConstraints  = asn1.ObjectIdentifier{2, 5, 29, 30}
	oidCRLPoints        = asn1.ObjectIdentifier{2, 5, 29, 31}
	oidAuthorityKeyID   = asn1.ObjectIdentifier{2, 5, 29, 35}
	oidExtendedKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidTLSFeature       = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}
)

// mustStaple is the value of TLS feature that stands for status_request.
var mustStaple = []byte{0x30, 0x03, 0x02, 0x01, 0x05}

// find returns an extension, or nil.
func find(extensions []pkix.Extension, oid asn1.ObjectIdentifier) *pkix.Extension {
	for i := range extensions {
		if extensions[i].Id.Equal(oid) {
			return &extensions[i]
		}
	}
	return nil
}

// without returns the extensions without one kind.
func without(extensions []pkix.Extension, oid asn1.ObjectIdentifier) []pkix.Extension {
	return slices.DeleteFunc(slices.Clone(extensions), func(e pkix.Extension) bool { return e.Id.Equal(oid) })
}

// sameExtensions compares what extensions say; the order of them, and of names
// and usages in them, says nothing.
func sameExtensions(a, b []pkix.Extension) bool {
	if len(a) != len(b) {
		return false
	}
	for _, e := range a {
		other := find(b, e.Id)
		if other == nil || other.Critical != e.Critical || !bytes.Equal(canonical(e), canonical(*other)) {
			return false
		}
	}
	return true
}

func canonical(e pkix.Extension) []byte {
	if !e.Id.Equal(oidSubjectAltName) && !e.Id.Equal(oidExtendedKeyUsage) {
		return e.Value
	}
	var items []asn1.RawValue
	if _, err := asn1.Unmarshal(e.Value, &items); err != nil {
		return e.Value
	}
	var ders [][]byte
	for _, item := range items {
		ders = append(ders, item.FullBytes)
	}
	slices.SortFunc(ders, bytes.Compare)
	return bytes.Join(ders, nil)
}

// keyID returns the identifier of a public key: the SHA-1 of its bits.
func keyID(public crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, err
	}
	sum := sha1.Sum(info.Key.Bytes)
	return sum[:], nil
}

func subjectKeyID(id []byte) (pkix.Extension, error) {
	der, err := asn1.Marshal(id)
	return pkix.Extension{Id: oidSubjectKeyID, Value: der}, err
}

// authorityKey is AuthorityKeyIdentifier of RFC 5280.
type authorityKey struct {
	ID     []byte          `asn1:"optional,tag:0"`
	Issuer []asn1.RawValue `asn1:"optional,tag:1"`
	Serial asn1.RawValue   `asn1:"optional"`
}

func authorityKeyID(a authorityKey) (pkix.Extension, error) {
	der, err := asn1.Marshal(a)
	return pkix.Extension{Id: oidAuthorityKeyID, Value: der}, err
}

// parseHex reads "00:11:aa".
func parseHex(argument, s string) ([]byte, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, ":", ""))
	if err != nil || len(b) == 0 {
		return nil, fmt.Errorf("argument %q is %q: want bytes as 00:11:aa", argument, s)
	}
	return b, nil
}

// constraints is BasicConstraints of RFC 5280.
type constraints struct {
	CA         bool `asn1:"optional"`
	PathLength int  `asn1:"optional,default:-1"`
}

// encodeConstraints reads "CA:TRUE" and "pathlen:0".
func encodeConstraints(words []string) ([]byte, error) {
	c := constraints{PathLength: -1}
	for _, word := range words {
		name, value, _ := strings.Cut(word, ":")
		var err error
		switch {
		case strings.EqualFold(name, "CA"):
			c.CA = strings.EqualFold(value, "TRUE")
		case strings.EqualFold(name, "pathlen"):
			c.PathLength, err = strconv.Atoi(value)
		default:
			err = strconv.ErrSyntax
		}
		if err != nil {
			return nil, fmt.Errorf("%q is no basic constraint\nhint: CA:TRUE, CA:FALSE, pathlen:0", word)
		}
	}
	return asn1.Marshal(c)
}

// showConstraints is its inverse, sorted.
func showConstraints(der []byte) []string {
	c := constraints{PathLength: -1}
	if _, err := asn1.Unmarshal(der, &c); err != nil {
		return []string{}
	}
	out := []string{"CA:" + strings.ToUpper(strconv.FormatBool(c.CA))}
	if c.PathLength >= 0 {
		out = append(out, "pathlen:"+strconv.Itoa(c.PathLength))
	}
	return out
}

// encodeNameConstraints writes NameConstraints of RFC 5280.
func encodeNameConstraints(permitted, excluded []string) ([]byte, error) {
	type subtree struct{ Base asn1.RawValue }
	var value struct {
		Permitted []subtree `asn1:"optional,tag:0"`
		Excluded  []subtree `asn1:"optional,tag:1"`
	}
	for _, list := range []struct {
		names []string
		into  *[]subtree
	}{{permitted, &value.Permitted}, {excluded, &value.Excluded}} {
		names, err := generalNames(list.names)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			*list.into = append(*list.into, subtree{n})
		}
	}
	return asn1.Marshal(value)
}
