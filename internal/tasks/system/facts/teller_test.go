package facts

import (
	"maps"
	"slices"
	"testing"

	"fleet/internal/tasks/sys"
)

// Every fact is told by the collector that Teller names, and asking for that
// collector only gives the same names as asking for all.
func TestTeller(t *testing.T) {
	for _, c := range Collectors {
		chosen, unknown := Select(Only(c.Name))
		if unknown != "" || !chosen[c.Name] || !chosen["local"] || chosen["cmdline"] && c.Name != "cmdline" {
			t.Fatalf("%s: %v chooses %v, unknown %q", c.Name, Only(c.Name), chosen, unknown)
		}
		for fact := range Gather(t.Context(), &sys.Machine{}, map[string]bool{c.Name: true}, Options{}) {
			if got := Teller(fact); got != c.Name {
				t.Errorf("%s tells %s, which Teller says is of %s", c.Name, fact, got)
			}
		}
	}
	if none, _ := Select(Only()); !slices.Equal(slices.Collect(maps.Keys(none)), []string{"local"}) {
		t.Errorf("nothing wanted, and gathered %v", none)
	}
}
