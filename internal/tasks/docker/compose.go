package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Compose brings up, stops, restarts or takes down the services of a Compose
// project.
//
// It runs docker compose, which has to be on the target (the package
// docker-compose-plugin): Compose itself decides what has to be done. Check mode
// needs its version 2.18.
//
// Example:
//
//	tasks:
//	  - docker_compose_v2:
//	      project_src: /opt/shop
//	      pull: missing
//	      remove_orphans: true
var Compose = sys.Define(spec.Module{
	Name:      "docker_compose_v2",
	Names:     []string{"community.docker.docker_compose_v2"},
	Exclusive: [][]string{{"definition", "project_src"}, {"definition", "files"}},
	OneOf:     [][]string{{"definition", "project_src"}},
}, compose)

type dockerComposeV2Args struct {
	composeArgs
	// What becomes of the project: it runs (present), is taken down (absent), is
	// there and does not run (stopped), or is started again (restarted).
	State string `arg:"state" choices:"absent,present,restarted,stopped" default:"present"`
	// present: when images are pulled; policy leaves it to the files.
	Pull string `arg:"pull" choices:"always,missing,never,policy" default:"policy"`
	// present: when images are built; policy leaves it to the files.
	Build string `arg:"build" choices:"always,never,policy" default:"policy"`
	// Starts also what the services depend on.
	Dependencies bool `arg:"dependencies" default:"true"`
	// present: when containers are made anew; auto, where they differ.
	Recreate string `arg:"recreate" choices:"always,auto,never" default:"auto"`
	// present: makes volumes without a name anew.
	RenewAnonVolumes bool `arg:"renew_anon_volumes"`
	// absent: removes images too: all, or those without a name of their own (local).
	RemoveImages string `arg:"remove_images" choices:"all,local"`
	// absent: removes volumes too.
	RemoveVolumes bool `arg:"remove_volumes"`
	// Removes containers of services that the files no longer have.
	RemoveOrphans bool `arg:"remove_orphans"`
	// How many seconds containers have to stop.
	Timeout *int `arg:"timeout"`
	// The services; without it, all.
	Services []string `arg:"services"`
	// present: how many containers each service has, by its name.
	Scale map[string]any `arg:"scale"`
	// present: waits until the services run and are healthy.
	Wait bool `arg:"wait"`
	// present: how many seconds at most.
	WaitTimeout *int `arg:"wait_timeout"`
	// Answers questions of Compose with yes.
	AssumeYes bool `arg:"assume_yes"`
	// Takes a build that had nothing to do for no change.
	IgnoreBuildEvents bool `arg:"ignore_build_events" default:"true"`
}

type dockerComposeV2Result struct {
	// What Compose did: what it is (container, network, volume, ...), its id, and the
	// status that it went through, as Creating.
	Actions []action `json:"actions"`
	// The project's containers, as docker compose ps tells them.
	Containers []map[string]any `json:"containers"`
	// Their images, as docker compose images tells them.
	Images []map[string]any `json:"images"`
	// The exit code of Compose, where it failed.
	RC int `json:"rc,omitempty"`
	// What it wrote then.
	Stdout string `json:"stdout,omitempty"`
	// What it wrote as errors then.
	Stderr string `json:"stderr,omitempty"`
}

// composeTask is one call of docker_compose_v2.
type composeTask struct {
	m      *sys.Machine
	args   *dockerComposeV2Args
	base   []string
	result dockerComposeV2Result
}

func compose(ctx context.Context, m *sys.Machine, a *dockerComposeV2Args) (any, error) {
	done, err := a.prepare(m)
	if err != nil {
		return nil, err
	}
	defer done()
	t := &composeTask{m: m, args: a, base: a.command(m), result: dockerComposeV2Result{Actions: []action{}}}
	switch a.State {
	case "absent":
		err = t.run(ctx, t.down())
	case "restarted":
		err = t.run(ctx, t.options("restart", flag{!a.Dependencies, "--no-deps"}))
	case "stopped":
		if err = t.run(ctx, t.up("--no-start")); err == nil && !m.Check {
			err = t.stop(ctx)
		}
	default:
		err = t.run(ctx, t.up("--detach"))
	}
	if err != nil {
		return &t.result, err
	}
	t.result.Containers, t.result.Images = t.list(ctx, "ps", "--all", "--no-trunc"), t.list(ctx, "images")
	return &t.result, nil
}

// flag is an option that is given under a condition.
type flag struct {
	on   bool
	text string
}

// options returns a verb with its options and the services.
func (t *composeTask) options(verb string, flags ...flag) []string {
	out := []string{verb}
	for _, f := range flags {
		if f.on {
			out = append(out, f.text)
		}
	}
	if t.args.Timeout != nil {
		out = append(out, "--timeout", strconv.Itoa(*t.args.Timeout))
	}
	if t.m.Check {
		out = append(out, "--dry-run")
	}
	return append(append(out, "--"), t.args.Services...)
}

func (t *composeTask) up(mode string) []string {
	a := t.args
	flags := []flag{
		{true, mode}, {true, "--no-color"}, {true, "--quiet-pull"}, {a.Pull != "policy", "--pull=" + a.Pull}, {a.RemoveOrphans, "--remove-orphans"},
		{a.Recreate == "always", "--force-recreate"}, {a.Recreate == "never", "--no-recreate"}, {a.RenewAnonVolumes, "--renew-anon-volumes"},
		{!a.Dependencies, "--no-deps"}, {a.Build == "always", "--build"}, {a.Build == "never", "--no-build"}, {a.AssumeYes, "-y"},
		{a.Wait && mode == "--detach", "--wait"},
	}
	if a.WaitTimeout != nil && a.Wait {
		flags = append(flags, flag{true, "--wait-timeout=" + strconv.Itoa(*a.WaitTimeout)})
	}
	for _, service := range sortedKeys(a.Scale) {
		flags = append(flags, flag{true, fmt.Sprintf("--scale=%s=%v", service, a.Scale[service])})
	}
	return t.options("up", flags...)
}

func (t *composeTask) down() []string {
	a := t.args
	return t.options("down", flag{a.RemoveOrphans, "--remove-orphans"}, flag{a.RemoveImages != "", "--rmi=" + a.RemoveImages}, flag{a.RemoveVolumes, "--volumes"})
}

// stop stops what still runs.
func (t *composeTask) stop(ctx context.Context) error {
	for _, c := range t.list(ctx, "ps", "--all", "--no-trunc") {
		state, _ := c["State"].(string)
		if !slices.Contains([]string{"created", "exited", "stopped", "killed", "dead"}, state) {
			return t.run(ctx, t.options("stop"))
		}
	}
	return nil
}

// run runs Compose, and puts each thing that it has done through the door: it has
// decided by itself, and in check mode it only says what it would do.
func (t *composeTask) run(ctx context.Context, argv []string) error {
	argv = slices.Concat(t.base, argv)
	out, err := t.m.Run(ctx, sys.Command{Argv: argv, Env: []string{"LC_ALL=C"}})
	if err != nil {
		return fmt.Errorf("docker compose cannot be run: %w\nhint: install docker-ce-cli and docker-compose-plugin first", err)
	}
	if out.Code != 0 {
		t.result.RC, t.result.Stdout, t.result.Stderr = out.Code, out.Stdout, out.Stderr
		return explainCompose(out)
	}
	for _, e := range composeEvents(out.Stderr) {
		if !e.works(t.args) {
			continue
		}
		t.result.Actions = append(t.result.Actions, e)
		what := fmt.Sprintf("%s %s %s", strings.ToLower(e.Status), e.What, e.ID)
		if err := t.m.Change(ctx, sys.Change{What: what, Do: func(context.Context) error { return nil }}); err != nil {
			return err
		}
	}
	return nil
}

// list returns what docker compose ps or images tells, as a list or line by line.
func (t *composeTask) list(ctx context.Context, verb string, options ...string) []map[string]any {
	all := []map[string]any{}
	out, err := t.m.Run(ctx, sys.Command{Argv: slices.Concat(t.base, []string{verb, "--format", "json"}, options), Env: []string{"LC_ALL=C"}})
	if err != nil || out.Code != 0 {
		return all // an older Compose lacks the option; what was asked is done
	}
	decoder := json.NewDecoder(strings.NewReader(out.Stdout))
	for {
		var raw json.RawMessage
		if decoder.Decode(&raw) != nil {
			return all
		}
		var one map[string]any
		var many []map[string]any
		if json.Unmarshal(raw, &one) == nil && one != nil {
			all = append(all, one)
		} else if json.Unmarshal(raw, &many) == nil {
			all = append(all, many...)
		}
	}
}
