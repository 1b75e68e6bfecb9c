package files

import (
	"testing"

	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/sys/systest"
)

func TestCases(t *testing.T) {
	for _, mod := range []*sys.Module{
		&Copy, &File, &Stat, &Slurp, &Lineinfile, &Blockinfile, &Replace, &Assemble, &Synchronize,
	} {
		t.Run(mod.Name, func(t *testing.T) { systest.RunCases(t, mod, "testdata/"+mod.Name) })
	}
}
