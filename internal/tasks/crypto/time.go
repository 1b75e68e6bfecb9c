package crypto

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// stamp is how certificates write a time.
const stamp = "20060102150405Z"

// relative matches a time that is so long from now.
var relative = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([+-])(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$`)
})

// parseTime reads an absolute time (20300101000000Z) or one relative to now
// (+52w, -1d12h). The result has whole seconds.
func parseTime(argument, s string, now time.Time) (time.Time, error) {
	s = strings.TrimSpace(s)
	if match := relative().FindStringSubmatch(s); match != nil && len(s) > 1 {
		var seconds int64
		for i, unit := range []int64{7 * 24 * 3600, 24 * 3600, 3600, 60, 1} {
			n, _ := strconv.ParseInt("0"+match[i+2], 10, 32) // digits, or none
			seconds += n * unit
		}
		if match[1] == "-" {
			seconds = -seconds
		}
		return now.UTC().Truncate(time.Second).Add(time.Duration(seconds) * time.Second), nil
	}
	for _, layout := range []string{stamp, "200601021504Z", "20060102150405-0700", "200601021504-0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("argument %q is %q, which is no time\nhint: as +52w, +3650d or 20300101000000Z", argument, s)
}
