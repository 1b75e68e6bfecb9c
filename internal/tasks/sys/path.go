package sys

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Expand returns the path that a user wrote with a leading ~ or ~name replaced
// by that user's home folder, and cleaned. A trailing slash is kept, because it
// says that a folder is meant.
func (m *Machine) Expand(p string) (string, error) {
	if p == "" {
		return "", nil
	}
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
