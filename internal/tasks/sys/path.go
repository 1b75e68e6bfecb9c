package sys

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Exists reports whether the machine has the file; a link counts where it leads to one.
func (m *Machine) Exists(path string) bool {
	_, err := os.Stat(m.Path(path))
	return err == nil
}

// Expand returns the path that a user wrote with a leading ~ or ~name replaced
// by that user's home folder, $NAME and ${NAME} by the environment's variables, and
// cleaned. A trailing slash is kept, because it says that a folder is meant.
func (m *Machine) Expand(p string) (string, error) {
	if p == "" {
		return "", nil
	}
	p = ExpandVars(p, m.Getenv)
	if p[0] == '~' {
		name, _, _ := strings.Cut(p[1:], "/")
		home, err := m.home(name)
		if err != nil {
			return "", err
		}
		p = home + p[1+len(name):]
	}
	clean := filepath.Clean(p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	return clean, nil
}

func (m *Machine) home(name string) (string, error) {
	if name == "" {
		if home := os.Getenv("HOME"); home != "" && m.Root == "" {
			return home, nil
		}
		u, err := m.LookupUID(os.Geteuid())
		if err != nil {
			return "", fmt.Errorf("the home folder of the user in charge is not known: %w", err)
		}
		return u.Home, nil
	}
	u, err := m.LookupUser(name)
	if err != nil {
		return "", fmt.Errorf("path ~%s: %w", name, err)
	}
	return u.Home, nil
}

// Getenv returns a variable of the environment as the task's commands see it.
func (m *Machine) Getenv(name string) (string, bool) {
	if v, ok := m.Env[name]; ok {
		return v, true
	}
	return os.LookupEnv(name)
}

// ExpandVars replaces $NAME and ${NAME} where such a variable is set, and leaves
// everything else.
func ExpandVars(s string, env func(string) (string, bool)) string {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "$")
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		name, after := variable(rest)
		if v, ok := env(name); ok && name != "" {
			out.WriteString(v)
		} else {
			out.WriteString("$" + rest[:len(rest)-len(after)])
		}
		s = after
	}
}

// variable returns the name behind a $, or "", and what comes behind it.
func variable(s string) (name, rest string) {
	if inner, ok := strings.CutPrefix(s, "{"); ok {
		if name, rest, ok = strings.Cut(inner, "}"); ok {
			return name, rest
		}
		return "", s
	}
	n := 0
	for n < len(s) && (s[n] == '_' || s[n] >= '0' && s[n] <= '9' || s[n]|32 >= 'a' && s[n]|32 <= 'z') {
		n++
	}
	return s[:n], s[n:]
}
