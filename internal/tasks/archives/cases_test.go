package archives

import (
	"testing"

	"fleet/internal/tasks/sys/systest"
)

func TestCases(t *testing.T) {
	systest.RunCases(t, &Archive, "testdata/archive")
}
