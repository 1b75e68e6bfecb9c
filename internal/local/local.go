// Package local runs the helper as a child process on the controller itself,
// for hosts with "connection: local". It runs on the controller.
package local

import (
	"context"

	"fleet/internal/helper"
	"fleet/internal/launch"
	"fleet/internal/session"
)

// Host is this machine as a target. The zero value is ready.
type Host struct {
	Helpers *helper.Store
}

// Helper starts a helper as the given user.
func (h *Host) Helper(ctx context.Context, b launch.Become) (*session.Session, error) {
	return nil, nil
}
