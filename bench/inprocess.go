package main

import (
	"context"
	"errors"
	"io"

	"fleet/internal/catalog"
	"fleet/internal/engine"
	"fleet/internal/event"
	"fleet/internal/helper"
	"fleet/internal/inventory"
	"fleet/internal/launch"
	"fleet/internal/playbook"
	"fleet/internal/pool"
	"fleet/internal/redact"
	"fleet/internal/ssh"
	"fleet/internal/vars"
)

// runHere runs a playbook in this process, over SSH, so that it can be looked
// into. It fails where a task does. The helpers are those of another fleet.
func runHere(ctx context.Context, hosts, file, knownHosts string, helpers *helper.Store, events event.Sink) error {
	inv, err := inventory.Load(hosts)
	if err != nil {
		return err
	}
	loader := &playbook.Loader{Modules: catalog.Modules{}}
	pb, err := loader.Load(file)
	if err != nil {
		return err
	}
	d := &dialer{knownHosts: knownHosts, ssh: ssh.Dialer{Helpers: helpers}}
	defer d.logins.Close()
	secrets := &redact.Set{}
	e := &engine.Engine{Inventory: inv, Vars: vars.NewStore(inv, nil, secrets), Loader: loader, Modules: catalog.Modules{},
		Dialer: d, Events: events, Secrets: secrets, Options: engine.Options{Forks: 100}}
	sum, err := e.Run(ctx, pb, []string{file})
	if err == nil && (sum.Failed || sum.Unreachable) {
		err = errors.New("a task failed, or a host was not reached")
	}
	return err
}

// dialer reaches hosts over SSH, as fleet does, without asking anybody.
type dialer struct {
	knownHosts string
	ssh        ssh.Dialer
	logins     pool.Pool[engine.Endpoint, *ssh.Client]
}

func (d *dialer) Dial(ctx context.Context, to engine.Endpoint) (engine.Conn, error) {
	client, err := d.logins.Get(ctx, to, func(ctx context.Context) (*ssh.Client, error) {
		return d.ssh.Dial(ctx, ssh.Options{Host: to.Address, Port: to.Port, User: to.User, KeyFiles: []string{to.KeyFile},
			KnownHosts: []string{d.knownHosts}, HostKeyChecking: ssh.Strict})
	})
	if err != nil {
		return nil, err
	}
	return client.Helper(ctx, launch.Become{}, false)
}

func (d *dialer) Raw(context.Context, engine.Endpoint, string, io.Writer, io.Writer) (int, error) {
	return 0, errors.New("no raw here")
}

func (d *dialer) Shell(context.Context, engine.Endpoint, string, io.Writer, io.Writer) (int, error) {
	return 0, errors.New("no shell here")
}

func (d *dialer) Drop(host string) {
	d.logins.Drop(func(to engine.Endpoint) bool { return to.Host == host })
}

// nowhere drops events.
type nowhere struct{}

func (nowhere) Emit(event.Event) {}
func (nowhere) Close() error     { return nil }
