// Package pattern reads regular expressions and replacements as Python writes
// them, because that is what playbooks hold. It runs on the target. An expression
// is searched in linear time where that is possible; one that looks around or refers
// back is tried step by step, and is an error where it takes too many steps.
package pattern

import (
	"bufio"
	"fmt"
	"io"
	"regexp"

	"fleet/internal/pyre"
)

// Mode says what ^, $ and the dot mean, and where a match begins.
type Mode int

// The modes. Line is Python's default; the others are its flags.
const (
	Line      Mode = 0 // $ matches at the end, and before a newline at the end
	MultiLine Mode = 1 << iota
	DotAll
	AtStart // a match begins at the start of the text, as with Python's match
)

// maxBack bounds what is read of a stream for an expression that cannot be searched
// in linear time, in bytes.
const maxBack = 64 << 20

// Regexp is a compiled expression. Places are offsets of bytes, as those of the
// package regexp.
type Regexp struct {
	expr    string
	linear  *regexp.Regexp // nil where the expression needs going back
	back    *pyre.Regexp   // nil while linear serves
	flags   pyre.Flags
	atStart bool
}

// Compile returns the regular expression that the Python expression expr stands for.
func Compile(expr string, mode Mode) (*Regexp, error) {
	re := &Regexp{expr: expr, linear: linear(expr, mode), atStart: mode&AtStart != 0}
	if mode&MultiLine != 0 {
		re.flags |= pyre.Multiline
	}
	if mode&DotAll != 0 {
		re.flags |= pyre.DotAll
	}
	if re.linear != nil {
		return re, nil
	}
	var err error
	re.back, err = pyre.Compile(expr, re.flags)
	return re, err
}

// linear returns the expression as Go has it, or nil where it has no such thing.
func linear(expr string, mode Mode) *regexp.Regexp {
	t := translation{in: expr, multiline: mode&MultiLine != 0}
	if !t.translate() {
		return nil
	}
	out, flags := t.out.String(), ""
	if mode&MultiLine != 0 {
		flags += "m"
	}
	if mode&DotAll != 0 {
		flags += "s"
	}
	if flags != "" {
		out = "(?" + flags + ":" + out + ")"
	}
	if mode&AtStart != 0 {
		out = `\A(?:` + out + ")"
	}
	re, err := regexp.Compile(out)
	if err != nil {
		return nil
	}
	return re
}

// Find returns the places of the first match and of its groups, -1 for those that
// took no part; nil where nothing matches.
func (re *Regexp) Find(text string) ([]int, error) {
	if re.linear != nil {
		return re.linear.FindStringSubmatchIndex(text), nil
	}
	at, err := re.back.Search(text, 0, re.atStart)
	return at, re.named(err)
}

// Match reports whether anything matches.
func (re *Regexp) Match(text string) (bool, error) {
	if re.linear != nil {
		return re.linear.MatchString(text), nil
	}
	at, err := re.Find(text)
	return at != nil, err
}

// FindIn is Find in a stream, of which no more is kept in memory than is needed.
func (re *Regexp) FindIn(r io.Reader) ([]int, error) {
	if re.linear != nil {
		return re.linear.FindReaderSubmatchIndex(bufio.NewReader(r)), nil
	}
	text, err := io.ReadAll(io.LimitReader(r, maxBack+1))
	if err == nil && len(text) > maxBack {
		err = fmt.Errorf("the text is larger than %d MiB, too large for the regular expression %q", maxBack>>20, re.expr)
	}
	if err != nil {
		return nil, err
	}
	return re.Find(string(text))
}

// all calls found with the places of each match, from left to right.
func (re *Regexp) all(text string, found func(match []int)) error {
	back := re.back
	if re.linear != nil && re.linear.MatchString("") {
		// Python has matches of nothing behind another one, Go has not.
		back, _ = pyre.Compile(re.expr, re.flags)
	}
	if back != nil {
		return re.named(back.All(text, func(match []int) bool { found(match); return true }))
	}
	for _, match := range re.linear.FindAllStringSubmatchIndex(text, -1) {
		found(match)
	}
	return nil
}

func (re *Regexp) named(err error) error {
	if err != nil {
		return fmt.Errorf("%w: %q", err, re.expr)
	}
	return nil
}

// Groups returns the number of groups, without the whole match.
func (re *Regexp) Groups() int {
	if re.linear != nil {
		return re.linear.NumSubexp()
	}
	return re.back.Groups()
}

// Group returns the number of the group of this name.
func (re *Regexp) Group(name string) (int, bool) {
	if re.linear != nil {
		n := re.linear.SubexpIndex(name)
		return n, n >= 0
	}
	return re.back.Group(name)
}

// Names returns the names of the groups by their numbers; empty where a group has
// none.
func (re *Regexp) Names() []string {
	if re.linear != nil {
		return re.linear.SubexpNames()
	}
	names := make([]string, re.back.Groups()+1)
	for name, n := range re.back.Names() {
		names[n] = name
	}
	return names
}
