package jinja

import "strings"

// windowsFilters take Windows paths apart: controllers name such paths for others.
var windowsFilters = []filter{
	{name: "win_basename", fn: onPath(func(s string) any { _, _, base := windowsPath(s); return base })},
	{name: "win_dirname", fn: onPath(func(s string) any { drive, head, _ := windowsPath(s); return drive + head })},
	{name: "win_splitdrive", fn: onPath(func(s string) any { n := driveSize(s); return Tuple{s[:n], s[n:]} })},
}

// windowsPath splits a path into drive, folder and last name.
func windowsPath(s string) (drive, head, base string) {
	n := driveSize(s)
	drive, rest := s[:n], s[n:]
	i := strings.LastIndexAny(rest, `/\`) + 1
	head, base = rest[:i], rest[i:]
	if bare := strings.TrimRight(head, `/\`); bare != "" {
		head = bare
	}
	return drive, head, base
}

// driveSize is the length of "C:" or of the share "\\host\name" that s starts with.
func driveSize(s string) int {
	p := strings.ReplaceAll(s, "/", `\`)
	switch {
	case len(p) >= 2 && p[1] == ':':
		return 2
	case !strings.HasPrefix(p, `\\`):
		return 0
	}
	from := 2
	if len(p) >= 8 && strings.EqualFold(p[:8], `\\?\UNC\`) {
		from = 8
	}
	host := strings.IndexByte(p[from:], '\\')
	if host < 0 {
		return len(p)
	}
	name := from + host + 1
	if i := strings.IndexByte(p[name:], '\\'); i >= 0 {
		return name + i
	}
	return len(p)
}
