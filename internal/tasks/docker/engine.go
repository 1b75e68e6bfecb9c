// Package docker holds the modules that work on the target's Docker Engine:
// images, containers, networks, volumes and logins. It runs on the target and
// speaks the engine's own protocol on its socket; the docker command is not
// needed. It refuses engines older than API 1.40 (Docker 19.03).
package docker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"fleet/internal/tasks/docker/client"
	"fleet/internal/tasks/sys"
)

// engineArgs are the arguments that every module of this package takes.
type engineArgs struct {
	// Where the engine listens: unix:///path or tcp://host:port. Without it the
	// environment variable DOCKER_HOST says it, and else it is the usual socket,
	// unix:///var/run/docker.sock.
	DockerHost string `arg:"docker_host" alias:"docker_url"`
	// The version of the engine's API to speak, as 1.41. The newest that both sides
	// know is taken by itself.
	APIVersion string `arg:"api_version" alias:"docker_api_version" default:"auto"`
	// How many seconds the engine has for the answer to one request. Pulling,
	// pushing and building are not bound by it while the engine reports progress.
	Timeout int `arg:"timeout" default:"60"`
}

// engine is the Docker Engine of the target during one call.
type engine struct {
	*client.Client
	m       *sys.Machine
	timeout time.Duration
	// missing is set in check mode where no engine answers: an earlier task would
	// have installed it, so everything is looked up as absent.
	missing  bool
	warnings []string
}

// connect returns the engine that the arguments name, after it has answered.
// The caller closes it.
func connect(ctx context.Context, m *sys.Machine, a *engineArgs) (*engine, error) {
	if a.Timeout <= 0 {
		return nil, fmt.Errorf("argument \"timeout\" is %d: want a number of seconds above 0", a.Timeout)
	}
	host := firstOf(a.DockerHost, variable(m, "DOCKER_HOST"), client.DefaultHost)
	c, err := client.New(host, a.APIVersion)
	if err != nil {
		return nil, fmt.Errorf("docker_host %q: %w", host, err)
	}
	e := &engine{Client: c, m: m, timeout: time.Duration(a.Timeout) * time.Second}
	err = do(ctx, e, c.Connect)
	if err != nil && m.Check && client.IsUnreached(err) {
		e.missing = true
		e.warnings = append(e.warnings, fmt.Sprintf("no Docker engine answers at %s: taken as one that is still to be installed", host))
		return e, nil
	}
	if err != nil {
		_ = c.Close()
		return nil, unreachable(host, err)
	}
	return e, nil
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// variable returns an environment variable of the task, or else of the helper.
func variable(m *sys.Machine, name string) string {
	if v, ok := m.Env[name]; ok {
		return v
	}
	return os.Getenv(name)
}

// unreachable says in few words why there is no engine.
func unreachable(host string, err error) error {
	hint := "is Docker installed and its service started? (docker_host names another socket)"
	var op *net.OpError
	var call *os.SyscallError
	switch {
	case errors.Is(err, os.ErrPermission):
		err = errors.New("permission denied")
		hint = "the user has no right to use the engine: set become: true, or add the user to the group docker"
	case client.IsSilent(err):
		err = errors.New("nothing answers there")
	case errors.As(err, &call):
		err = call.Err
	case errors.As(err, &op):
		err = op.Err
	}
	return fmt.Errorf("cannot reach the Docker engine at %s: %w\nhint: %s", host, err, hint)
}

// ask makes one request with the engine's deadline.
func ask[T any](ctx context.Context, e *engine, request func(context.Context) (T, error)) (T, error) {
	return askWithin(ctx, e.timeout, request)
}

// askWithin is ask for requests that may take longer, as stopping a container.
func askWithin[T any](ctx context.Context, limit time.Duration, request func(context.Context) (T, error)) (T, error) {
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answer, err := request(inner)
	if err != nil && ctx.Err() == nil && errors.Is(inner.Err(), context.DeadlineExceeded) {
		return answer, fmt.Errorf("the Docker engine did not answer within %s\nhint: the argument timeout sets the limit", limit)
	}
	return answer, err
}

// lookup is ask for something that may not exist: then it returns nil. On an
// engine that is missing nothing exists.
func lookup[T any](ctx context.Context, e *engine, request func(context.Context) (T, error)) (*T, error) {
	if e.missing {
		return nil, nil
	}
	answer, err := ask(ctx, e, request)
	if client.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &answer, nil
}

// do is ask for a request that is answered by being done.
func do(ctx context.Context, e *engine, request func(context.Context) error) error {
	return doWithin(ctx, e.timeout, request)
}

// doWithin is do for requests that may take longer.
func doWithin(ctx context.Context, limit time.Duration, request func(context.Context) error) error {
	_, err := askWithin(ctx, limit, func(ctx context.Context) (struct{}, error) { return struct{}{}, request(ctx) })
	return err
}
