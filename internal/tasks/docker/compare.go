package docker

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// kind says how the values of an argument are compared.
type kind int

const (
	value kind = iota // one value
	list              // in order
	set               // in any order
	dict              // by key
)

// item is a piece of an argument's value: an element of a list or set has no
// key, an element of a dict has both.
type item struct{ key, value string }

// option is an argument of docker_container that can differ from what the
// engine has. view reads it in the same way from what was asked for and from
// what the engine reports.
type option struct {
	name string
	kind kind
	hide bool   // values are not shown
	live bool   // the engine can change it without a new container
	rule string // instead of the kind's own
	view func(containerSpec) []item
}

// difference is one place where a container is not as asked.
type difference struct {
	option string
	where  string // option, with the key: env.PATH
	before string
	after  string
	live   bool
}

// The rules of the argument comparisons.
const (
	strict    = "strict"
	ignore    = "ignore"
	allowMore = "allow_more_present"
)

// compare returns where have differs from want, by the rule or, if that is
// empty, by the kind's own.
func (o option) compare(want, have containerSpec, rule string) []difference {
	if rule = cmp.Or(rule, o.rule); rule == "" {
		rule = strict
		if o.kind == set || o.kind == dict {
			rule = allowMore
		}
	}
	if rule == ignore {
		return nil
	}
	var diffs []difference
	add := func(key, before, after string) {
		d := difference{option: o.name, where: o.name, before: before, after: after, live: o.live}
		if key != "" {
			d.where += "." + key
		}
		if o.hide {
			d.before, d.after = hidden(before), hidden(after)
		}
		diffs = append(diffs, d)
	}
	w, h := o.view(want), o.view(have)
	switch o.kind {
	case value, list:
		if !slices.Equal(w, h) && (o.kind == value || rule == strict || !subsequence(w, h)) {
			add("", join(maskSecrets(h)), join(maskSecrets(w)))
		}
	case set:
		for _, i := range minus(w, h) {
			add("", join(h), cmp.Or(join(h), "(none)")+" + "+i.value)
		}
		if rule == strict {
			for _, i := range minus(h, w) {
				add("", join(h), join(h)+" - "+i.value)
			}
		}
	case dict:
		compareDict(w, h, rule, add)
	}
	return diffs
}

func compareDict(w, h []item, rule string, add func(key, before, after string)) {
	want, have := asMap(w), asMap(h)
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if before, ok := have[key]; !ok || before != want[key] {
			add(key, before, want[key])
		}
	}
	if rule != strict {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(have)) {
		if _, ok := want[key]; !ok {
			add(key, have[key], "")
		}
	}
}

func hidden(s string) string {
	if s == "" {
		return ""
	}
	return "********"
}

func asMap(items []item) map[string]string {
	m := make(map[string]string, len(items))
	for _, i := range items {
		m[i.key] = i.value
	}
	return m
}

func minus(a, b []item) []item {
	return slices.DeleteFunc(slices.Clone(a), func(i item) bool { return slices.Contains(b, i) })
}

// subsequence reports whether all of a are in b in the same order.
func subsequence(a, b []item) bool {
	for _, i := range b {
		if len(a) > 0 && a[0] == i {
			a = a[1:]
		}
	}
	return len(a) == 0
}

// maskSecrets hides what follows a word that names a secret, because a command
// is shown where it differs: --requirepass x, --password=x.
func maskSecrets(items []item) []item {
	out := slices.Clone(items)
	for i, it := range out {
		flag, _, assigned := strings.Cut(it.value, "=")
		if !strings.HasPrefix(flag, "-") || !namesSecret(flag) {
			continue
		}
		if assigned {
			out[i].value = flag + "=********"
		} else if i+1 < len(out) {
			out[i+1].value = "********"
		}
	}
	return out
}

func namesSecret(flag string) bool {
	flag = strings.ToLower(flag)
	return slices.ContainsFunc([]string{"pass", "secret", "token", "key"}, func(word string) bool { return strings.Contains(flag, word) })
}

func join(items []item) string {
	texts := make([]string, len(items))
	for i, it := range items {
		texts[i] = it.value
		if it.key != "" {
			texts[i] = it.key + "=" + it.value
		}
	}
	return strings.Join(texts, " ")
}

// rules reads the argument comparisons: a rule for each option.
func rules(a *dockerContainerArgs) (map[string]string, error) {
	out := map[string]string{}
	known := map[string]kind{"image": value, "networks": set}
	for _, o := range options {
		known[o.name] = o.kind
	}
	aliases := map[string]string{"ports": "published_ports", "exposed": "exposed_ports", "expose": "exposed_ports",
		"cap_add": "capabilities", "log_opt": "log_options", "env_file": "env", "restart_retries": "restart_policy"}
	for given, rule := range a.Comparisons {
		name := cmp.Or(aliases[given], given)
		k, ok := known[name]
		switch {
		case given == "*" && (rule == strict || rule == ignore):
			continue
		case given == "*":
			return nil, fmt.Errorf("comparisons.* is %q: want strict or ignore", rule)
		case !ok:
			return nil, fmt.Errorf("comparisons: unknown argument %q", given)
		case rule != strict && rule != ignore && rule != allowMore:
			return nil, fmt.Errorf("comparisons.%s is %q: want strict, ignore or allow_more_present", given, rule)
		case rule == allowMore && k == value:
			return nil, fmt.Errorf("comparisons.%s: allow_more_present is for lists, sets and mappings", given)
		}
		out[name] = rule
	}
	if all := a.Comparisons["*"]; all != "" {
		for name := range known {
			out[name] = cmp.Or(out[name], all)
		}
	}
	if a.IgnoreImage {
		out["image"] = ignore
	}
	if a.PurgeNetworks {
		out["networks"] = strict
	}
	return out, nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
