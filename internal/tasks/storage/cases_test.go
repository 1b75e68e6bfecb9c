package storage

import (
	"testing"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
)

// TestCases runs the cases of each module, which lie in testdata under its name.
func TestCases(t *testing.T) {
	for _, mod := range []*sys.Module{&Filesystem, &Mount, &MountFacts, &Parted, &Lvg, &Lvol} {
		t.Run(mod.Name, func(t *testing.T) { systest.RunCases(t, mod, "testdata/"+mod.Name) })
	}
}
