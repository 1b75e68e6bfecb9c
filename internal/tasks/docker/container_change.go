package docker

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"

	"fleet/internal/tasks/docker/client"
)

// create makes the container and starts it in one change: a container that
// cannot be started is not left behind.
func (t *containerTask) create(ctx context.Context) error {
	what := fmt.Sprintf("create container %s from image %s", t.args.Name, t.image.name)
	if t.runs() {
		what = fmt.Sprintf("create and start container %s from image %s", t.args.Name, t.image.name)
	}
	var id string
	err := t.m.Change(ctx, t.change(what, t.asNew(), func(ctx context.Context) (err error) {
		if id, err = t.make(ctx, t.args.Name); err != nil {
			return err
		}
		if err := t.startNew(ctx, id); err != nil {
			return errors.Join(err, t.discard(ctx, id))
		}
		return nil
	}))
	if err != nil {
		return err
	}
	return t.settle(ctx, id)
}

// runs reports whether the container is to be running.
func (t *containerTask) runs() bool { return t.args.State == "started" || t.args.State == "healthy" }

// asNew lists all that was asked for, as differences from nothing.
func (t *containerTask) asNew() []difference {
	diffs := []difference{{where: "image", after: t.image.name.String()}}
	empty := containerSpec{&container.Config{}, &container.HostConfig{}}
	for _, o := range options {
		if t.asked(o.name) {
			diffs = append(diffs, o.compare(t.want, empty, "")...)
		}
	}
	return slices.DeleteFunc(diffs, func(d difference) bool { return d.before == d.after })
}

// make creates the container under a name, connected to its networks.
func (t *containerTask) make(ctx context.Context, name string) (string, error) {
	opts := client.NewContainer{Name: name, Platform: t.args.Platform, Config: t.want.config, Host: t.want.host}
	rest := t.args.Networks
	for i, n := range rest {
		if n.Name == string(t.want.host.NetworkMode) {
			opts.Network = &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{}}
			settings, err := n.endpoint()
			if err != nil {
				return "", err
			}
			opts.Network.EndpointsConfig[n.Name] = settings
			rest = slices.Concat(rest[:i], rest[i+1:])
			break
		}
	}
	made, err := ask(ctx, t.engine, func(ctx context.Context) (container.CreateResponse, error) { return t.CreateContainer(ctx, opts) })
	if err != nil {
		return "", fmt.Errorf("container %q cannot be created: %w", t.args.Name, err)
	}
	t.warnings = append(t.warnings, made.Warnings...)
	for _, n := range rest {
		if err := t.joinNetwork(ctx, made.ID, n); err != nil {
			return "", errors.Join(err, t.discard(ctx, made.ID))
		}
	}
	return made.ID, nil
}

// startNew brings a container that was just made to its state.
func (t *containerTask) startNew(ctx context.Context, id string) error {
	if !t.runs() {
		return nil
	}
	if err := t.start(ctx, id); err != nil {
		return err
	}
	if isTrue(t.args.Paused) {
		if err := t.pause(ctx, id, true); err != nil {
			return err
		}
	}
	return nil
}

// discard removes a container that was made in vain. It works also after ctx
// was cancelled.
func (t *containerTask) discard(ctx context.Context, id string) error {
	err := do(context.WithoutCancel(ctx), t.engine, func(ctx context.Context) error {
		return t.RemoveContainer(ctx, id, true)
	})
	if err == nil || client.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("the new container %s could not be removed again: %w", shortID(id), err)
}

// recreate replaces the container. The new one is made beside the old one, so
// that what is wrong with the arguments shows before anything is stopped. Where
// the new one does not start, the old one is put back.
func (t *containerTask) recreate(ctx context.Context, diffs []difference) error {
	what := fmt.Sprintf("recreate container %s: %s", t.args.Name, reasons(diffs))
	var fresh string
	err := t.m.Change(ctx, t.change(what, diffs, func(ctx context.Context) (err error) {
		name := strings.TrimPrefix(t.have.Name, "/")
		beside := name + "-new-" + shortID(t.have.ID)
		if err := t.discard(ctx, beside); err != nil { // of a run that was killed
			return err
		}
		if fresh, err = t.make(ctx, beside); err != nil {
			return err
		}
		if err := t.replace(ctx, name, fresh); err != nil {
			err = errors.Join(err, t.discard(ctx, fresh))
			return t.putBack(ctx, name, err)
		}
		return t.remove(ctx, t.have.ID)
	}))
	if err != nil {
		return err
	}
	return t.settle(ctx, fresh)
}

// reasons names the places that differ: "env.PATH differs", "image and env.PATH differ".
func reasons(diffs []difference) string {
	var names []string
	for _, d := range diffs {
		if !slices.Contains(names, d.where) {
			names = append(names, d.where)
		}
	}
	switch len(names) {
	case 0:
		return "asked for by recreate"
	case 1:
		return names[0] + " differs"
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1] + " differ"
}

// replace stops the old container, moves it aside, and gives its name to the
// fresh one.
func (t *containerTask) replace(ctx context.Context, name, fresh string) error {
	if err := t.halt(ctx); err != nil {
		return err
	}
	err := t.rename(ctx, t.have.ID, name+"-old-"+shortID(t.have.ID))
	if err != nil && !client.IsNotFound(err) { // auto_remove has taken it
		return err
	}
	if err := t.rename(ctx, fresh, name); err != nil {
		return err
	}
	return t.startNew(ctx, fresh)
}

func (t *containerTask) rename(ctx context.Context, id, name string) error {
	return do(ctx, t.engine, func(ctx context.Context) error {
		return t.RenameContainer(ctx, id, name)
	})
}

// putBack gives the old container its name and state again, and adds to the
// error what became of it.
func (t *containerTask) putBack(ctx context.Context, name string, cause error) error {
	ctx = context.WithoutCancel(ctx)
	now, err := lookup(ctx, t.engine, func(ctx context.Context) (client.Container, error) {
		return t.Container(ctx, t.have.ID)
	})
	if err == nil && now == nil {
		return fmt.Errorf("%w\nthe old container was removed by itself when it was stopped (auto_remove)", cause)
	}
	if err == nil && now.Name != "/"+name {
		err = t.rename(ctx, t.have.ID, name)
	}
	if err == nil && t.have.State.Running && !now.State.Running {
		err = do(ctx, t.engine, func(ctx context.Context) error {
			return t.StartContainer(ctx, t.have.ID)
		})
	}
	if err != nil {
		return fmt.Errorf("%w\nthe old container %s could not be put back: %w", cause, shortID(t.have.ID), err)
	}
	return fmt.Errorf("%w\nthe old container was put back", cause)
}

// updatable reports whether the engine can remove the difference on the
// container as it is. It takes a limit of 0 for "leave it".
func (d difference) updatable() bool { return d.live && d.after != "0" && d.after != "" }

// update changes limits and the restart policy of the container as it is.
func (t *containerTask) update(ctx context.Context, diffs []difference) error {
	h := t.want.host
	opts := container.UpdateConfig{Resources: container.Resources{
		CPUShares: h.CPUShares, Memory: h.Memory, NanoCPUs: h.NanoCPUs, BlkioWeight: h.BlkioWeight, CPUPeriod: h.CPUPeriod, CPUQuota: h.CPUQuota,
		CpusetCpus: h.CpusetCpus, CpusetMems: h.CpusetMems, MemoryReservation: h.MemoryReservation, MemorySwap: h.MemorySwap, PidsLimit: h.PidsLimit,
	}}
	if old := t.have.HostConfig; h.Memory > 0 && h.MemorySwap == 0 && old.MemorySwap == 2*old.Memory {
		opts.Resources.MemorySwap = 2 * h.Memory // the engine's own default, which would be too small now
	}
	if t.given["restart_policy"] {
		opts.RestartPolicy = h.RestartPolicy
	}
	what := fmt.Sprintf("update container %s: %s", t.args.Name, reasons(diffs))
	return t.m.Change(ctx, t.change(what, diffs, func(ctx context.Context) error {
		warnings, err := ask(ctx, t.engine, func(ctx context.Context) ([]string, error) {
			return t.UpdateContainer(ctx, t.have.ID, opts)
		})
		t.warnings = append(t.warnings, warnings...)
		return err
	}))
}

// takenPort finds the address and port in the engine's words for a port that is taken.
var takenPort = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:Bind for|listen (?:tcp|udp|sctp)[46]?|host port(?: for)?|exposing port \S+ ->) (\S*?):(\d+)`)
})

// startError explains why a container did not start.
func (t *containerTask) startError(ctx context.Context, err error) error {
	text := err.Error()
	found := takenPort().FindStringSubmatch(text)
	if found == nil || !strings.Contains(text, "already") {
		return fmt.Errorf("container %q cannot be started: %w", t.args.Name, err)
	}
	holder := "another program on the machine"
	list, lerr := ask(context.WithoutCancel(ctx), t.engine, func(ctx context.Context) ([]container.Summary, error) {
		return t.Containers(ctx, false, client.Filters{}.Add("publish", found[2]))
	})
	if lerr == nil && len(list) > 0 && len(list[0].Names) > 0 {
		holder = fmt.Sprintf("container %q", strings.TrimPrefix(list[0].Names[0], "/"))
	}
	return fmt.Errorf("container %q cannot be started: port %s of the machine is taken by %s: %w\nhint: publish another port, or free this one",
		t.args.Name, found[2], holder, err)
}
