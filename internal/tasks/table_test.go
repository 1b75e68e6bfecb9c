package tasks

import "testing"

func TestFind(t *testing.T) {
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
