package storage

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"fleet/internal/nearest"
)

// place is a place on a disk, or a size, as parted's users write it.
type place struct {
	number float64
	unit   string // as parted writes it; chs has no number
	text   string // the whole, without a space
}

// placeUnits are the units of a place, with their bytes; 0 where these depend on the disk.
func placeUnits() map[string]float64 {
	return map[string]float64{"s": 0, "%": 0, "cyl": 0, "chs": 0, "B": 1,
		"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
}

// parsePlace reads a number with its unit, or a cylinder, a head and a sector.
func parsePlace(s string) (place, error) {
	if regexp.MustCompile(`^\d+,\d+,\d+$`).MatchString(s) {
		return place{unit: "chs", text: s}, nil
	}
	f := regexp.MustCompile(`^(-?[\d.]+) *([\w%]*)$`).FindStringSubmatch(s)
	if f == nil {
		return place{}, fmt.Errorf("%q is no place on a disk\nhint: a number and a unit, as 10GiB or 15%%", s)
	}
	number, err := strconv.ParseFloat(f[1], 64)
	if err != nil {
		return place{}, fmt.Errorf("%q is no number", f[1])
	}
	known := []string{"B", "GB", "GiB", "KB", "KiB", "MB", "MiB", "TB", "TiB", "s", "%", "cyl"}
	if _, ok := placeUnits()[f[2]]; ok && f[2] != "chs" {
		return place{number, f[2], f[1] + f[2]}, nil
	}
	hint := "one of " + strings.Join(known, ", ") + ", in upper and lower case as here"
	for _, unit := range known {
		if strings.EqualFold(unit, f[2]) {
			hint = fmt.Sprintf("did you mean %q?", unit)
		}
	}
	if f[2] == "" {
		return place{}, fmt.Errorf("%q has no unit\nhint: %s", s, hint)
	}
	if near := nearest.DidYouMean(f[2], known); near != "" && !strings.HasPrefix(hint, "did") {
		hint = near
	}
	return place{}, fmt.Errorf("%q is no unit of a place on a disk\nhint: %s", f[2], hint)
}

// bytes returns how far a place is from the disk's start. A negative one counts from its
// end. There is none where the disk's cylinders would have to be known.
func (p place) bytes(size int64, sector int) (int64, bool) {
	each := placeUnits()[p.unit]
	switch p.unit {
	case "s":
		each = float64(sector)
	case "%":
		each = float64(size) / 100
	}
	far := int64(p.number * each)
	if strings.HasPrefix(p.text, "-") {
		far += size
	}
	return far, each != 0
}

// told reads a size or a place that parted tells: its number, with a point in it as
// floating numbers have it, and its unit.
func told(s string) (any, string, error) {
	if f := strings.Split(s, ","); len(f) == 3 {
		at := map[string]int{}
		for i, name := range []string{"cylinder", "head", "sector"} {
			n, err := strconv.Atoi(f[i])
			if err != nil {
				return nil, "", err
			}
			at[name] = n
		}
		return at, "chs", nil
	}
	digits := strings.TrimRight(s, "%abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return nil, "", fmt.Errorf("parted tells a size of %q", s)
	}
	return decimal(f), unitName(s[len(digits):]), nil
}

// decimal is a number that stays one with a point.
func decimal(f float64) json.Number {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return json.Number(text)
}

// unitName returns a unit as users of parted write it: it tells kiB for KiB itself.
func unitName(told string) string {
	for unit := range placeUnits() {
		if strings.EqualFold(unit, told) {
			return unit
		}
	}
	return told
}
