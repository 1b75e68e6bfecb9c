package crypto

import (
	"encoding/asn1"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// The tags of GeneralName in RFC 5280.
const (
	tagEmail = 1
	tagDNS   = 2
	tagDir   = 4
	tagURI   = 6
	tagIP    = 7
	tagRID   = 8
)

// textKinds are the names that are plain text.
var textKinds = []struct {
	name string
	tag  int
}{{"email", tagEmail}, {"DNS", tagDNS}, {"URI", tagURI}}

// textTag returns the tag of such a kind, or 0.
func textTag(kind string) int {
	for _, k := range textKinds {
		if k.name == kind {
			return k.tag
		}
	}
	return 0
}

// parseGeneralName reads a name as OpenSSL's files have it: "DNS:example.org".
func parseGeneralName(s string) (asn1.RawValue, error) {
	kind, value, found := strings.Cut(s, ":")
	value = strings.TrimSpace(value)
	raw := asn1.RawValue{Class: asn1.ClassContextSpecific, Bytes: []byte(value)}
	var err error
	switch {
	case textTag(kind) != 0:
		raw.Tag = textTag(kind)
	case kind == "IP":
		raw.Tag = tagIP
		raw.Bytes, err = parseIP(value)
	case kind == "RID":
		raw.Tag = tagRID
		raw.Bytes, err = oidBytes(value)
	case kind == "dirName":
		raw.Tag, raw.IsCompound = tagDir, true
		raw.Bytes, err = parseDirName(value)
	case !found:
		err = fmt.Errorf("the name %q says no kind\nhint: DNS:%s", s, s)
	default:
		err = fmt.Errorf("the kind %q of name %q is not supported\nhint: use one of DNS, IP, email, URI, RID, dirName", kind, s)
	}
	return raw, err
}

// parseIP reads an address, or a network for name constraints.
func parseIP(s string) ([]byte, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.AsSlice(), nil
	}
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		return nil, fmt.Errorf("%q is no IP address and no network", s)
	}
	addr := prefix.Masked().Addr()
	return append(addr.AsSlice(), net.CIDRMask(prefix.Bits(), addr.BitLen())...), nil
}

func oidBytes(s string) ([]byte, error) {
	oid, err := parseOID(s)
	if err != nil {
		return nil, err
	}
	der, err := asn1.Marshal(oid)
	if err != nil {
		return nil, err
	}
	return der[2:], nil
}

// parseDirName reads "/O=b/CN=a", or "CN=a,O=b", which RFC 4514 writes from its end.
func parseDirName(s string) ([]byte, error) {
	separator := ","
	if strings.HasPrefix(s, "/") {
		separator, s = "/", s[1:]
	}
	var parts []part
	for _, field := range strings.Split(s, separator) {
		name, value, ok := strings.Cut(strings.TrimSpace(field), "=")
		if !ok {
			return nil, fmt.Errorf("%q is no name of a folder; want dirName:CN=a,O=b", s)
		}
		p, err := parsePart(strings.TrimSpace(name), strings.TrimSpace(value))
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	if separator == "," {
		slices.Reverse(parts)
	}
	return encodeName(parts)
}

// showGeneralName is the inverse of parseGeneralName.
func showGeneralName(raw asn1.RawValue) string {
	switch raw.Tag {
	case tagIP:
		return "IP:" + showIP(raw.Bytes)
	case tagDir:
		parts, err := partsOf(raw.Bytes)
		if err != nil {
			return "dirName:?"
		}
		var fields []string
		for _, p := range slices.Backward(parts) {
			fields = append(fields, p.short+"="+p.value)
		}
		return "dirName:" + strings.Join(fields, ",")
	case tagRID:
		var oid asn1.ObjectIdentifier
		if _, err := asn1.Unmarshal(append([]byte{asn1.TagOID, byte(len(raw.Bytes))}, raw.Bytes...), &oid); err == nil {
			return "RID:" + oid.String()
		}
	}
	for _, k := range textKinds {
		if k.tag == raw.Tag {
			return k.name + ":" + string(raw.Bytes)
		}
	}
	return fmt.Sprintf("otherName:%x", raw.Bytes)
}

func showIP(b []byte) string {
	if addr, ok := netip.AddrFromSlice(b); ok {
		return addr.String()
	}
	half := len(b) / 2
	addr, ok := netip.AddrFromSlice(b[:half])
	ones, _ := net.IPMask(b[half:]).Size()
	if !ok {
		return fmt.Sprintf("%x", b)
	}
	return fmt.Sprintf("%s/%d", addr, ones)
}

// generalNames reads several.
func generalNames(names []string) ([]asn1.RawValue, error) {
	var out []asn1.RawValue
	for _, s := range names {
		raw, err := parseGeneralName(s)
		if err != nil {
			return nil, err
		}
		out = append(out, raw)
	}
	return out, nil
}
