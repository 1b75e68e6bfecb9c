// Package knownhosts answers from OpenSSH's known_hosts files which keys a host
// may show. It runs on the controller. It means by a line what ssh means by it
// (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"), but refuses a file with a line that
// is none, where ssh passes over it.
//
// Names are found through an index, so that ten thousand logins do not read a
// file of ten thousand lines ten thousand times. Lines with patterns are gone
// through for each name once, and so are hashed ones, which no index can find.
package knownhosts

import (
	"net"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

// Marker says what a line's key is.
type Marker byte

// The markers.
const (
	Plain     Marker = iota // the host's own key
	Authority               // signs hosts' certificates: @cert-authority
	Revoked                 // must never be taken: @revoked
)

// Entry is one line's key, as far as it is about the host that was asked for.
type Entry struct {
	File   string
	Line   int // from 1
	Marker Marker
	Key    ssh.PublicKey
}

// DB is the lines of some files. Its methods may be called concurrently.
type DB struct {
	mu       sync.RWMutex
	lines    []line
	names    map[string][]int // of lines, by a name that stands there as it is
	patterns []pattern
	hashed   []hashed
	found    map[string][]int // lines in their order, by a name that was looked up
	ends     map[string]int   // the number of lines of each file
}

// line is one line whose key has not been looked into.
type line struct {
	file   string
	number int
	marker Marker
	blob   []byte // the key in SSH's own form
}

// Name returns how known_hosts names a host: by itself at port 22, otherwise with
// the port.
func Name(host, port string) string {
	host = strings.ToLower(host)
	if port == "" || port == "22" {
		return host
	}
	return "[" + host + "]:" + port
}

// nameOf returns the name for host:port.
func nameOf(addr string) (name, host string) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return strings.ToLower(addr), addr
	}
	return Name(host, port), host
}

// Lookup returns the entries for a name, in the order of the files and their
// lines. A key of a kind that is not supported is left out.
func (db *DB) Lookup(name string) []Entry {
	name = strings.ToLower(name)
	var entries []Entry
	db.mu.RLock()
	found, known := db.found[name]
	if !known {
		found = db.search(name)
	}
	for _, i := range found {
		l := db.lines[i]
		if key, err := ssh.ParsePublicKey(l.blob); err == nil {
			entries = append(entries, Entry{l.file, l.number, l.marker, key})
		}
	}
	size := len(db.lines)
	db.mu.RUnlock()
	if !known {
		db.mu.Lock()
		defer db.mu.Unlock()
		if len(db.lines) == size { // otherwise a line for the name may have come
			db.keep(name, found)
		}
	}
	return entries
}

// search finds the lines for a name.
func (db *DB) search(name string) []int {
	found := slices.Clone(db.names[name])
	for _, p := range db.patterns {
		if p.match(name) {
			found = append(found, p.line)
		}
	}
	for _, h := range db.hashed {
		if h.match(name) {
			found = append(found, h.line)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// keep remembers what was found for a name. A hashed line that is this name's is
// no other's.
func (db *DB) keep(name string, found []int) {
	db.found[name] = found
	if len(found) > 0 {
		db.hashed = slices.DeleteFunc(db.hashed, func(h hashed) bool { return slices.Contains(found, h.line) })
	}
}

// Add takes in a line that was appended to one of the files, or to one that was
// not there: text as Line gives it, for the name.
func (db *DB) Add(file, name string, key ssh.PublicKey) {
	db.mu.Lock()
	defer db.mu.Unlock()
	name = strings.ToLower(name)
	i := len(db.lines)
	db.ends[file]++
	db.lines = append(db.lines, line{file: file, number: db.ends[file], blob: key.Marshal()})
	db.names[name] = append(db.names[name], i)
	if found, ok := db.found[name]; ok {
		db.found[name] = append(slices.Clip(found), i)
	}
}
