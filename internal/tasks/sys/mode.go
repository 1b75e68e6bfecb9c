package sys

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// The twelve bits that chmod sets.
const (
	setUID    = 0o4000
	setGID    = 0o2000
	sticky    = 0o1000
	modeBits  = 0o7777
	groupBits = 0o2070
)

// ModeSpec is a mode as a playbook gives it: bits, or changes to the bits that a
// file has. The zero value leaves every mode as it is.
type ModeSpec struct {
	given   bool
	octal   uint32
	clauses []modeClause
}

type modeClause struct {
	who   string // of "ugo"; empty is all, less the umask
	op    byte
	perms string // of "rwxXst", or one of "ugo" to copy from
}

var modeClauseRE = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$`)
})
var modeOpRE = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[-+=](?:[ugo]|[rwxXst]*)`)
})

// ParseMode reads the value of an argument "mode": a number (which YAML has read
// from octal digits), octal digits as text, or symbolic changes as chmod has
// them ("u=rw,g+x"). Nil and "" are no mode.
func ParseMode(v any) (ModeSpec, error) {
	switch v := v.(type) {
	case nil:
		return ModeSpec{}, nil
	case int:
		return numericMode(v)
	case float64:
		if v == float64(int(v)) {
			return numericMode(int(v))
		}
	case string:
		return textMode(strings.TrimSpace(v))
	}
	return ModeSpec{}, fmt.Errorf("mode %v is neither octal digits nor symbolic; write it as text like \"0644\"", v)
}

// numericMode refuses what can only be octal digits that were read as decimal.
func numericMode(n int) (ModeSpec, error) {
	if n > 0o777 && n <= 777 && !strings.ContainsAny(strconv.Itoa(n), "89") {
		return ModeSpec{}, fmt.Errorf("mode %d is a decimal number and would mean %04o; write it as \"%04d\", in quotes", n, n, n)
	}
	if n < 0 || n > modeBits {
		return ModeSpec{}, fmt.Errorf("mode %d is no file mode; write it as text like \"0644\"", n)
	}
	return ModeSpec{given: true, octal: uint32(n)}, nil
}

func textMode(s string) (ModeSpec, error) {
	if s == "" {
		return ModeSpec{}, nil
	}
	if s[0] >= '0' && s[0] <= '9' {
		n, err := strconv.ParseUint(strings.TrimPrefix(s, "0o"), 8, 32)
		if err != nil || n > modeBits {
			return ModeSpec{}, fmt.Errorf("mode %q is not made of octal digits up to 7777", s)
		}
		return ModeSpec{given: true, octal: uint32(n)}, nil
	}
	m := ModeSpec{given: true}
	for _, clause := range strings.Split(s, ",") {
		parts := modeClauseRE().FindStringSubmatch(clause)
		if parts == nil {
			return ModeSpec{}, fmt.Errorf("mode %q: %q is no symbolic mode; write octal digits like \"0644\" or clauses like \"u=rw,g+x\"", s, clause)
		}
		who := parts[1]
		if strings.Contains(who, "a") {
			who = "ugo"
		}
		for _, op := range modeOpRE().FindAllString(parts[2], -1) {
			m.clauses = append(m.clauses, modeClause{who, op[0], op[1:]})
		}
	}
	return m, nil
}

// Given reports whether there is a mode at all.
func (s ModeSpec) Given() bool { return s.given }

// Apply returns the bits that a file with the bits old should have.
func (s ModeSpec) Apply(old uint32, dir bool) uint32 {
	if !s.given {
		return old
	}
	if s.clauses == nil {
		return s.octal
	}
	bits := old & modeBits
	for _, c := range s.clauses {
		bits = c.apply(bits, dir)
	}
	return bits
}

func (c modeClause) apply(bits uint32, dir bool) uint32 {
	who, mask := c.who, uint32(modeBits)
	if who == "" {
		who, mask = "ugo", modeBits&^Umask()
	}
	before := bits
	for _, w := range who {
		set := c.bits(w, before, dir) & mask
		switch c.op {
		case '+':
			bits |= set
		case '-':
			bits &^= set
		case '=':
			bits = bits&^classMask(w) | set
		}
	}
	return bits
}

// classMask returns the bits that belong to the user, the group or the others.
func classMask(who rune) uint32 {
	switch who {
	case 'u':
		return 0o700 | setUID
	case 'g':
		return groupBits
	}
	return 0o007 | sticky
}

func shiftOf(who rune) uint {
	switch who {
	case 'u':
		return 6
	case 'g':
		return 3
	}
	return 0
}

func (c modeClause) bits(who rune, old uint32, dir bool) uint32 {
	var rwx, special uint32
	for _, p := range c.perms {
		switch p {
		case 'r':
			rwx |= 4
		case 'w':
			rwx |= 2
		case 'x':
			rwx |= 1
		case 'X':
			if dir || old&0o111 != 0 {
				rwx |= 1
			}
		case 's':
			special |= classMask(who) & (setUID | setGID)
		case 't':
			special |= classMask(who) & sticky
		case 'u', 'g', 'o':
			rwx |= old >> shiftOf(p) & 7
		}
	}
	return rwx<<shiftOf(who) | special
}

// Umask returns the process's file mode creation mask.
func Umask() uint32 {
	// The call that reads it sets it as well. The kernel's status file does not.
	data, err := os.ReadFile("/proc/self/status")
	if err == nil {
		if _, rest, ok := strings.Cut(string(data), "\nUmask:"); ok {
			line, _, _ := strings.Cut(rest, "\n")
			if n, err := strconv.ParseUint(strings.TrimSpace(line), 8, 32); err == nil {
				return uint32(n)
			}
		}
	}
	old := syscall.Umask(0o022)
	syscall.Umask(old)
	return uint32(old)
}
