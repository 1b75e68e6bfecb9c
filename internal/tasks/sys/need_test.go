package sys

import (
	"context"
	"strings"
	"testing"

	"fleet/internal/spec"
)

func TestMissingProgramInCheckModeIsAWarning(t *testing.T) {
	module := Define(spec.Module{Name: "wanting"}, func(_ context.Context, m *Machine, _ *struct{}) (any, error) {
		for range 2 {
			if there, err := m.Need("no-such-program", "pack"); there || err != nil {
				return nil, err
			}
		}
		return map[string]any{"warnings": []string{"its own"}}, nil
	})
	for check, want := range map[bool]string{
		true:  `"warnings":["its own","this machine has no program \"no-such-program\" now: this works only if an earlier step installs it"]`,
		false: `"failed":true,"msg":"this machine has no program \"no-such-program\"; the package \"pack\" usually brings it"`,
	} {
		if got := string(module.Run(t.Context(), &Machine{Check: check}, []byte("{}"))); !strings.Contains(got, want) {
			t.Errorf("check %v: got %s", check, got)
		}
	}
}
