package docker

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"fleet/internal/tasks/sys"
)

// action is something that Compose tells of a thing.
type action struct {
	What   string `json:"what"`
	ID     string `json:"id"`
	Status string `json:"status"`
}

// things are what Compose tells of by their kind.
var things = []string{"Network", "Image", "Volume", "Container", "Service", "Config", "Secret"}

// working are the words for something that is being changed.
var working = []string{"Creating", "Starting", "Restarting", "Stopping", "Killing", "Removing", "Recreate", "Recreating"}

// composeEvents reads what Compose tells while it works: " Container shop-web-1  Creating",
// and of images " web Pulling". It leaves out what it does not know.
func composeEvents(text string) []action {
	var out []action
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimPrefix(strings.TrimSpace(line), "DRY-RUN MODE -")
		f := strings.Fields(line)
		switch {
		case len(f) >= 3 && slices.Contains(things, f[0]):
			out = append(out, action{strings.ToLower(f[0]), f[1], f[2]})
		case len(f) == 2 && (f[1] == "Pulling" || f[1] == "Pulled" || f[1] == "Building" || f[1] == "Built"):
			out = append(out, action{"service", f[0], f[1]})
		}
	}
	return out
}

// works reports whether an event is a change.
func (e action) works(a *dockerComposeV2Args) bool {
	switch e.Status {
	case "Pulling":
		// Compose says so of each image that it asks the registry for.
		return false
	case "Building":
		return !a.IgnoreBuildEvents
	}
	return slices.Contains(working, e.Status)
}

// explainCompose returns why Compose failed: the last line of what it wrote that
// is no event.
func explainCompose(out sys.Output) error {
	lines := strings.Split(strings.TrimSpace(out.Stderr), "\n")
	text := strings.TrimSpace(lines[len(lines)-1])
	switch {
	case strings.Contains(out.Stderr, "is not a docker command") || strings.Contains(out.Stderr, "unknown command: docker compose") || strings.Contains(out.Stderr, "unknown flag: --ansi"):
		return errors.New("the target's docker has no compose\nhint: install docker-compose-plugin (or docker-compose-v2) first")
	case strings.Contains(out.Stderr, "unknown flag: --dry-run"):
		return errors.New("the target's docker compose is older than 2.18 and has no check mode")
	case text == "":
		return fmt.Errorf("docker compose: exit code %d", out.Code)
	}
	return fmt.Errorf("docker compose: %s", text)
}
