package client

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/moby/moby/api/types/container"
)

// CreateExec makes a command in a container ready, and returns its ID.
func (c *Client) CreateExec(ctx context.Context, id string, command container.ExecCreateRequest) (string, error) {
	answer, err := call[container.ExecCreateResponse](ctx, c, request{method: http.MethodPost, path: containerPath(id, "exec"), body: command})
	return answer.ID, err
}

// StartExec starts a command and does not wait for it.
func (c *Client) StartExec(ctx context.Context, id string, tty bool) error {
	return c.do(ctx, request{method: http.MethodPost, path: []string{"exec", id, "start"}, body: container.ExecStartRequest{Detach: true, Tty: tty}})
}

// Stream is the connection to a command: its input and its output.
type Stream interface {
	io.ReadWriteCloser
	// CloseWrite ends the input.
	CloseWrite() error
}

// AttachExec starts a command and returns the connection to it, which the caller
// closes. Its output is in the engine's frames unless it has a terminal. The
// connection outlives ctx.
func (c *Client) AttachExec(ctx context.Context, id string, tty bool) (Stream, error) {
	resp, err := c.send(ctx, request{method: http.MethodPost, path: []string{"exec", id, "start"}, body: container.ExecStartRequest{Tty: tty},
		header: http.Header{"Connection": {"Upgrade"}, "Upgrade": {"tcp"}}})
	if err != nil {
		return nil, err
	}
	stream, ok := resp.Body.(Stream)
	if !ok {
		resp.Body.Close()
		return nil, errors.New("the engine, or what is in front of it, does not give a connection to the command")
	}
	return stream, nil
}

// ExitCode returns how a command has ended.
func (c *Client) ExitCode(ctx context.Context, id string) (int, error) {
	answer, err := call[container.ExecInspectResponse](ctx, c, request{method: http.MethodGet, path: []string{"exec", id, "json"}})
	if err == nil && answer.ExitCode == nil {
		err = errors.New("the engine does not say how the command has ended")
	}
	if err != nil {
		return 0, err
	}
	return *answer.ExitCode, nil
}
