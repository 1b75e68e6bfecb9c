package facts

import (
	"slices"
	"strings"
)

// Teller returns the collector that tells a fact, which is named without
// "ansible_". What no other tells can only be an interface of the network.
func Teller(fact string) string {
	for _, c := range Collectors {
		for name := range strings.FieldsSeq(c.Facts) {
			if name == fact || strings.HasSuffix(name, "_") && strings.HasPrefix(fact, name) {
				return c.Name
			}
		}
	}
	return "network"
}

// Only returns the gather_subset that asks for no more than these collectors, and
// for the operator's own facts: these may be programs, which run in any case.
func Only(collectors ...string) []string {
	subset := append([]string{"!all", "!min", "local"}, collectors...)
	slices.Sort(subset[2:])
	return append(subset[:2], slices.Compact(subset[2:])...)
}
