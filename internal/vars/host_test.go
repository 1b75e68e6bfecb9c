package vars

import (
	"strings"
	"testing"

	"fleet/internal/inventory"
	"fleet/internal/jinja"
)

// TestFactsLater: facts are read when one of them may be asked for, keep their
// place, and those that come after them win.
func TestFactsLater(t *testing.T) {
	inv, err := inventory.Load("web1,")
	if err != nil {
		t.Fatal(err)
	}
	h := NewStore(inv, nil, nil).Host("web1")
	read := 0
	h.SetFacts(jinja.NewMap("ansible_a", "old", "services", "some"), Place{Order: []int{0}})
	h.SetFactsLater(func(name string) bool { return strings.HasPrefix(name, "ansible_") }, func() jinja.Scope {
		read++
		return jinja.Vars{"ansible_a": "new", "ansible_b": "too"}
	}, Place{Order: []int{1}})
	if v, _ := h.lookup(fact, "services", nil); v != "some" || read != 0 {
		t.Errorf("services: %v, read %d times", v, read)
	}
	if v, _ := h.lookup(fact, "ansible_a", &Place{Order: []int{1}}); v != "old" || read != 0 {
		t.Errorf("before: %v, read %d times", v, read)
	}
	if v, _ := h.lookup(fact, "ansible_a", nil); v != "new" || read != 1 {
		t.Errorf("after: %v, read %d times", v, read)
	}
	later := func() jinja.Scope { read++; return jinja.Vars{"ansible_b": "lost"} }
	any := func(string) bool { return true }
	h.SetFactsLater(any, later, Place{Order: []int{2}})
	h.SetFacts(jinja.NewMap("ansible_b", "last"), Place{Order: []int{3}})
	all, err := jinja.Deep(jinja.NewContext(t.Context(), nil, nil), h.Facts(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := jinja.Repr(all); got != "{'a': 'new', 'b': 'last', 'services': 'some'}" {
		t.Errorf("facts: %s", got)
	}
	h.SetFactsLater(any, later, Place{Order: []int{4}})
	h.Forget()
	if _, ok := h.lookup(fact, "ansible_b", nil); ok || read != 2 {
		t.Errorf("forgotten facts are there, read %d times", read)
	}
}
