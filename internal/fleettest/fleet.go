package fleettest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fleet/internal/helper"
	"fleet/internal/target"
	"fleet/internal/tasks"

	"golang.org/x/crypto/ssh/knownhosts"
)

// ServeHelper makes the test program the helper where it was pushed and started
// as one. Call it first in TestMain: the tests then push themselves.
func ServeHelper() {
	if len(os.Args) > 1 && os.Args[1] == helper.Verb {
		os.Exit(target.Main(os.Args[1:], target.Program{Find: tasks.Find, Web: tasks.Web}))
	}
}

// New starts a server for one test.
func New(t testing.TB, c Config) *Server {
	t.Helper()
	s, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Fleet is a number of servers, named host1, host2, …
type Fleet []*Server

// StartFleet starts n servers of one kind, each in a folder of its own.
func StartFleet(n int, c Config) (Fleet, error) {
	var f Fleet
	for i := range n {
		one := c
		if c.Dir != "" {
			one.Dir = filepath.Join(c.Dir, fmt.Sprintf("host%d", i+1))
		}
		s, err := Start(one)
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		f = append(f, s)
	}
	return f, nil
}

// Close ends all servers.
func (f Fleet) Close() error {
	var errs []error
	for _, s := range f {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// Inventory returns an inventory of the fleet in YAML.
func (f Fleet) Inventory() string {
	var b strings.Builder
	b.WriteString("all:\n  hosts:\n")
	for i, s := range f {
		fmt.Fprintf(&b, "    host%d:\n      ansible_host: 127.0.0.1\n      ansible_port: %d\n      ansible_user: %s\n", i+1, s.Port, s.User)
		if s.NoKey {
			continue
		}
		fmt.Fprintf(&b, "      ansible_ssh_private_key_file: %s\n", s.KeyFile)
	}
	return b.String()
}

// KnownHosts returns the lines of a known_hosts file for the fleet.
func (f Fleet) KnownHosts() string {
	var b strings.Builder
	for _, s := range f {
		b.WriteString(knownhosts.Line([]string{s.Addr}, s.HostKey.PublicKey()) + "\n")
	}
	return b.String()
}
