package knownhosts

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
)

// maxLine bounds a line in bytes; the longest key has some 3,000.
const maxLine = 256 << 10

// Read reads the files, in their order.
func Read(files ...string) (*DB, error) {
	db := &DB{names: map[string][]int{}, found: map[string][]int{}, ends: map[string]int{}}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		err = db.read(f, file)
		f.Close()
		if err != nil {
			return nil, err
		}
	}
	return db, nil
}

// read reads one file.
func (db *DB) read(r io.Reader, file string) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		db.ends[file]++
		text := strings.Trim(lines.Text(), " \t\r")
		if text == "" || text[0] == '#' {
			continue
		}
		if err := db.take(file, text); err != nil {
			return fmt.Errorf("%s:%d: %w", file, db.ends[file], err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w", file, db.ends[file]+1, err)
	}
	return nil
}

// take takes one line in: [marker] names type key [comment].
func (db *DB) take(file, text string) error {
	l := line{file: file, number: db.ends[file]}
	first, rest := word(text)
	switch {
	case first == "@cert-authority":
		l.marker = Authority
	case first == "@revoked":
		l.marker = Revoked
	case strings.HasPrefix(first, "@"):
		return fmt.Errorf("unknown marker %q", first)
	default:
		rest = text
	}
	names, rest := word(rest)
	kind, rest := word(rest)
	key, _ := word(rest)
	if key == "" {
		return errors.New("a line is: names, type of the key, key")
	}
	blob, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return fmt.Errorf("the key is not base64: %w", err)
	}
	if got := kindOf(blob); got != kind {
		return fmt.Errorf("the key is of the type %q, and the line says %q", got, kind)
	}
	l.blob = blob
	if err := db.name(len(db.lines), names); err != nil {
		return err
	}
	db.lines = append(db.lines, l)
	return nil
}

// name puts line number i where its names are looked for.
func (db *DB) name(i int, names string) error {
	switch {
	case strings.HasPrefix(names, "|"):
		h, err := parseHashed(names)
		if err != nil {
			return err
		}
		h.line = i
		db.hashed = append(db.hashed, h)
	case isPattern(names):
		db.patterns = append(db.patterns, pattern{i, strings.Split(strings.ToLower(names), ",")})
	default:
		for name := range strings.SplitSeq(strings.ToLower(names), ",") {
			db.names[name] = append(db.names[name], i)
		}
	}
	return nil
}

// word cuts the first word off.
func word(s string) (first, rest string) {
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimLeft(s[i:], " \t")
}

// kindOf returns the type that a key in SSH's own form says it has.
func kindOf(blob []byte) string {
	if len(blob) < 4 {
		return ""
	}
	size := binary.BigEndian.Uint32(blob)
	if uint64(size) > uint64(len(blob)-4) {
		return ""
	}
	return string(blob[4 : 4+size])
}

// Line returns the line that makes a host's key known, without its end. The name
// may be hashed.
func Line(name string, key ssh.PublicKey) string {
	return name + " " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}
