package inventory

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"fleet/internal/source"
)

// maxRange is how many hosts one name with ranges may stand for.
const maxRange = 65536

// hosts adds the hosts that a name stands for (it may have ranges and a port)
// and puts them into the group, if there is one.
func (r *reader) hosts(name string, pos source.Pos, g *group) []*host {
	base, port := SplitPort(name)
	list, err := expand(base)
	if err != nil {
		r.fail(source.Errorf(pos, "the host %q: %w", name, err).WithHint(`ranges are written as in "web[01:20]", "db-[a:f]" or "[0:10:2]"`))
		return nil
	}
	var hosts []*host
	for _, one := range list {
		h, fresh := r.named(one, pos, g)
		if h == nil {
			return nil
		}
		if fresh && port != "" {
			r.hostVars(h, r.mapping(pos, "ansible_port", port))
		}
		hosts = append(hosts, h)
	}
	return hosts
}

// named adds the host of that name, or returns nil where there can be none.
func (r *reader) named(name string, pos source.Pos, g *group) (h *host, fresh bool) {
	why := badName(name)
	if why == "" && strings.HasSuffix(name, ":") {
		why = `ends in ":" without a port`
	}
	if why != "" {
		r.fail(source.Errorf(pos, "%q cannot be the name of a host: it %s", name, why))
		return nil, false
	}
	if h = r.inv.hosts[name]; h == nil {
		h, fresh = r.inv.host(name, pos, r.file, r.dir), true
	}
	if g != nil {
		join(g, h)
	}
	return h, fresh
}

var (
	bracketed = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^\[(.+)\]:([0-9]+)$`)
	})
	withPort = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^((?:[^:\[\]]|\[[^\]]*\])*):([0-9]+)$`)
	})

	bounds   = `\[(?:[a-z]:[a-z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]`
	label    = `(?:[\pL\pN_]|` + bounds + `)(?:[\pL\pN_-]|` + bounds + `)*`
	hostName = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^` + label + `(?:\.` + label + `)*$`)
	})
)

// SplitPort takes the port off "name:22" and "[::1]:22". Without one it is empty.
func SplitPort(name string) (host, port string) {
	for _, form := range []*regexp.Regexp{bracketed(), withPort()} {
		if m := form.FindStringSubmatch(name); m != nil && isHostName(m[1]) {
			return m[1], m[2]
		}
	}
	return name, ""
}

// isAddress reports whether the text is a host name or an address, with or
// without a port, that may have ranges.
func isAddress(text string) bool {
	host, _ := SplitPort(text)
	return isHostName(host)
}

func isHostName(name string) bool {
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	if !hostName().MatchString(name) {
		return false
	}
	for _, part := range strings.Split(name, ".") {
		if strings.HasSuffix(part, "-") || strings.HasSuffix(part, "_") {
			return false
		}
	}
	return true
}

// expand returns the names that a name with ranges stands for.
func expand(name string) ([]string, error) {
	open := strings.IndexByte(name, '[')
	if open < 0 {
		return []string{name}, nil
	}
	size := strings.IndexByte(name[open:], ']')
	if size < 0 {
		return nil, fmt.Errorf("a range without %q", "]")
	}
	head, tail := name[:open], name[open+size+1:]
	values, err := rangeOf(name[open+1 : open+size])
	if err != nil {
		return nil, err
	}
	rest, err := expand(tail)
	if err != nil {
		return nil, err
	}
	if len(values)*len(rest) > maxRange {
		return nil, fmt.Errorf("the ranges stand for more than %d hosts", maxRange)
	}
	names := make([]string, 0, len(values)*len(rest))
	for _, v := range values {
		for _, t := range rest {
			names = append(names, head+v+t)
		}
	}
	return names, nil
}

// rangeError is a range that Ansible leaves as it is in a list of hosts.
type rangeError string

func (e rangeError) Error() string { return string(e) }

// rangeOf returns the values of "begin:end" or "begin:end:step".
func rangeOf(text string) ([]string, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 2 && len(parts) != 3 {
		return nil, rangeError(fmt.Sprintf("the range [%s] is not begin:end or begin:end:step", text))
	}
	step := 1
	if len(parts) == 3 {
		n, err := strconv.Atoi(parts[2])
		if err != nil || n < 1 {
			return nil, fmt.Errorf("the step %q of the range is not a positive number", parts[2])
		}
		step = n
	}
	begin, end := parts[0], parts[1]
	if begin == "" {
		begin = "0"
	}
	if end == "" {
		return nil, rangeError(fmt.Sprintf("host range must specify end value: [%s]", text))
	}
	if from, to, ok := letters(begin, end); ok {
		return span(from, to, step, func(i int) string { return alphabet[i : i+1] })
	}
	from, err1 := strconv.Atoi(begin)
	to, err2 := strconv.Atoi(end)
	if err1 != nil || err2 != nil || from < 0 || to < 0 {
		return nil, fmt.Errorf("the range [%s] is not of numbers or letters", text)
	}
	width := 0
	if begin[0] == '0' && len(begin) > 1 {
		if width = len(begin); len(end) != width {
			return nil, rangeError(fmt.Sprintf("the ends of the range [%s] have different lengths", text))
		}
	}
	return span(from, to, step, func(i int) string { return fmt.Sprintf("%0*d", width, i) })
}

const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

func letters(begin, end string) (from, to int, ok bool) {
	from, to = strings.Index(alphabet, begin), strings.Index(alphabet, end)
	return from, to, len(begin) == 1 && len(end) == 1 && from >= 0 && to >= 0
}

func span(from, to, step int, name func(int) string) ([]string, error) {
	if from > to {
		return nil, rangeError("the range starts behind its end")
	}
	if (to-from)/step >= maxRange {
		return nil, fmt.Errorf("the range stands for more than %d hosts", maxRange)
	}
	var out []string
	for i := from; i <= to; i += step {
		out = append(out, name(i))
	}
	return out, nil
}
