package sys

import (
	"strings"
	"syscall"
	"testing"
)

func TestParseMode(t *testing.T) {
	old := syscall.Umask(0o022)
	defer syscall.Umask(old)
	for _, c := range []struct {
		mode any
		old  uint32
		dir  bool
		want uint32
	}{
		{nil, 0o640, false, 0o640},
		{"", 0o640, false, 0o640},
		{420, 0, false, 0o644},
		{"0644", 0, false, 0o644},
		{"644", 0, false, 0o644},
		{"0o600", 0, false, 0o600},
		{"1777", 0, true, 0o1777},
		{float64(493), 0, false, 0o755},
		{"u=rw,g+x", 0o744, false, 0o654},
		{"a-w", 0o666, false, 0o444},
		{"u=rwX,go=rX", 0o600, false, 0o644},
		{"u=rwX,go=rX", 0o600, true, 0o755},
		{"u=rwX,go=rX", 0o700, false, 0o755},
		{"+x", 0o600, false, 0o711},
		{"+w", 0o400, false, 0o600},
		{"g=u", 0o740, false, 0o770},
		{"a-g", 0o777, false, 0},
		{"ugo=g", 0o640, false, 0o444},
		{"o=", 0o777, false, 0o770},
		{"u+s,g+s,+t", 0o755, true, 0o7755},
		{"u=rwx,g-w+x", 0o620, false, 0o710},
		{"g=rx", 0o2770, true, 0o750},
	} {
		spec, err := ParseMode(c.mode)
		if err != nil {
			t.Errorf("%v: %v", c.mode, err)
			continue
		}
		if got := spec.Apply(c.old, c.dir); got != c.want {
			t.Errorf("%v on %04o: got %04o, want %04o", c.mode, c.old, got, c.want)
		}
	}
}

func TestParseModeRefuses(t *testing.T) {
	for mode, want := range map[any]string{
		644:       `mode 644 is a decimal number and would mean 1204; write it as "0644", in quotes`,
		-1:        `mode -1 is no file mode`,
		5000:      `mode 5000 is no file mode`,
		"0888":    `mode "0888" is not made of octal digits up to 7777`,
		"77777":   `mode "77777" is not made of octal digits up to 7777`,
		"u=rwq":   `mode "u=rwq": "u=rwq" is no symbolic mode`,
		"rw":      `"rw" is no symbolic mode`,
		"u=rw, g": `" g" is no symbolic mode`,
		true:      `mode true is neither octal digits nor symbolic`,
	} {
		if _, err := ParseMode(mode); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", mode, err, want)
		}
	}
}

func FuzzParseMode(f *testing.F) {
	for _, s := range []string{"0644", "u=rw,g+x", "a-w", "+X", "g=u", "7777"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		spec, err := ParseMode(s)
		if err == nil && spec.Apply(0o644, false) > modeBits {
			t.Errorf("%q gives more than a mode", s)
		}
	})
}
