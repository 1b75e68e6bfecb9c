package check

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/argument"
	"fleet/internal/jinja"
	"fleet/internal/source"
)

// isText refuses lists and mappings, which no text is made of. It shows nothing
// of the value, which may be secret.
func isText(v any) (wrong, hint string) {
	switch v.(type) {
	case []any, *jinja.Map:
		return "is a list or a mapping; want text", ""
	}
	return "", ""
}

// isName refuses what is no name of a user or a file.
func isName(v any) (wrong, hint string) {
	switch v.(type) {
	case bool:
		return fmt.Sprintf("is %s; want text", show(v)), "put it in quotes if that is the name"
	case []any, *jinja.Map:
		return fmt.Sprintf("is %s; want text", show(v)), ""
	}
	return "", ""
}

func isAddress(v any) (wrong, hint string) {
	s, text := v.(string)
	host, port, err := net.SplitHostPort(s)
	switch _, nerr := strconv.Atoi(port); {
	case !text:
		return fmt.Sprintf("is %s; want a name or an address", show(v)), ""
	case strings.ContainsAny(strings.TrimSpace(s), " \t\n"):
		return fmt.Sprintf("is %q; a name or an address has no spaces", s), ""
	case err == nil && nerr == nil && !strings.Contains(host, ":"):
		return fmt.Sprintf("is %q, which has a port in it", s), fmt.Sprintf("ansible_host: %s and ansible_port: %s", host, port)
	}
	return "", ""
}

func isPort(v any) (wrong, hint string) {
	if n, ok := whole(v); !ok || n < 1 || n > 65535 {
		return fmt.Sprintf("is %s; want a number from 1 to 65535", show(v)), "the port that sshd listens on is 22 unless it was changed"
	}
	return "", ""
}

func isSeconds(v any) (wrong, hint string) {
	if f, isFloat := v.(float64); isFloat && f >= 0 {
		return "", ""
	}
	if n, ok := whole(v); !ok || n < 0 {
		return fmt.Sprintf("is %s; want a number of seconds", show(v)), ""
	}
	return "", ""
}

// whole returns the number that a value is, or that its text is.
func whole(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case string:
		n, err := strconv.Atoi(strings.TrimSpace(v))
		return n, err == nil
	}
	return 0, false
}

func isTruth(v any) (wrong, hint string) {
	switch v := v.(type) {
	case bool:
		return "", ""
	case int:
		if v == 0 || v == 1 {
			return "", ""
		}
	case string:
		if slices.Contains(truths, strings.ToLower(strings.TrimSpace(v))) {
			return "", ""
		}
	}
	return fmt.Sprintf("is %s; want yes or no", show(v)), ""
}

// truths are the words that stand for yes and no.
var truths = []string{"yes", "on", "true", "1", "y", "t", "no", "off", "false", "0", "n", "f", ""}

func isHostKeys(v any) (wrong, hint string) {
	if s, ok := v.(string); ok && slices.Contains([]string{"accept-new", "strict", "off"}, s) {
		return "", ""
	}
	if wrong, _ = isTruth(v); wrong != "" {
		return fmt.Sprintf("is %s; want yes or no, or accept-new, strict or off", show(v)), ""
	}
	return "", ""
}

// isOneOf wants one of the names, which may be written in full
// ("ansible.builtin.ssh").
func isOneOf(names ...string) func(any) (wrong, hint string) {
	return func(v any) (wrong, hint string) {
		s, text := v.(string)
		if text && (s == "" || slices.Contains(names, argument.ShortName(s))) {
			return "", ""
		}
		hint = "use one of: " + strings.Join(names, ", ")
		if near := source.DidYouMean(s, names); near != "" {
			hint = near
		}
		return fmt.Sprintf("is %s, which is not supported", show(v)), hint
	}
}

// show returns a value as a message has it.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case []any:
		return "a list"
	case *jinja.Map:
		return "a mapping"
	}
	return jinja.Str(v)
}
