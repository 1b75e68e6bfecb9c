// Package ipnet has addresses of hosts together with the length of their
// network's prefix, as Ansible's filters for addresses see them: 10.0.0.5/24 is
// the host 5 of a network of 256 addresses. It runs on the controller, and looks
// nothing up.
package ipnet

import (
	"math/big"
	"net/netip"
	"strconv"
	"strings"
)

// Network is an address with a prefix of its length. The zero value is none.
type Network struct {
	addr netip.Addr // of 4 or of 16 bytes, without a zone
	bits int
}

// Parse reads an address, or one with a slash and the length of the prefix, a
// netmask or a hostmask behind it. An IPv4 address may lack its last parts: 10.1 is 10.1.0.0.
func Parse(text string) (Network, bool) {
	host, mask, masked := strings.Cut(text, "/")
	addr, ok := parseHost(host)
	if !ok {
		return Network{}, false
	}
	n := Network{addr, addr.BitLen()}
	if !masked {
		return n, true
	}
	if bits, err := strconv.Atoi(strings.TrimSpace(mask)); err == nil {
		return n.WithBits(bits)
	}
	m, ok := parseHost(mask)
	if !ok || m.BitLen() != addr.BitLen() {
		return Network{}, false
	}
	bits, ok := maskBits(m)
	if !ok {
		return Network{}, false
	}
	return n.WithBits(bits)
}

func parseHost(text string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr, addr.Zone() == ""
	}
	parts := strings.Split(text, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var b [4]byte
	for i, part := range parts {
		v, err := strconv.ParseUint(part, 10, 8)
		if err != nil {
			return netip.Addr{}, false
		}
		b[i] = byte(v)
	}
	return netip.AddrFrom4(b), true
}

// maskBits returns how many bits a netmask or a hostmask leaves to the network.
func maskBits(mask netip.Addr) (int, bool) {
	n := Network{mask, mask.BitLen()}
	for bits := range mask.BitLen() + 1 {
		n.bits = bits
		if n.Netmask() == mask {
			return bits, true
		}
	}
	for bits := range mask.BitLen() + 1 {
		n.bits = bits
		if n.Hostmask() == mask {
			return bits, true
		}
	}
	return 0, false
}

// FromInt returns the address with this number, among those of IPv4 or of IPv6.
func FromInt(v *big.Int, version int) (Network, bool) {
	width := 32
	if version == 6 {
		width = 128
	}
	if v.Sign() < 0 || v.BitLen() > width {
		return Network{}, false
	}
	addr, _ := netip.AddrFromSlice(v.FillBytes(make([]byte, width/8)))
	return Network{addr, width}, true
}

// WithBits returns the address with another prefix.
func (n Network) WithBits(bits int) (Network, bool) {
	if bits < 0 || bits > n.addr.BitLen() {
		return Network{}, false
	}
	return Network{n.addr, bits}, true
}

// Version is 4 or 6.
func (n Network) Version() int {
	if n.addr.Is4() {
		return 4
	}
	return 6
}

// Bits is the length of the prefix.
func (n Network) Bits() int { return n.bits }

// Width is how many bits an address has.
func (n Network) Width() int { return n.addr.BitLen() }

// Addr is the address.
func (n Network) Addr() netip.Addr { return n.addr }

// Int is the address as a number.
func (n Network) Int() *big.Int { return Number(n.addr) }

// Number is an address as a number.
func Number(a netip.Addr) *big.Int { return new(big.Int).SetBytes(a.AsSlice()) }

// First is the network's own address.
func (n Network) First() netip.Addr { return netip.PrefixFrom(n.addr, n.bits).Masked().Addr() }

// Last is the last address of the network.
func (n Network) Last() netip.Addr { return n.or(n.First(), n.Hostmask()) }

// Hostmask has ones where Netmask has zeros.
func (n Network) Hostmask() netip.Addr {
	b := n.Netmask().AsSlice()
	for i := range b {
		b[i] = ^b[i]
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// Netmask has ones where the prefix is.
func (n Network) Netmask() netip.Addr {
	b := make([]byte, n.Width()/8)
	for i := range n.bits {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func (n Network) or(x, y netip.Addr) netip.Addr {
	b, c := x.AsSlice(), y.AsSlice()
	for i := range b {
		b[i] |= c[i]
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// Broadcast is the address for all hosts of the network: none where two hosts or
// one have all the addresses of an IPv4 network.
func (n Network) Broadcast() (netip.Addr, bool) {
	return n.Last(), n.Version() == 6 || n.Width()-n.bits > 1
}

// Size is how many addresses the network has.
func (n Network) Size() *big.Int { return new(big.Int).Lsh(big.NewInt(1), uint(n.Width()-n.bits)) }

// At returns the address with this index in the network; one below zero counts
// from the end.
func (n Network) At(index *big.Int) (netip.Addr, bool) {
	if index.Sign() < 0 {
		index = new(big.Int).Add(index, n.Size())
	}
	if index.Sign() < 0 || index.Cmp(n.Size()) >= 0 {
		return netip.Addr{}, false
	}
	at, _ := FromInt(index.Add(index, Number(n.First())), n.Version())
	return at.addr, at.addr.IsValid()
}

// Contains reports whether all addresses of the other network are in this one.
func (n Network) Contains(other Network) bool {
	return n.Version() == other.Version() && n.bits <= other.bits &&
		netip.PrefixFrom(n.addr, n.bits).Masked() == netip.PrefixFrom(other.addr, n.bits).Masked()
}

// Single reports whether the network has no address but one.
func (n Network) Single() bool { return n.bits == n.Width() }

// IsFirst reports whether the address is the network's own.
func (n Network) IsFirst() bool { return n.addr == n.First() }

// String writes the address, a slash, and the length of the prefix.
func (n Network) String() string { return Text(n.addr) + "/" + strconv.Itoa(n.bits) }

// Text writes an address as the C library does: one of IPv6 that has nothing but
// an IPv4 address in its last 32 bits shows that.
func Text(a netip.Addr) string {
	if a.Is6() {
		b := a.As16()
		if [12]byte(b[:12]) == [12]byte{} && (b[12] != 0 || b[13] != 0) {
			return "::" + netip.AddrFrom4([4]byte(b[12:])).String()
		}
	}
	return a.String()
}

// Reverse is the name under which DNS knows the address.
func Reverse(a netip.Addr) string {
	var s strings.Builder
	b := a.AsSlice()
	for i := len(b) - 1; i >= 0; i-- {
		if a.Is4() {
			s.WriteString(strconv.Itoa(int(b[i])) + ".")
			continue
		}
		s.WriteString(strconv.FormatInt(int64(b[i]&15), 16) + "." + strconv.FormatInt(int64(b[i]>>4), 16) + ".")
	}
	if a.Is4() {
		return s.String() + "in-addr.arpa."
	}
	return s.String() + "ip6.arpa."
}
