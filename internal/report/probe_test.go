package report

import (
	"slices"
	"strings"
	"testing"

	"fleet/internal/probe"
)

func TestProbe(t *testing.T) {
	golden(t, "probe", func(options string, out, warn *strings.Builder) Report {
		o := ProbeOptions{Color: strings.Contains(options, "color")}
		for _, word := range strings.Fields(options) {
			if hosts, ok := strings.CutPrefix(word, "hosts="); ok {
				o.Hosts = expand(hosts)
			}
			if text, ok := strings.CutPrefix(word, "expect="); ok {
				list, err := probe.ParseExpectations(strings.Split(text, ","))
				if err != nil {
					t.Fatal(err)
				}
				o.Expect = list
			}
		}
		return NewProbe(out, warn, o)
	})
}

func TestNaturally(t *testing.T) {
	names := []string{"todo-10", "b", "todo-2", "a10b2", "todo-1", "a9b10", "", "a10b1"}
	slices.SortFunc(names, naturally)
	if got := strings.Join(names, " "); got != " a9b10 a10b1 a10b2 b todo-1 todo-2 todo-10" {
		t.Errorf("got %q", got)
	}
}
