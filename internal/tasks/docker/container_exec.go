package docker

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/moby/moby/api/types/container"

	"fleet/internal/spec"
	"fleet/internal/tasks/docker/client"
	"fleet/internal/tasks/sys"
)

// ContainerExec runs a command in a container that runs. It reports a change each
// time, fails where the command's exit code is not 0, and is skipped in check mode.
//
// Example:
//
//	tasks:
//	  - docker_container_exec:
//	      container: redis
//	      argv: [redis-cli, ping]
//	    register: ping
//	    changed_when: false
var ContainerExec = sys.Define(spec.Module{
	Name:      "docker_container_exec",
	Names:     []string{"community.docker.docker_container_exec"},
	Exclusive: [][]string{{"argv", "command"}},
	OneOf:     [][]string{{"argv", "command"}},
}, containerExec)

type dockerContainerExecArgs struct {
	engineArgs
	// The container's name or ID.
	Container string `arg:"container,required"`
	// The command as a list of words.
	Argv []string `arg:"argv"`
	// The command as a text; no shell reads it.
	Command string `arg:"command"`
	// The folder in the container that it starts in.
	Chdir string `arg:"chdir"`
	// Does not wait for the command.
	Detach bool `arg:"detach"`
	// The user in the container, by name or number.
	User string `arg:"user"`
	// What the command reads.
	Stdin *string `arg:"stdin"`
	// Puts a line break behind that.
	StdinAddNewline bool `arg:"stdin_add_newline" default:"true"`
	// Takes line breaks off the end of stdout and stderr.
	StripEmptyEnds bool `arg:"strip_empty_ends" default:"true"`
	// Gives the command a terminal; all that it writes is then stdout.
	TTY bool `arg:"tty"`
	// Environment variables; the values are texts, in quotes.
	Env map[string]any `arg:"env"`
}

type dockerContainerExecResult struct {
	// Always true.
	Changed bool `json:"changed"`
	// What the command wrote.
	Stdout *string `json:"stdout,omitempty"`
	// What it wrote as errors.
	Stderr *string `json:"stderr,omitempty"`
	// Its exit code.
	RC *int `json:"rc,omitempty"`
	// The engine's number of the command, where detach is set.
	ExecID string `json:"exec_id,omitempty"`
}

func containerExec(ctx context.Context, m *sys.Machine, a *dockerContainerExecArgs) (any, error) {
	options, err := a.options()
	if err != nil {
		return nil, err
	}
	if m.Check {
		return sys.Skip("the command is not run in check mode"), nil
	}
	e, err := connect(ctx, m, &a.engineArgs)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	made, err := lookup(ctx, e, func(ctx context.Context) (string, error) {
		return e.CreateExec(ctx, a.Container, options)
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("container %q: %w", a.Container, err)
	case made == nil:
		return nil, fmt.Errorf("there is no container %q", a.Container)
	}
	result := &dockerContainerExecResult{Changed: true}
	if a.Detach {
		result.ExecID = *made
		return result, do(ctx, e, func(ctx context.Context) error { return e.StartExec(ctx, *made, a.TTY) })
	}
	stdout, stderr, err := a.attach(ctx, e, *made)
	if err != nil {
		return nil, fmt.Errorf("container %q: %w", a.Container, err)
	}
	code, err := ask(ctx, e, func(ctx context.Context) (int, error) { return e.ExitCode(ctx, *made) })
	if err != nil {
		return nil, err
	}
	result.Stdout, result.Stderr, result.RC = &stdout, &stderr, &code
	if code != 0 {
		return result, errors.New("non-zero return code")
	}
	return result, nil
}

func (a *dockerContainerExecArgs) options() (container.ExecCreateRequest, error) {
	o := container.ExecCreateRequest{User: a.User, Tty: a.TTY, AttachStdin: a.Stdin != nil, AttachStdout: true, AttachStderr: true, WorkingDir: a.Chdir, Cmd: a.Argv}
	if a.Detach && a.Stdin != nil {
		return o, errors.New("arguments detach, stdin exclude each other")
	}
	for _, name := range sortedKeys(a.Env) {
		value, ok := a.Env[name].(string)
		if !ok {
			return o, fmt.Errorf("argument \"env.%s\": want text, not %v\nhint: put it in quotes", name, a.Env[name])
		}
		o.Env = append(o.Env, name+"="+value)
	}
	var err error
	if a.Command != "" {
		o.Cmd, err = sys.Split(a.Command)
	}
	return o, err
}

// attach starts the command and reads what it writes until it ends.
func (a *dockerContainerExecArgs) attach(ctx context.Context, e *engine, id string) (stdout, stderr string, err error) {
	stream, err := ask(ctx, e, func(ctx context.Context) (client.Stream, error) { return e.AttachExec(ctx, id, a.TTY) })
	if err != nil {
		return "", "", err
	}
	defer stream.Close()
	defer context.AfterFunc(ctx, func() { stream.Close() })()
	written := make(chan struct{})
	go func() {
		defer close(written)
		if a.Stdin != nil {
			text := *a.Stdin
			if a.StdinAddNewline {
				text += "\n"
			}
			_, _ = io.WriteString(stream, text) // a command that does not read it may have ended
			_ = stream.CloseWrite()             // as above
		}
	}()
	defer func() { <-written }()
	var out, errs bytes.Buffer
	if a.TTY {
		_, err = io.Copy(limited{&out}, stream)
	} else {
		err = demultiplex(stream, limited{&out}, limited{&errs})
	}
	stream.Close()
	if ctx.Err() != nil {
		return "", "", ctx.Err()
	}
	stdout, stderr = strings.ToValidUTF8(out.String(), "?"), strings.ToValidUTF8(errs.String(), "?")
	if a.StripEmptyEnds {
		stdout, stderr = strings.TrimRight(stdout, "\r\n"), strings.TrimRight(stderr, "\r\n")
	}
	return stdout, stderr, err
}

// limited keeps the first sys.MaxOutput bytes and drops the rest. It embeds no
// buffer: io.Copy would use the buffer's ReadFrom, which has no limit.
type limited struct{ kept *bytes.Buffer }

func (l limited) Write(p []byte) (int, error) {
	l.kept.Write(p[:min(len(p), sys.MaxOutput-l.kept.Len())])
	return len(p), nil
}

// demultiplex parts the engine's stream: each piece stands behind eight bytes, of
// which the first says whose it is and the last four how long it is.
func demultiplex(r io.Reader, stdout, stderr io.Writer) error {
	for {
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			if err == io.EOF {
				return nil
			}
			return err
		}
		w := stdout
		if head[0] == 2 {
			w = stderr
		}
		if _, err := io.CopyN(w, r, int64(binary.BigEndian.Uint32(head[4:]))); err != nil {
			return err
		}
	}
}
