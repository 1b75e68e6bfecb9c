//go:build lean

package tasks

import "fleet/internal/tasks/sys"

// Web is nil: this helper does not fetch.
var Web sys.Web

var whole []*sys.Module
