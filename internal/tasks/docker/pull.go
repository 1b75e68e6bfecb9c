package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/api/types/registry"

	"fleet/internal/tasks/docker/client"
	"fleet/internal/tasks/docker/reference"
	"fleet/internal/tasks/sys"
)

// idle is how long the engine may report nothing while it pulls, pushes or builds.
const idle = 5 * time.Minute

// imageName is an image as the user named it: by reference or by ID.
type imageName struct {
	given string
	ref   reference.Name // with a tag or digest; zero for an ID
}

func parseImage(given string) (imageName, error) {
	ref, err := reference.Parse(given)
	if strings.HasPrefix(given, "sha256:") {
		return imageName{given: given}, nil
	}
	if err != nil {
		return imageName{}, fmt.Errorf("image %q: %w", given, err)
	}
	return imageName{given: given, ref: ref.Tagged()}, nil
}

// String returns the shortest name that says all, with the tag.
func (n imageName) String() string {
	if n.isID() {
		return n.given
	}
	return n.ref.Familiar()
}

func (n imageName) isID() bool { return n.ref == reference.Name{} }

func (e *engine) image(ctx context.Context, name string) (*image.InspectResponse, error) {
	found, err := lookup(ctx, e, func(ctx context.Context) (client.Image, error) { return e.Image(ctx, name) })
	if found == nil {
		return nil, err
	}
	return &found.InspectResponse, nil
}

// The rules of when an image is pulled.
const (
	pullMissing = "missing"
	pullAlways  = "always"
	pullNever   = "never"
)

// imageWish says which image is wanted on the machine, and how to get it.
type imageWish struct {
	name     imageName
	when     string
	platform string
	logins   *logins
}

// ensure pulls the image through the door if it has to, and returns it. In check
// mode it is nil where it would have been pulled first.
func (w imageWish) ensure(ctx context.Context, e *engine) (*image.InspectResponse, error) {
	have, err := e.image(ctx, w.name.given)
	if err != nil {
		return nil, err
	}
	switch {
	case have != nil && (w.when != pullAlways || w.name.isID()):
		return have, nil
	case have == nil && w.name.isID():
		return nil, fmt.Errorf("image %s is not on this machine, and an ID cannot be pulled", w.name)
	case have == nil && w.when == pullNever:
		return nil, fmt.Errorf("image %s is not on this machine\nhint: pull: missing pulls it", w.name)
	}
	auth, err := authHeader(ctx, w.logins, w.name.ref)
	if err != nil {
		return nil, err
	}
	if have != nil && !e.missing {
		same, err := w.upToDate(ctx, e, have, auth)
		if same || err != nil {
			return have, err
		}
	}
	err = e.m.Change(ctx, sys.Change{
		What: "pull image " + w.name.String(),
		Do:   func(ctx context.Context) error { return w.pull(ctx, e, auth) },
	})
	if err != nil || e.m.Check {
		return nil, err
	}
	have, err = e.image(ctx, w.name.given)
	if err == nil && have == nil {
		err = fmt.Errorf("image %s was pulled and is not there", w.name)
	}
	return have, err
}

// upToDate asks the registry whether its image is the one that the machine has.
func (w imageWish) upToDate(ctx context.Context, e *engine, have *image.InspectResponse, auth string) (bool, error) {
	remote, err := ask(ctx, e, func(ctx context.Context) (registry.DistributionInspect, error) {
		return e.InRegistry(ctx, w.name.ref.String(), auth)
	})
	if err != nil {
		return false, w.explain(err, auth != "")
	}
	digest := remote.Descriptor.Digest.String()
	return slices.ContainsFunc(have.RepoDigests, func(d string) bool {
		return strings.HasSuffix(d, "@"+digest)
	}), nil
}

func (w imageWish) pull(ctx context.Context, e *engine, auth string) error {
	ref := w.name.ref
	_, err := progress(ctx, func(ctx context.Context) (messages, error) {
		return reported(e.PullImage(ctx, ref.Repository(), firstOf(ref.Digest, ref.Tag), w.platform, auth))
	})
	return w.explain(err, auth != "")
}

// explain says what stands behind an error of the registry.
func (w imageWish) explain(err error, loggedIn bool) error {
	if err == nil {
		return nil
	}
	server := w.name.ref.Domain
	text := err.Error()
	denied := containsAny(strings.ToLower(text), "denied", "unauthorized", "no basic auth credentials", "authorization failed") ||
		client.IsUnauthorized(err) || strings.Contains(text, plainHTTP) && !loggedIn
	switch {
	case containsAny(text, untrusted...):
		return fmt.Errorf("image %s: registry %s cannot be trusted: %w\nhint: put its certificate authority into /etc/docker/certs.d/%s/ca.crt, "+
			"or name it under insecure-registries in /etc/docker/daemon.json", w.name, server, err, server)
	case unreached(text):
		return fmt.Errorf("image %s: registry %s cannot be reached: %w\nhint: check its name, and the way to it from this machine", w.name, server, err)
	case denied && !loggedIn:
		return fmt.Errorf("registry %s does not give image %s: %w\nhint: it may need a login (docker_login), or the name is wrong", server, w.name, err)
	case denied:
		return fmt.Errorf("registry %s does not give image %s to this login: %w\nhint: check the login's rights and the image's name", server, w.name, err)
	case containsAny(text, "manifest unknown", "not found", "name unknown"):
		return fmt.Errorf("image %s is not in the registry %s: %w\nhint: check the name and the tag", w.name, server, err)
	}
	return fmt.Errorf("image %s: %w", w.name, err)
}

// plainHTTP is what the engine brings back from an insecure registry that asked
// for a login: it has tried TLS, and then without.
const plainHTTP = "sent an HTTP request to an HTTPS server"

// untrusted are the engine's words for a registry with a certificate that it
// does not trust, or with none.
var untrusted = []string{"x509:", "HTTP response to HTTPS client"}

// unreached tells whether the engine's words are those of a connection that
// was never made.
func unreached(text string) bool {
	return containsAny(text, "dial tcp", "i/o timeout", "Client.Timeout exceeded")
}

func containsAny(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}

// reported reads what a request reports.
func reported(body io.ReadCloser, err error) (messages, error) {
	if err != nil {
		return nil, err
	}
	return jsonStream{body}, nil
}

// messages is what the engine reports while it works.
type messages interface {
	io.ReadCloser
	JSONMessages(ctx context.Context) iter.Seq2[jsonstream.Message, error]
}

// errIdle is the cause of a cancelled context whose engine reported nothing.
var errIdle = fmt.Errorf("the Docker engine reported no progress for %s", idle)

// progress runs a request that reports progress until it ends, and returns what
// it reported. It is given up when nothing comes for a while.
func progress(ctx context.Context, request func(context.Context) (messages, error)) ([]jsonstream.Message, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(idle, func() { cancel(errIdle) })
	defer timer.Stop()
	var seen []jsonstream.Message
	err := func() error {
		stream, err := request(ctx)
		if err != nil {
			return err
		}
		for message, err := range stream.JSONMessages(ctx) {
			timer.Reset(idle)
			if err != nil {
				return err
			}
			if message.Error != nil {
				return message.Error
			}
			if message.Progress == nil && len(seen) < 10000 {
				seen = append(seen, message)
			}
		}
		return nil
	}()
	if err != nil && errors.Is(context.Cause(ctx), errIdle) {
		err = errIdle
	}
	return seen, err
}
