package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"fleet/internal/fleettest"
)

// lab is the hosts of one script.
type lab struct {
	work, self, digest string
	hosts              map[string]*fleettest.Server
}

func theLab(ts *testscript.TestScript) *lab { return ts.Value("lab").(*lab) }

func (l *lab) host(ts *testscript.TestScript, args []string) *fleettest.Server {
	if len(args) == 0 || l.hosts[args[0]] == nil {
		ts.Fatalf("want the name of a host that was started, not %q", args)
	}
	return l.hosts[args[0]]
}

// start starts hosts.
func (l *lab) start(ts *testscript.TestScript, args []string) {
	var names []string
	c, fresh := fleettest.Config{}, false
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		switch key {
		case "password":
			c.Password = value
		case "sudo":
			c.SudoPassword = value
		case "nokey":
			c.NoKey = true
		case "nosudo":
			c.NoSudo = true
		case "fresh":
			fresh = true
		case "noise":
			c.Noise = value + "\n"
		case "drop", "sessions":
			n, err := strconv.Atoi(value)
			ts.Check(err)
			if key == "drop" {
				c.DropFirst = n
			} else {
				c.MaxSessions = n
			}
		default:
			names = append(names, arg)
		}
	}
	for _, name := range names {
		c.Dir = filepath.Join(l.work, "hosts", name)
		s, err := fleettest.Start(c)
		ts.Check(err)
		ts.Defer(func() { ts.Check(s.Close()) })
		if !fresh {
			ts.Check(l.cacheHelper(filepath.Join(s.Home, ".cache/fleet")))
		}
		l.hosts[name] = s
		l.announce(ts, name, s)
	}
}

// cacheHelper puts the helper where a run would push it: pushing this large
// program in each script would take long.
func (l *lab) cacheHelper(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file := filepath.Join(dir, "fleet-target-"+l.digest)
	if os.Link(l.self, file) == nil {
		return nil
	}
	data, err := os.ReadFile(l.self)
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o700)
}

// announce adds the host to the inventory and to known_hosts, and sets its
// variables.
func (l *lab) announce(ts *testscript.TestScript, name string, s *fleettest.Server) {
	inventory := filepath.Join(l.work, "inventory.yaml")
	entry := fmt.Sprintf("    %s:\n      ansible_host: 127.0.0.1\n      ansible_port: %d\n      ansible_user: %s\n", name, s.Port, s.User)
	if !s.NoKey {
		entry += fmt.Sprintf("      ansible_ssh_private_key_file: %s\n", s.KeyFile)
	}
	if _, err := os.Stat(inventory); err != nil {
		entry = "all:\n  hosts:\n" + entry
	}
	ts.Check(appendTo(inventory, entry))
	known := knownhosts.Line([]string{s.Addr}, s.HostKey.PublicKey()) + "\n"
	ts.Check(appendTo(filepath.Join(l.work, "home/.ssh/known_hosts"), known))
	ts.Setenv(name+"_port", strconv.Itoa(s.Port))
	ts.Setenv(name+"_home", s.Home)
	ts.Setenv(name+"_key", s.KeyFile)
	key, err := os.ReadFile(s.KeyFile)
	ts.Check(err)
	signer, err := ssh.ParsePrivateKey(key)
	ts.Check(err)
	ts.Setenv(name+"_keyprint", ssh.FingerprintSHA256(signer.PublicKey()))
	ts.Setenv(name+"_fingerprint", ssh.FingerprintSHA256(s.HostKey.PublicKey()))
}

func appendTo(file, text string) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(text)
	return err
}
