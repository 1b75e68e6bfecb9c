package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/event"
	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// playHosts returns the hosts that the play's pattern names, in the play's
// order and as the pattern has them, and the pattern as text.
func (e *Engine) playHosts(c *jinja.Context, p *playbook.Play) (hosts, all []string, pattern string, err error) {
	v, err := jinja.Deep(c, e.Vars.Value(p.Hosts))
	if err != nil {
		return nil, nil, "", err
	}
	patterns, ok := textList(v)
	if !ok {
		return nil, nil, "", p.Hosts.Errorf("hosts has to be a pattern or a list of patterns, not %s", jinja.Repr(v))
	}
	sel, err := e.Inventory.Select(patterns...)
	if err != nil {
		return nil, nil, "", source.Errorf(p.Hosts.Pos(), "%w", err).WithHint("%s", source.HintOf(err))
	}
	for _, u := range sel.Unknown {
		e.Events.Emit(event.Warning{Pos: p.Hosts.Pos(), Msg: fmt.Sprintf("no host or group is called %q", u.Pattern), Hint: u.Hint})
	}
	hosts = slices.DeleteFunc(sel.Hosts, func(h string) bool { return e.limit != nil && !e.limit[h] })
	all = slices.Clone(hosts)
	order, err := e.text(c, p.Order, "inventory")
	if err != nil {
		return nil, nil, "", err
	}
	if !ordered(hosts, order) {
		return nil, nil, "", p.Order.Errorf("the order %q is not supported", order).
			WithHint("use one of: inventory, reverse_inventory, reverse_sorted, shuffle, sorted")
	}
	return hosts, all, strings.Join(patterns, ","), nil
}

// textList takes a text, or a list of texts, or a list of such lists.
func textList(v any) ([]string, bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case string:
		return []string{v}, true
	case []any:
		var out []string
		for _, e := range v {
			l, ok := textList(e)
			if !ok {
				return nil, false
			}
			out = append(out, l...)
		}
		return out, true
	}
	return nil, false
}

// ordered puts hosts into an order, and reports whether there is one of that name.
func ordered(hosts []string, order string) bool {
	switch order {
	case "inventory":
	case "reverse_inventory":
		slices.Reverse(hosts)
	case "sorted":
		slices.Sort(hosts)
	case "reverse_sorted":
		slices.Sort(hosts)
		slices.Reverse(hosts)
	case "shuffle":
		rand.Shuffle(len(hosts), func(i, j int) { hosts[i], hosts[j] = hosts[j], hosts[i] })
	default:
		return false
	}
	return true
}

// batches splits the hosts as `serial` says: a number, a percentage of all, or a
// list of them, the last of which goes on to the end.
func (e *Engine) batches(c *jinja.Context, p *playbook.Play, hosts []string) ([][]string, error) {
	if !p.Serial.Exists() {
		return [][]string{hosts}, nil
	}
	v, err := jinja.Deep(c, e.Vars.Value(p.Serial))
	if err != nil {
		return nil, err
	}
	sizes, ok := v.([]any)
	if !ok {
		sizes = []any{v}
	}
	sizes = slices.DeleteFunc(slices.Clone(sizes), jinja.IsOmit)
	var out [][]string
	for i := 0; len(hosts) > 0; i++ {
		if len(sizes) == 0 {
			return append(out, hosts), nil
		}
		n, err := batchSize(sizes[min(i, len(sizes)-1)], len(hosts)+sum(out))
		if err != nil {
			return nil, p.Serial.Errorf("serial: %s", err)
		}
		if n <= 0 {
			n = len(hosts)
		}
		n = min(n, len(hosts))
		out = append(out, hosts[:n])
		hosts = hosts[n:]
	}
	return out, nil
}

func sum(batches [][]string) int {
	n := 0
	for _, b := range batches {
		n += len(b)
	}
	return n
}

func batchSize(v any, total int) (int, error) {
	text := strings.TrimSpace(jinja.Str(v))
	if percent, ok := strings.CutSuffix(text, "%"); ok {
		f, err := strconv.ParseFloat(percent, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is not a percentage", text)
		}
		return max(1, int(f*float64(total)/100)), nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%q is neither a number of hosts nor a percentage", text)
	}
	return n, nil
}
