package storage

import (
	"strings"

	"fleet/internal/tasks/sys"
)

// fstabEntry is a line of fstab (fstab(5)).
type fstabEntry struct {
	src, point, fstype, opts, dump, passno string
}

// fstabText is the text of fstab.
type fstabText string

// with returns the text with the entry in the place of the one for the same
// mount point, or at the end.
func (t fstabText) with(e fstabEntry) fstabText {
	var out strings.Builder
	found := false
	for _, line := range sys.Lines(string(t)) {
		old, ok := parseFstab(line)
		if ok && old.isFor(e) {
			if found {
				continue
			}
			found = true
			if old != e {
				line = e.String()
			}
		}
		out.WriteString(line)
	}
	if !found {
		if out.Len() > 0 && !strings.HasSuffix(out.String(), "\n") {
			out.WriteByte('\n')
		}
		out.WriteString(e.String())
	}
	return fstabText(out.String())
}

// without returns the text without the entry for the mount point.
func (t fstabText) without(e fstabEntry) fstabText {
	var out strings.Builder
	for _, line := range sys.Lines(string(t)) {
		if old, ok := parseFstab(line); !ok || !old.isFor(e) || e.src != "" && old.src != e.src {
			out.WriteString(line)
		}
	}
	return fstabText(out.String())
}

// isFor reports whether both are for the same mount point. Swap has none.
func (e fstabEntry) isFor(other fstabEntry) bool {
	if e.point != other.point {
		return false
	}
	return e.point != "none" && e.fstype != "swap" || other.src == "" || e.src == other.src
}

func parseFstab(line string) (fstabEntry, bool) {
	f := strings.Fields(line)
	if len(f) < 4 || strings.HasPrefix(f[0], "#") {
		return fstabEntry{}, false
	}
	e := fstabEntry{src: unescape(f[0]), point: unescape(f[1]), fstype: unescape(f[2]), opts: unescape(f[3]), dump: "0", passno: "0"}
	if len(f) > 4 {
		e.dump = f[4]
	}
	if len(f) > 5 {
		e.passno = f[5]
	}
	return e, true
}

func (e fstabEntry) String() string {
	return strings.Join([]string{escape(e.src), escape(e.point), escape(e.fstype), escape(e.opts), e.dump, e.passno}, " ") + "\n"
}

// The characters that would end a field stand as octal numbers, in fstab and in
// the kernel's own tables.
func escape(s string) string {
	return strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`).Replace(s)
}

func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}
