package hosts

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// Route is a way to the hosts: straight, or through something in between that
// answers on other addresses.
type Route struct {
	Name    string // names the files of this route
	Network string // the first three numbers of its addresses
	Port    int
}

// Direct is the way without anything in between.
func (h *Hosts) Direct() Route { return Route{Name: "direct", Network: "127.0.1", Port: h.Port} }

// IP returns the address of host number i, from 0.
func (r Route) IP(i int) string { return fmt.Sprintf("%s.%d", r.Network, i+1) }

// Address returns where host number i, from 0, is reached: address:port.
func (r Route) Address(i int) string { return net.JoinHostPort(r.IP(i), strconv.Itoa(r.Port)) }

// Trust makes the hosts' key known for the route.
func (h *Hosts) Trust(r Route) error {
	key, err := os.ReadFile(h.file("host_key.pub"))
	if err != nil {
		return err
	}
	f, err := os.OpenFile(h.file("known_hosts"), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	var known strings.Builder
	for i := range Max {
		fmt.Fprintf(&known, "[%s]:%d %s", r.IP(i), r.Port, key)
	}
	_, err = f.WriteString(known.String())
	return errors.Join(err, f.Close())
}

// Inventory writes an inventory of the first n hosts, for fleet and Ansible, and
// returns its file.
func (h *Hosts) Inventory(r Route, n int) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "all:\n  vars:\n    ansible_port: %d\n    ansible_user: %s\n    ansible_ssh_private_key_file: %s\n", r.Port, h.User, h.file("login_key"))
	fmt.Fprintf(&b, "    ansible_ssh_common_args: -o UserKnownHostsFile=%s -o StrictHostKeyChecking=yes\n", h.file("known_hosts"))
	fmt.Fprintf(&b, "    ansible_python_interpreter: /usr/bin/python3\n    root: %s\n  hosts:\n", h.Root)
	for i := range n {
		fmt.Fprintf(&b, "    host%03d: {ansible_host: %s}\n", i+1, r.IP(i))
	}
	file := h.file(fmt.Sprintf("inventory-%s-%d.yaml", r.Name, n))
	return file, os.WriteFile(file, []byte(b.String()), 0o644)
}

// List writes the addresses of the first n hosts, one a line, and returns its
// file.
func (h *Hosts) List(r Route, n int) (string, error) {
	var b strings.Builder
	for i := range n {
		fmt.Fprintln(&b, r.Address(i))
	}
	file := h.file(fmt.Sprintf("addresses-%s-%d", r.Name, n))
	return file, os.WriteFile(file, []byte(b.String()), 0o644)
}

// answers reports whether something listens there.
func answers(address string, port int) bool {
	conn, err := net.Dial("tcp", net.JoinHostPort(address, strconv.Itoa(port)))
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
