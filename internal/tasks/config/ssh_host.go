package config

import (
	"maps"
	"slices"
	"strings"
)

// option is a line of ssh_config(5): its name and its value.
type option struct{ name, value string }

// options returns what the arguments give; an option without a value is to go.
func (a *sshConfigArgs) options() []option {
	yes := func(on *bool) string {
		switch {
		case on == nil:
			return ""
		case *on:
			return "yes"
		}
		return "no"
	}
	all := []option{
		{"HostName", a.Hostname}, {"Port", a.Port}, {"User", a.RemoteUser}, {"IdentityFile", a.IdentityFile},
		{"IdentitiesOnly", yes(a.IdentitiesOnly)}, {"UserKnownHostsFile", a.UserKnownHostsFile},
		{"StrictHostKeyChecking", a.StrictHostKeyChecking}, {"ProxyCommand", a.ProxyCommand}, {"ProxyJump", a.ProxyJump},
		{"ForwardAgent", yes(a.ForwardAgent)}, {"AddKeysToAgent", yes(a.AddKeysToAgent)},
		{"HostKeyAlgorithms", a.HostKeyAlgorithms}, {"ControlMaster", a.ControlMaster}, {"ControlPath", a.ControlPath},
		{"ControlPersist", a.ControlPersist},
	}
	for _, name := range slices.Sorted(maps.Keys(a.OtherOptions)) {
		all = append(all, option{name, a.OtherOptions[name]})
	}
	return all
}

// sshLine reads a line of ssh_config(5); a comment and an empty line have no name.
func sshLine(line string) option {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return option{}
	}
	end := strings.IndexAny(line, " \t=")
	if end < 0 {
		return option{name: line}
	}
	value := strings.TrimLeft(line[end:], " \t")
	value = strings.TrimLeft(strings.TrimPrefix(value, "="), " \t")
	return option{line[:end], value}
}

// editHost returns the text with the host's options as wanted, or without the host.
// there is whether it had one.
func editHost(text, host string, wanted []option, gone bool) (next string, there bool) {
	var out strings.Builder
	lines := strings.SplitAfter(text, "\n")
	for i := 0; i < len(lines); {
		end := i + 1
		for end < len(lines) && !beginsSection(lines[end]) {
			end++
		}
		first := sshLine(lines[i])
		switch ours := strings.EqualFold(first.name, "host") && first.value == host; {
		case !ours:
			out.WriteString(strings.Join(lines[i:end], ""))
		case gone:
			there = true
		default:
			there = true
			out.WriteString(editSection(lines[i:end], wanted))
		}
		i = end
	}
	if there || gone {
		return out.String(), there
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		out.WriteString("\n")
	}
	return out.String() + editSection([]string{"Host " + host + "\n"}, wanted), false
}

func beginsSection(line string) bool {
	name := sshLine(line).name
	return strings.EqualFold(name, "host") || strings.EqualFold(name, "match")
}

// editSection returns the lines of a host with the options as wanted: a line that is
// right stays, one that is not is written anew, and what is new comes behind the last
// option.
func editSection(lines []string, wanted []option) string {
	var kept []string
	done := map[string]bool{}
	last := 1 // behind the last option
	for i, line := range lines {
		o := sshLine(line)
		w := slices.IndexFunc(wanted, func(w option) bool { return strings.EqualFold(w.name, o.name) })
		if i > 0 && w >= 0 {
			want := wanted[w]
			key := strings.ToLower(want.name)
			if want.value == "" || done[key] {
				continue
			}
			if done[key] = true; o.value != want.value {
				line = "    " + want.name + " " + want.value + "\n"
			}
		}
		if kept = append(kept, line); o.name != "" {
			last = len(kept)
		}
	}
	var fresh []string
	for _, w := range wanted {
		if w.value != "" && !done[strings.ToLower(w.name)] {
			fresh = append(fresh, "    "+w.name+" "+w.value+"\n")
		}
	}
	if len(fresh) > 0 && !strings.HasSuffix(kept[last-1], "\n") {
		kept[last-1] += "\n"
	}
	return strings.Join(slices.Insert(kept, last, fresh...), "")
}
