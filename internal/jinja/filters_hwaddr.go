package jinja

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/source"
)

// hardwareFilters are those of the collection ansible.utils for hardware addresses.
var hardwareFilters = []filter{
	{name: "hwaddr ansible.utils.hwaddr ansible.netcommon.hwaddr", params: "query=''", fn: filterHWAddr("hwaddr")},
	{name: "macaddr ansible.utils.macaddr ansible.netcommon.macaddr", params: "query=''", fn: filterHWAddr("macaddr")},
}

// macForms are the ways to write an address: in six parts, three, two or one.
var macForms = []struct {
	pattern *regexp.Regexp
	digits  int // of a part
}{
	{regexp.MustCompile(`^` + strings.Repeat(`([0-9A-Fa-f]{1,2}):`, 5) + `([0-9A-Fa-f]{1,2})$`), 2},
	{regexp.MustCompile(`^` + strings.Repeat(`([0-9A-Fa-f]{1,2})-`, 5) + `([0-9A-Fa-f]{1,2})$`), 2},
	{regexp.MustCompile(`^` + strings.Repeat(`([0-9A-Fa-f]{1,4})[.:-]`, 2) + `([0-9A-Fa-f]{1,4})$`), 4},
	{regexp.MustCompile(`^([0-9A-Fa-f]{5,6})[:-]([0-9A-Fa-f]{5,6})$`), 6},
	{regexp.MustCompile(`^([0-9A-Fa-f]{11,12})$`), 12},
}

// readMAC returns the twelve digits of an address.
func readMAC(text string) (string, bool) {
	for _, form := range macForms {
		if m := form.pattern.FindStringSubmatch(text); m != nil {
			digits := ""
			for _, part := range m[1:] {
				digits += strings.Repeat("0", form.digits-len(part)) + strings.ToLower(part)
			}
			return digits, true
		}
	}
	return "", false
}

// inParts cuts the digits into parts of n with a sign in between.
func inParts(digits string, n int, between string) string {
	var parts []string
	for part := range slices.Chunk([]byte(digits), n) {
		parts = append(parts, string(part))
	}
	return strings.Join(parts, between)
}

// macQueries are the words that the filters take, and what they make of the digits.
var macQueries = map[string]func(digits string) string{
	"bare":  strings.ToUpper,
	"cisco": func(d string) string { return inParts(d, 4, ".") },
	"eui48": func(d string) string { return strings.ToUpper(inParts(d, 2, "-")) },
	"linux": func(d string) string { return inParts(d, 2, ":") },
	"pgsql": func(d string) string { return inParts(d, 6, ":") }, "postgresql": func(d string) string { return inParts(d, 6, ":") },
	"psql": func(d string) string { return inParts(d, 6, ":") },
	"unix": func(d string) string {
		parts := strings.Split(inParts(d, 2, ":"), ":")
		for i, p := range parts {
			n, _ := strconv.ParseUint(p, 16, 8)
			parts[i] = fmt.Sprintf("%x", n)
		}
		return strings.Join(parts, ":")
	},
	"win": func(d string) string { return strings.ToUpper(inParts(d, 2, "-")) },
}

// filterHWAddr says whether a text is a hardware address, or writes it in another way.
func filterHWAddr(name string) func(*Context, any, []any) (any, error) {
	return func(_ *Context, v any, a []any) (any, error) {
		query := Str(a[0])
		digits, ok := readMAC(Str(v))
		write := macQueries[query]
		switch {
		case query == "" && ok:
			return v, nil
		case query == "bool" && ok:
			return true, nil
		case query == "" || query == "bool":
			return nil, nil
		case !ok:
			return nil, newError("%s: not a hardware address: %s", name, Str(v))
		case query == "int":
			n, err := strconv.ParseUint(digits, 16, 48)
			return int(n), err
		case write == nil:
			e := newError("%s: unknown filter type: %s", name, query)
			e.Hint = source.DidYouMean(query, slices.Sorted(maps.Keys(macQueries)))
			return nil, e
		}
		return write(digits), nil
	}
}
