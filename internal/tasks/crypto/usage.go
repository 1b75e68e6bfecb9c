package crypto

import (
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"
)

// keyUsages are in the order of their bits in RFC 5280.
var keyUsages = []struct{ short, long string }{
	{"digitalSignature", "Digital Signature"},
	{"nonRepudiation", "Non Repudiation"},
	{"keyEncipherment", "Key Encipherment"},
	{"dataEncipherment", "Data Encipherment"},
	{"keyAgreement", "Key Agreement"},
	{"keyCertSign", "Certificate Sign"},
	{"cRLSign", "CRL Sign"},
	{"encipherOnly", "Encipher Only"},
	{"decipherOnly", "Decipher Only"},
}

// encodeKeyUsage writes the bits that the names stand for.
func encodeKeyUsage(names []string) ([]byte, error) {
	bits := make([]byte, 2)
	last := 0
	for _, name := range names {
		i := slices.IndexFunc(keyUsages, func(u struct{ short, long string }) bool { return name == u.short || name == u.long })
		if name == "contentCommitment" {
			i = 1
		}
		if i < 0 {
			return nil, fmt.Errorf("%q is no usage of a key\nhint: use one of %s", name, shortUsages())
		}
		bits[i/8] |= 0x80 >> (i % 8)
		last = max(last, i)
	}
	return asn1.Marshal(asn1.BitString{Bytes: bits[:last/8+1], BitLength: last + 1})
}

func shortUsages() string {
	var out []string
	for _, u := range keyUsages {
		out = append(out, u.short)
	}
	return strings.Join(out, ", ")
}

// showKeyUsage returns the long names, sorted.
func showKeyUsage(der []byte) []string {
	var bits asn1.BitString
	out := []string{}
	if _, err := asn1.Unmarshal(der, &bits); err != nil {
		return out
	}
	for i, u := range keyUsages {
		if bits.At(i) == 1 {
			out = append(out, u.long)
		}
	}
	slices.Sort(out)
	return out
}

// extendedUsages are what a certificate can be used for.
var extendedUsages = []struct {
	short, long string
	oid         asn1.ObjectIdentifier
}{
	{"serverAuth", "TLS Web Server Authentication", asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 1}},
	{"clientAuth", "TLS Web Client Authentication", asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 2}},
	{"codeSigning", "Code Signing", asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 3}},
	{"emailProtection", "E-mail Protection", asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 4}},
	{"ipsecEndSystem", "IPSec End System", asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 5}},
	{"ipsecTunnel", "IPSec Tunnel", asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 6}},
	{"ipsecUser", "IPSec User", asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 7}},
	{"timeStamping", "Time Stamping", asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}},
	{"OCSPSigning", "OCSP Signing", asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 9}},
	{"anyExtendedKeyUsage", "Any Extended Key Usage", asn1.ObjectIdentifier{2, 5, 29, 37, 0}},
	{"msSmartcardLogin", "Microsoft Smartcard Login", asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2, 2}},
}

func encodeExtendedUsage(names []string) ([]byte, error) {
	var oids []asn1.ObjectIdentifier
	for _, name := range names {
		oid := asn1.ObjectIdentifier(nil)
		for _, u := range extendedUsages {
			if name == u.short || name == u.long {
				oid = u.oid
			}
		}
		if oid == nil {
			var err error
			if oid, err = parseOID(name); err != nil {
				return nil, fmt.Errorf("%q is no extended usage of a key\nhint: as serverAuth or clientAuth, or an OID", name)
			}
		}
		oids = append(oids, oid)
	}
	return asn1.Marshal(oids)
}

// showExtendedUsage returns the long names, sorted.
func showExtendedUsage(der []byte) []string {
	var oids []asn1.ObjectIdentifier
	out := []string{}
	if _, err := asn1.Unmarshal(der, &oids); err != nil {
		return out
	}
	for _, oid := range oids {
		name := oid.String()
		for _, u := range extendedUsages {
			if u.oid.Equal(oid) {
				name = u.long
			}
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
