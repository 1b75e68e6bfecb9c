package tasks

import (
	"sort"
	"testing"
)

func TestTableIsSorted(t *testing.T) {
	if !sort.SliceIsSorted(Table, func(i, j int) bool { return Table[i].Name < Table[j].Name }) {
		t.Error("Table is not sorted by name: Find searches it")
	}
	for _, m := range Table {
		if got, ok := Find(m.Name); !ok || got != m {
			t.Errorf("Find(%q) does not find the module", m.Name)
		}
		for _, full := range m.Names {
			if got, ok := Find(full); !ok || got != m {
				t.Errorf("Find(%q) does not find %s", full, m.Name)
			}
		}
	}
}
