package jinja

import (
	"math/big"
	"regexp"
	"strings"
)

var macByte = regexp.MustCompile(`^[a-f0-9]{2}`)

// filterRandomMAC completes the beginning of an address to six bytes: with those that
// Ansible has for the seed, or with random ones.
func filterRandomMAC(c *Context, v any, a []any) (any, error) {
	text, ok := v.(string)
	if !ok {
		return nil, newError("random_mac needs the beginning of an address, not %s", describe(v))
	}
	text = strings.ToLower(text)
	bytes := strings.Split(text, ":")
	if len(bytes) > 5 {
		return nil, newError("random_mac: %q has more than five bytes", text)
	}
	for _, b := range bytes {
		if !macByte.MatchString(b) {
			return nil, newError("random_mac: %q is no byte in hexadecimal", b)
		}
	}
	draw, err := c.draw(a[0])
	if err != nil {
		return nil, err
	}
	const first, last = 1 << 36, 1<<40 - 1 // of ten digits, of which the first is not 0
	n, err := draw(big.NewInt(last - first + 1))
	if err != nil {
		return nil, err
	}
	digits := n.Add(n, big.NewInt(first)).Text(16)
	for i := range 6 - len(bytes) {
		text += ":" + digits[2*i:2*i+2]
	}
	return text, nil
}
