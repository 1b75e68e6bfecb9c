package packages

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// rpmVersion is an epoch, a version and a release, as rpm compares them.
type rpmVersion struct {
	epoch            int
	version, release string
}

// parseRPMVersion reads [epoch:]version[-release].
func parseRPMVersion(text string) rpmVersion {
	var v rpmVersion
	if epoch, rest, ok := strings.Cut(text, ":"); ok {
		if n, err := strconv.Atoi(epoch); err == nil {
			v.epoch, text = n, rest
		}
	}
	v.version, v.release, _ = strings.Cut(text, "-")
	return v
}

// compare says whether v is older (-1) or newer (1) than w. A release that one of
// them does not have is not compared.
func (v rpmVersion) compare(w rpmVersion) int {
	c := cmp.Or(cmp.Compare(v.epoch, w.epoch), rpmVerCmp(v.version, w.version))
	if c == 0 && v.release != "" && w.release != "" {
		c = rpmVerCmp(v.release, w.release)
	}
	return c
}

// rpmVerCmp compares two versions, or two releases, as rpm does: by runs of
// digits and runs of letters. "~" is older than nothing, "^" is newer.
func rpmVerCmp(a, b string) int {
	for {
		a, b = strings.TrimLeftFunc(a, isSeparator), strings.TrimLeftFunc(b, isSeparator)
		for _, mark := range []struct {
			char  string
			older int // what the one that has it is, beside one that ends here
		}{{"~", -1}, {"^", 1}} {
			inA, inB := strings.HasPrefix(a, mark.char), strings.HasPrefix(b, mark.char)
			switch {
			case inA && inB:
				a, b = a[1:], b[1:]
			case inA && (mark.older < 0 || b == ""):
				return mark.older
			case inA:
				return -1
			case inB && (mark.older < 0 || a == ""):
				return -mark.older
			case inB:
				return 1
			}
		}
		if a == "" || b == "" {
			return cmp.Compare(len(a), len(b))
		}
		if strings.IndexByte("~^", a[0]) >= 0 || strings.IndexByte("~^", b[0]) >= 0 || isSeparator(rune(a[0])) || isSeparator(rune(b[0])) {
			continue
		}
		c, restA, restB := compareRuns(a, b)
		if c != 0 {
			return c
		}
		a, b = restA, restB
	}
}

// compareRuns compares the first runs of two texts that start with a letter or a
// digit. Digits are newer than letters.
func compareRuns(a, b string) (c int, restA, restB string) {
	of := isLetter
	if isDigit(rune(a[0])) {
		of = isDigit
	}
	cut := func(s string) (run, rest string) {
		i := strings.IndexFunc(s, func(r rune) bool { return !of(r) })
		if i < 0 {
			return s, ""
		}
		return s[:i], s[i:]
	}
	runA, restA := cut(a)
	runB, restB := cut(b)
	switch {
	case runB == "" && isDigit(rune(a[0])):
		return 1, restA, restB
	case runB == "":
		return -1, restA, restB
	case isDigit(rune(a[0])):
		runA, runB = strings.TrimLeft(runA, "0"), strings.TrimLeft(runB, "0")
		if c := cmp.Compare(len(runA), len(runB)); c != 0 {
			return c, restA, restB
		}
	}
	return strings.Compare(runA, runB), restA, restB
}

func isDigit(r rune) bool  { return r >= '0' && r <= '9' }
func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func isSeparator(r rune) bool { return !isDigit(r) && !isLetter(r) && r != '~' && r != '^' }

// rpmWish is a name with a condition on its version: "nginx >= 1.20".
type rpmWish struct {
	name, op string
	version  rpmVersion
}

var wishPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(\S+?)\s*(<=|>=|==|=|<|>)\s*(\S+)$`)
})

// parseWish reads such a name, also without the spaces; ok is false where there
// is no condition.
func parseWish(name string) (w rpmWish, ok bool) {
	match := wishPattern().FindStringSubmatch(name)
	if match == nil || strings.HasPrefix(name, "/") {
		return w, false
	}
	op := match[2]
	if op == "==" {
		op = "="
	}
	return rpmWish{match[1], op, parseRPMVersion(match[3])}, true
}

// met says whether an installed version is as it should be.
func (w rpmWish) met(installed rpmVersion) bool {
	c := installed.compare(w.version)
	return c == 0 && strings.Contains(w.op, "=") || c < 0 && w.op[0] == '<' || c > 0 && w.op[0] == '>'
}

// String is the wish as dnf reads it: with spaces.
func (w rpmWish) String() string {
	text := w.version.version
	if w.version.epoch != 0 {
		text = strconv.Itoa(w.version.epoch) + ":" + text
	}
	if w.version.release != "" {
		text += "-" + w.version.release
	}
	return w.name + " " + w.op + " " + text
}

var rpmArchs = []string{"aarch64", "armv7hl", "i386", "i486", "i586", "i686", "loongarch64", "noarch", "ppc64le", "riscv64", "s390x", "src", "x86_64"}

// versionedName is a way to read name-version, and name-version-release.arch, as
// a name and a version: both may hold dashes, so that there are two ways.
type versionedName struct {
	name     string
	version  rpmVersion
	hasEpoch bool
}

func versionedNames(text string) []versionedName {
	if before, arch, ok := cutLast(text, "."); ok && slices.Contains(rpmArchs, arch) {
		text = before
	}
	var ways []versionedName
	for i, dashes := len(text)-1, 0; i > 0 && dashes < 2; i-- {
		if text[i] != '-' {
			continue
		}
		dashes++
		if version := text[i+1:]; version != "" && isDigit(rune(version[0])) {
			ways = append(ways, versionedName{text[:i], parseRPMVersion(version), strings.Contains(version, ":")})
		}
	}
	return ways
}
