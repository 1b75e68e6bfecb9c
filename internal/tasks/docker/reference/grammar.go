package reference

import "strings"

func lower(c byte) bool  { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }
func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func alnum(c byte) bool  { return letter(c) || digit(c) }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
func hex(c byte) bool    { return digit(c) || c >= 'a' && c <= 'f' }

// all reports whether a text is not empty and all of it is of a kind.
func all(s string, is func(byte) bool) bool {
	for i := range len(s) {
		if !is(s[i]) {
			return false
		}
	}
	return s != ""
}

// isDomain: labels of letters, digits and inner hyphens, or an IPv6 address in
// brackets; a port may follow.
func isDomain(s string) bool {
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		host, port = s[:i], s[i+1:]
		if !all(port, digit) {
			return false
		}
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, closed := strings.CutSuffix(inner, "]")
		return closed && all(inner, func(c byte) bool { return digit(c) || c == ':' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' })
	}
	for label := range strings.SplitSeq(host, ".") {
		if !all(label, func(c byte) bool { return alnum(c) || c == '-' }) || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// isPath: parts of lower-case letters and digits, which one dot, one or two
// underscores or any number of hyphens may join.
func isPath(s string) bool {
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || !lower(part[0]) || !lower(part[len(part)-1]) {
			return false
		}
		for i := 0; i < len(part); {
			if lower(part[i]) {
				i++
				continue
			}
			end := i
			for end < len(part) && !lower(part[end]) {
				end++
			}
			if joint := part[i:end]; joint != "." && joint != "_" && joint != "__" && strings.Trim(joint, "-") != "" {
				return false
			}
			i = end
		}
	}
	return true
}

// isTag: at most 128 letters, digits, underscores, and further on dots and hyphens.
func isTag(s string) bool {
	return len(s) <= 128 && all(s, func(c byte) bool { return alnum(c) || c == '_' || c == '.' || c == '-' }) && s[0] != '.' && s[0] != '-'
}

// isDigest: an algorithm that the engine knows, a colon and as many hexadecimal
// digits as that gives.
func isDigest(s string) bool {
	algorithm, sum, _ := strings.Cut(s, ":")
	digits := 0
	switch algorithm {
	case "sha256":
		digits = 64
	case "sha384":
		digits = 96
	case "sha512":
		digits = 128
	}
	return len(sum) == digits && all(sum, hex)
}
