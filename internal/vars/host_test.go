package vars

import (
	"slices"
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

// noting is a Scope that notes what is looked up.
type noting struct {
	jinja.Vars
	asked *[]string
}

func (n noting) Lookup(name string) (any, bool) {
	*n.asked = append(*n.asked, name)
	return n.Vars.Lookup(name)
}

// TestOneFact: of many facts only those are read that somebody asks for, and the
// variable ansible_facts knows the others.
func TestOneFact(t *testing.T) {
	inv, err := inventory.Load("web1,")
	if err != nil {
		t.Fatal(err)
	}
	h := NewStore(inv, nil, nil).Host("web1")
	var asked []string
	h.SetFactsLater(func(name string) bool { return strings.HasPrefix(name, "ansible_") }, func() jinja.Scope {
		return noting{jinja.Vars{"ansible_a": 1, "ansible_b": 2}, &asked}
	}, Place{Order: []int{1}})
	h.SetFacts(jinja.NewMap("services", "some", "ansible_b", "newer"), Place{Order: []int{2}})
	facts := h.Facts(nil)
	for name, want := range map[string]any{"a": 1, "b": "newer", "services": "some", "ansible_a": nil, "z": nil} {
		if v, ok := facts.Entry(name); v != want || ok != (want != nil) {
			t.Errorf("%s is %v", name, v)
		}
	}
	if v, ok := h.Facts(&Place{Order: []int{2}}).Entry("b"); v != 2 {
		t.Errorf("b was %v, %v", v, ok)
	}
	if _, ok := h.Facts(&Place{Order: []int{1}}).Entry("a"); ok {
		t.Error("a was known before it was found")
	}
	if reads := strings.Join(slices.Compact(slices.Sorted(slices.Values(asked))), " "); strings.Contains(reads, "services") {
		t.Errorf("asked for %s", reads)
	}
}

// TestLookupAllocates: to find a variable, or not to, takes no memory.
func TestLookupAllocates(t *testing.T) {
	inv, err := inventory.Load("web1,")
	if err != nil {
		t.Fatal(err)
	}
	sc, err := NewStore(inv, jinja.NewMap("known", 1), nil).Scope(Where{Host: "web1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"known", "missing"} {
		name = strings.Clone(name)
		if n := testing.AllocsPerRun(100, func() { sc.Lookup(name) }); n != 0 {
			t.Errorf("%s: %g allocations", name, n)
		}
	}
}
