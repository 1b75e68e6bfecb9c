package docker

import (
	"testing"

	"fleet/internal/tasks/sys/systest"
)

// TestCompose runs the cases of docker_compose_v2, whose commands are scripted.
func TestCompose(t *testing.T) { systest.RunCases(t, &Compose, "testdata/compose") }
