package jinja

import (
	"crypto/sha512"
	"math"
	"math/big"
)

const (
	mtSize  = 624
	mtShift = 397
)

// mersenne is the generator MT19937 of Matsumoto and Nishimura, seeded and drawn
// from as Python's random.Random does, so that random(seed=…) and shuffle(seed=…)
// choose what they choose in Ansible.
type mersenne struct {
	state [mtSize]uint32
	next  int
}

// seededLike is Random(seed) for a text, an integer or a float.
func seededLike(seed any) (*mersenne, error) {
	var z *big.Int
	switch x := seed.(type) {
	case string:
		sum := sha512.Sum512([]byte(x))
		z = new(big.Int).SetBytes(append([]byte(x), sum[:]...))
	case float64:
		z = new(big.Int).SetUint64(uint64(floatHash(x)))
	default:
		var ok bool
		if z, ok = bigOf(x); !ok {
			return nil, newError("the seed must be a text or a number, not %s", describe(seed))
		}
	}
	z = new(big.Int).Abs(z)
	var key []uint32
	mask := big.NewInt(math.MaxUint32)
	for ; z.Sign() > 0; z = new(big.Int).Rsh(z, 32) {
		key = append(key, uint32(new(big.Int).And(z, mask).Uint64()))
	}
	if len(key) == 0 {
		key = []uint32{0}
	}
	m := &mersenne{}
	m.seedArray(key)
	return m, nil
}

// floatHash is Python's hash() of a float on 64 bits: the number modulo 2**61-1.
func floatHash(f float64) int64 {
	if math.IsNaN(f) {
		return 0
	}
	if math.IsInf(f, 0) {
		return int64(math.Copysign(314159, f))
	}
	const bits, modulus = 61, 1<<61 - 1
	frac, exp := math.Frexp(math.Abs(f))
	var x uint64
	for frac != 0 {
		x = x<<28&modulus | x>>(bits-28)
		frac *= 1 << 28
		exp -= 28
		y := uint64(frac)
		frac -= float64(y)
		if x += y; x >= modulus {
			x -= modulus
		}
	}
	shift := exp % bits
	if shift < 0 {
		shift += bits
	}
	x = x<<shift&modulus | x>>(bits-shift)
	h := int64(x)
	if f < 0 {
		h = -h
	}
	if h == -1 {
		h = -2
	}
	return h
}

func (m *mersenne) seedNumber(s uint32) {
	m.state[0] = s
	for i := uint32(1); i < mtSize; i++ {
		m.state[i] = 1812433253*(m.state[i-1]^m.state[i-1]>>30) + i
	}
	m.next = mtSize
}

func (m *mersenne) seedArray(key []uint32) {
	m.seedNumber(19650218)
	i, j := 1, 0
	wrap := func() {
		if i++; i >= mtSize {
			m.state[0] = m.state[mtSize-1]
			i = 1
		}
	}
	for range max(mtSize, len(key)) {
		m.state[i] = (m.state[i] ^ (m.state[i-1]^m.state[i-1]>>30)*1664525) + key[j] + uint32(j)
		wrap()
		if j++; j >= len(key) {
			j = 0
		}
	}
	for range mtSize - 1 {
		m.state[i] = (m.state[i] ^ (m.state[i-1]^m.state[i-1]>>30)*1566083941) - uint32(i)
		wrap()
	}
	m.state[0] = 1 << 31
}

// word returns the next 32 bits.
func (m *mersenne) word() uint32 {
	if m.next >= mtSize {
		for i := range mtSize {
			y := m.state[i]&(1<<31) | m.state[(i+1)%mtSize]&(1<<31-1)
			m.state[i] = m.state[(i+mtShift)%mtSize] ^ y>>1 ^ y&1*0x9908b0df
		}
		m.next = 0
	}
	y := m.state[m.next]
	m.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// bits returns a number of k random bits, the low words first.
func (m *mersenne) bits(k int) *big.Int {
	z := new(big.Int)
	for shift := uint(0); k > 0; shift += 32 {
		w := m.word()
		if k < 32 {
			w >>= 32 - k
		}
		z.Or(z, new(big.Int).Lsh(new(big.Int).SetUint64(uint64(w)), shift))
		k -= 32
	}
	return z
}

// below returns a number in [0, n); n is positive.
func (m *mersenne) below(n *big.Int) *big.Int {
	for {
		if z := m.bits(n.BitLen()); z.Cmp(n) < 0 {
			return z
		}
	}
}
