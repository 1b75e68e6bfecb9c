package ssh

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fleet/internal/source"
)

// Keywords are those of ssh_config that mean something to a Dialer, besides Host,
// Match and Include. All others are read over.
func Keywords() []string {
	return []string{"CertificateFile", "ConnectTimeout", "GlobalKnownHostsFile", "HashKnownHosts", "HostKeyAlias", "HostName", "IdentitiesOnly",
		"IdentityAgent", "IdentityFile", "Port", "ProxyCommand", "ProxyJump", "ServerAliveCountMax", "ServerAliveInterval",
		"StrictHostKeyChecking", "User", "UserKnownHostsFile"}
}

// Honours reports whether a keyword of ssh_config is one of Keywords.
func Honours(keyword string) bool {
	return slices.ContainsFunc(Keywords(), func(k string) bool { return strings.EqualFold(k, keyword) })
}

// readAll reads what the options say, and behind it the files: the first that says
// something counts.
func (c *config) readAll(o Options, files []string) error {
	for _, line := range o.Config {
		keyword, args, err := splitLine(line)
		if err != nil {
			return source.Errorf(source.Pos{}, "%s: %w", line, err)
		}
		c.set(keyword, args, source.Pos{})
	}
	if o.ConfigFile != "" {
		file := expandHome(o.ConfigFile, c.home)
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return source.Errorf(source.Pos{File: file}, "there is no such ssh_config")
		}
		files = []string{file}
	}
	if files == nil {
		files = []string{filepath.Join(c.home, ".ssh", "config"), "/etc/ssh/ssh_config"}
	}
	for _, f := range files {
		if err := c.read(f, true, 0); err != nil {
			return err
		}
	}
	return nil
}
