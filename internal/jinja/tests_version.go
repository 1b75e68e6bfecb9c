package jinja

import (
	"regexp"
	"strconv"
	"strings"
)

var versionTests = []filter{
	{name: "version version_compare", params: "version operator=eq strict=none version_type=none", fn: testVersion},
}

var versionOps = map[string]string{
	"==": "==", "=": "==", "eq": "==", "<": "<", "lt": "<", "<=": "<=", "le": "<=", ">": ">", "gt": ">",
	">=": ">=", "ge": ">=", "!=": "!=", "<>": "!=", "ne": "!=",
}

func testVersion(_ *Context, v any, a []any) (any, error) {
	op, ok := versionOps[Str(a[1])]
	if !ok {
		return nil, newError("unknown operator %s for versions", Repr(a[1])).WithHint("the operators are == < <= > >= !=")
	}
	if a[2] != nil && a[3] != nil {
		return nil, newError("give either strict or version_type, not both")
	}
	for i, x := range []any{v, a[0]} {
		if ok, err := Truth(x); err != nil || !ok {
			if err == nil {
				err = newError("%s cannot be empty", []string{"the input version value", "the version to compare against"}[i])
			}
			return nil, err
		}
	}
	kind := "loose"
	if strict, err := Truth(a[2]); err != nil {
		return nil, err
	} else if strict {
		kind = "strict"
	} else if a[3] != nil {
		kind = Str(a[3])
	}
	parse := map[string]func(string) (any, error){
		"loose": looseVersion, "strict": strictVersion, "semver": semanticVersion, "semantic": semanticVersion, "pep440": pythonVersion,
	}[kind]
	if parse == nil {
		return nil, newError("unknown kind of version %q", kind).WithHint("the kinds are loose, strict, semver and pep440")
	}
	left, err := parse(Str(v))
	if err != nil {
		return nil, err
	}
	right, err := parse(Str(a[0]))
	if err != nil {
		return nil, err
	}
	ok, err = orderVersions(op, left, right)
	if err != nil {
		return nil, newError("the versions %s and %s cannot be compared: a number stands against letters", Repr(v), Repr(a[0])).
			WithHint("cut the letters off first, or give version_type='semver'")
	}
	return ok, nil
}

// orderVersions compares two versions: numbers against words are an error for
// every operator, unless the versions are the same.
func orderVersions(op string, a, b any) (bool, error) {
	if eq, err := equal(a, b); err != nil || eq {
		return eq && (op == "==" || op == "<=" || op == ">="), err
	}
	o, err := order(a, b)
	switch op {
	case "==":
		return false, err
	case "!=":
		return true, err
	case "<", "<=":
		return o < 0, err
	}
	return o > 0, err
}

// looseVersion is the list of the numbers and words of a version.
func looseVersion(s string) (any, error) {
	out := []any{}
	kind := func(c byte) int {
		switch {
		case c >= '0' && c <= '9':
			return 0
		case c >= 'a' && c <= 'z':
			return 1
		case c == '.':
			return 2
		}
		return 3
	}
	for i := 0; i < len(s); {
		j := i + 1
		for k := kind(s[i]); k != 2 && j < len(s) && kind(s[j]) == k; {
			j++
		}
		part := s[i:j]
		if kind(part[0]) == 0 {
			n, err := strconv.Atoi(part)
			if err != nil {
				out = append(out, part)
			} else {
				out = append(out, n)
			}
		} else if part != "." {
			out = append(out, part)
		}
		i = j
	}
	return out, nil
}

var strictPattern = regexp.MustCompile(`^(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?$`)

// strictVersion is 1.2, 1.2.3 or 1.2a1.
func strictVersion(s string) (any, error) {
	m := strictPattern.FindStringSubmatch(s)
	if m == nil {
		return nil, newError("invalid version number %s", Repr(s)).WithHint("strict versions are 1.2, 1.2.3 or 1.2b1")
	}
	v := []any{atoi(m[1]), atoi(m[2]), atoi(m[3])}
	if m[4] == "" {
		return append(v, 1), nil // behind all pre-releases
	}
	return append(v, 0, m[4], atoi(m[5])), nil
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

var semanticPattern = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$`)

// semanticVersion orders as semver.org, 2.0.0.
func semanticVersion(s string) (any, error) {
	m := semanticPattern.FindStringSubmatch(s)
	if m == nil {
		return nil, newError("invalid semantic version %s", Repr(s)).WithHint("semantic versions are 1.2.3, 1.2.3-rc.1 and the like")
	}
	v := []any{atoi(m[1]), atoi(m[2]), atoi(m[3])}
	if m[4] == "" {
		return append(v, 1), nil
	}
	v = append(v, 0)
	for _, part := range strings.Split(m[4], ".") {
		if n, err := strconv.Atoi(part); err == nil {
			v = append(v, Tuple{0, n, ""})
		} else {
			v = append(v, Tuple{1, 0, part})
		}
	}
	return v, nil
}
