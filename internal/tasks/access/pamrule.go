package access

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// pamRule is one line of a service's file in pam.d.
type pamRule struct {
	kind, control, module string
	args                  []string
}

func (r pamRule) String() string {
	return strings.TrimRight(fmt.Sprintf("%-11s%s %s %s", r.kind, r.control, r.module, strings.Join(r.args, " ")), " ")
}

func (r pamRule) is(kind, control, module string) bool {
	return r.kind == kind && r.control == pamControl(control) && r.module == module
}

var pamLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(-?(?:auth|account|session|password))\s+(\[[^\]]*\]|\S+)\s+(\S+)\s*(.*)$`)
})

// parsePamRule reads a rule. Comments, empty lines and @include are none.
func parsePamRule(line string) (pamRule, bool) {
	f := pamLine().FindStringSubmatch(strings.ReplaceAll(line, "\\\n", " "))
	if f == nil {
		return pamRule{}, false
	}
	return pamRule{f[1], pamControl(f[2]), f[3], pamWords(f[4])}, true
}

// pamLines returns the lines of a file. A line that goes on in the next one, by a
// backslash at its end, is one with that.
func pamLines(text string) []string {
	var out []string
	open := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if open {
			out[len(out)-1] += "\n" + line
		} else {
			out = append(out, line)
		}
		open = strings.HasSuffix(line, "\\")
	}
	return out
}

// neighbour returns the first line that is neither a comment nor empty, or the last
// one where backwards.
func neighbour(lines []string, backwards bool) string {
	if backwards {
		lines = slices.Clone(lines)
		slices.Reverse(lines)
	}
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return line
		}
	}
	return ""
}

// pamControl writes a control with single spaces.
func pamControl(control string) string {
	if inner, ok := strings.CutPrefix(control, "["); ok {
		sides := strings.Split(strings.TrimSuffix(inner, "]"), "=")
		for i, side := range sides {
			sides[i] = strings.Join(strings.Fields(side), " ")
		}
		return "[" + strings.Join(sides, "=") + "]"
	}
	return control
}

// controls are the words that a control may be.
var controls = []string{"required", "requisite", "sufficient", "optional", "include", "substack"}

// validControl reports whether PAM can read a control. Which results it names is
// left to PAM.
func validControl(control string) bool {
	inner, ok := strings.CutPrefix(pamControl(control), "[")
	if !ok {
		return slices.Contains(controls, control)
	}
	fields := strings.Fields(strings.TrimSuffix(inner, "]"))
	for _, field := range fields {
		result, action, pair := strings.Cut(field, "=")
		_, err := strconv.ParseUint(action, 10, 16)
		if !pair || result == "" || err != nil && !slices.Contains([]string{"ignore", "bad", "die", "ok", "done", "reset"}, action) {
			return false
		}
	}
	return len(fields) > 0
}

// pamWords splits arguments at spaces that stand in no brackets.
func pamWords(text string) []string {
	var out []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		end := strings.IndexAny(text, " \t")
		if text[0] == '[' {
			end = strings.IndexByte(text, ']') + 1
		}
		if end <= 0 {
			end = len(text)
		}
		out, text = append(out, text[:end]), text[end:]
	}
	return out
}

// withArguments returns the arguments of a rule with the given ones: those with a
// value have it in the place of another one.
func withArguments(have, given []string) []string {
	out := slices.Clone(have)
	for _, arg := range given {
		key, _, pair := strings.Cut(arg, "=")
		at := slices.IndexFunc(out, func(s string) bool {
			return s == arg || pair && strings.HasPrefix(s, key+"=")
		})
		if at < 0 {
			out = append(out, arg)
		} else {
			out[at] = arg
		}
	}
	return out
}
