package sys

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// ErrNoAccount is wrapped by the errors of the lookups of users and groups that
// do not exist.
var ErrNoAccount = errors.New("does not exist")

// User is a line of the user database.
type User struct {
	Name        string
	UID, GID    int
	Gecos       string
	Home, Shell string
}

// Group is a line of the group database.
type Group struct {
	Name    string
	GID     int
	Members []string
}

// LookupUser returns the user with this name, from /etc/passwd or whatever other
// source the machine is set up for.
func (m *Machine) LookupUser(name string) (User, error) {
	line, err := m.account("passwd", name, 0)
	if err != nil {
		return User{}, fmt.Errorf("user %q %w", name, err)
	}
	return userOf(line), nil
}

// LookupUID returns the user with this number.
func (m *Machine) LookupUID(uid int) (User, error) {
	line, err := m.account("passwd", strconv.Itoa(uid), 2)
	if err != nil {
		return User{}, fmt.Errorf("user number %d %w", uid, err)
	}
	return userOf(line), nil
}

// LookupGroup returns the group with this name.
func (m *Machine) LookupGroup(name string) (Group, error) {
	line, err := m.account("group", name, 0)
	if err != nil {
		return Group{}, fmt.Errorf("group %q %w", name, err)
	}
	return groupOf(line), nil
}

// LookupGID returns the group with this number.
func (m *Machine) LookupGID(gid int) (Group, error) {
	line, err := m.account("group", strconv.Itoa(gid), 2)
	if err != nil {
		return Group{}, fmt.Errorf("group number %d %w", gid, err)
	}
	return groupOf(line), nil
}

func userOf(f []string) User {
	u := User{Name: f[0], Gecos: f[4], Home: f[5], Shell: f[6]}
	u.UID, _ = strconv.Atoi(f[2])
	u.GID, _ = strconv.Atoi(f[3])
	return u
}

func groupOf(f []string) Group {
	g := Group{Name: f[0]}
	g.GID, _ = strconv.Atoi(f[2])
	if f[3] != "" {
		g.Members = strings.Split(f[3], ",")
	}
	return g
}

// account returns the fields of the line of the database whose column has the
// value key.
func (m *Machine) account(database, key string, column int) ([]string, error) {
	q, file := question{database, key, column}, stampOf(m.Path("/etc/"+database))
	known, ok := m.Accounts.get(q, file)
	if !ok {
		known = m.ask(q)
		known.file = file
		m.Accounts.put(q, known)
	}
	if known.fields == nil {
		return nil, ErrNoAccount
	}
	return known.fields, nil
}

// ask looks into the database's file and then, as libc would, into the directory
// services (LDAP, sssd, systemd) that the machine is set up for.
func (m *Machine) ask(q question) answer {
	if f, ok := m.accountFile(q); ok {
		return answer{fields: f}
	}
	if m.Root != "" || m.onlyFiles(q) {
		return answer{}
	}
	// getent is started here and not through Runner: a lookup is no step of a module.
	out, err := exec.Command("getent", q.database, q.key).Output()
	known := answer{until: time.Now().Add(directoryAge)}
	f := strings.Split(strings.TrimRight(string(out), "\n"), ":")
	// getent takes a number for a name, and the other way round.
	if err == nil && len(f) >= accountFields(q.database) && f[q.column] == q.key {
		known.fields = f
	}
	return known
}

func accountFields(database string) int {
	if database == "passwd" {
		return 7
	}
	return 4
}

func (m *Machine) accountFile(q question) ([]string, bool) {
	file, err := m.Open("/etc/" + q.database)
	if err != nil {
		return nil, false
	}
	defer file.Close()
	for scan := bufio.NewScanner(file); scan.Scan(); {
		if !bytes.Contains(scan.Bytes(), []byte(q.key)) {
			continue
		}
		f := strings.Split(scan.Text(), ":")
		if len(f) >= accountFields(q.database) && f[q.column] == q.key {
			return f, true
		}
	}
	return nil, false
}
