package report

import (
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	golden(t, "text", func(options string, out, warn *strings.Builder) Report {
		o := Options{Color: strings.Contains(options, "color"), Diff: strings.Contains(options, "-D")}
		for _, word := range strings.Fields(options) {
			if strings.HasPrefix(word, "-v") {
				o.Verbose = len(word) - 1
			}
		}
		return NewText(out, warn, o)
	})
}
