package packages

import (
	"strings"
	"testing"
)

// versionOrder is what rpm itself says of each pair (rpm.vercmp).
const versionOrder = `
1.0 = 1.0
1.0 < 2.0
2.0.1 > 2.0
1.05 = 1.5
10 > 9
1.0a > 1.0
1.a < 1.1
a < 1
5.5p1 < 5.5p10
xyz10 < xyz10.1
1.0_1 = 1.0.1
1.0~rc1 < 1.0
1.0~rc1 < 1.0~rc2
1.0~rc1~git1 < 1.0~rc1
1.0^ > 1.0
1.0^git1 < 1.0.1
1.0^git1 < 1.01
1.0^git1 > 1.0
1.0^git1~pre < 1.0^git1
1.0. = 1.0
2_0 = 2.0
1.el9 < 1.el10
00 = 0
`

func TestRPMVerCmp(t *testing.T) {
	sign := map[string]int{"<": -1, "=": 0, ">": 1}
	for line := range strings.Lines(strings.TrimSpace(versionOrder)) {
		f := strings.Fields(line)
		if got := rpmVerCmp(f[0], f[2]); got != sign[f[1]] {
			t.Errorf("%s and %s compare as %d, want %s", f[0], f[2], got, f[1])
		}
		if got := rpmVerCmp(f[2], f[0]); got != -sign[f[1]] {
			t.Errorf("%s and %s compare as %d, want the opposite of %s", f[2], f[0], got, f[1])
		}
	}
}

func FuzzRPMVerCmp(f *testing.F) {
	f.Add("1.0~rc1", "1.0^git")
	f.Fuzz(func(t *testing.T, a, b string) {
		if rpmVerCmp(a, b) != -rpmVerCmp(b, a) {
			t.Errorf("%q and %q are not the opposite of %q and %q", a, b, b, a)
		}
		if rpmVerCmp(a, a) != 0 {
			t.Errorf("%q is not the same as itself", a)
		}
	})
}

func TestRPMWish(t *testing.T) {
	for _, c := range []struct {
		wish, installed string
		met             bool
		text            string
	}{
		{"apple >= 1.1", "0:1.1-1.el9", true, "apple >= 1.1"},
		{"apple>=1.1", "0:1.0-1.el9", false, "apple >= 1.1"},
		{"apple = 1.0", "0:1.0-7.el9", true, "apple = 1.0"},
		{"apple == 1.0-1.el9", "0:1.0-7.el9", false, "apple = 1.0-1.el9"},
		{"nginx < 1.20", "1:1.18-1.el9", false, "nginx < 1.20"}, // an epoch is newer than none
		{"nginx < 1:1.20", "1:1.18-1.el9", true, "nginx < 1:1.20"},
		{"apple > 1.0", "0:1.0-1.el9", false, "apple > 1.0"},
	} {
		w, ok := parseWish(c.wish)
		if !ok || w.met(parseRPMVersion(c.installed)) != c.met || w.String() != c.text {
			t.Errorf("%q (read as %q, %v), with %s installed: met is %v", c.wish, w, ok, c.installed, !c.met)
		}
	}
	for _, name := range []string{"apple", "apple-1.0", "/usr/bin/a=b", "@group"} {
		if _, ok := parseWish(name); ok {
			t.Errorf("%q is read as a name with a condition", name)
		}
	}
}
