package commands

import (
	"testing"

	"fleet/internal/tasks/sys/systest"
)

func TestMake(t *testing.T) { systest.RunCases(t, &Make, "testdata/make") }
