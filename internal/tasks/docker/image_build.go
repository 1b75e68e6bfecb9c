package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/moby/moby/api/types/jsonstream"

	"fleet/internal/tasks/docker/client"
	"fleet/internal/tasks/sys"
)

type imageBuildArgs struct {
	// The folder on the target that is sent to the engine. Its .dockerignore is honoured.
	Path string `arg:"path,required" type:"path"`
	// The Dockerfile, relative to path.
	Dockerfile string `arg:"dockerfile" default:"Dockerfile"`
	// Build arguments.
	Args map[string]string `arg:"args"`
	// Labels.
	Labels map[string]string `arg:"labels"`
	// Pull the base image although it is there.
	Pull bool `arg:"pull" default:"false"`
	// Do not use the cache.
	NoCache bool `arg:"nocache" default:"false"`
	// Remove the containers in between.
	Rm bool `arg:"rm" default:"true"`
	// The stage to build.
	Target string `arg:"target"`
	// The network of the build's commands.
	Network string `arg:"network"`
	// The platform: os/arch[/variant].
	Platform string `arg:"platform"`
	// Images whose layers may serve as cache.
	CacheFrom []string `arg:"cache_from"`
	// Lines for /etc/hosts: host name to address.
	EtcHosts map[string]string `arg:"etc_hosts"`
	// The size of /dev/shm, as 64M.
	ShmSize string `arg:"shm_size"`
}

func (t *imageTask) build(ctx context.Context) error {
	b := t.args.Build
	opts, err := b.options(t.name.String())
	if err != nil {
		return err
	}
	folder, err := t.m.Expand(b.Path)
	if err != nil {
		return err
	}
	source, err := openContext(t.m.Path(folder), b.Dockerfile)
	if err != nil && (!t.m.Check || t.have != nil) {
		return fmt.Errorf("build: %w", err)
	}
	before := t.have
	err = t.m.Change(ctx, sys.Change{
		What: fmt.Sprintf("build image %s from %s", t.name, folder),
		Do: func(ctx context.Context) error {
			seen, err := progress(ctx, func(ctx context.Context) (messages, error) {
				tarball := source.tar()
				answer, err := t.BuildImage(ctx, tarball, opts)
				return jsonStream{answer}, errors.Join(err, tarballError(err, tarball))
			})
			t.stdout = streamText(seen)
			if err != nil {
				return fmt.Errorf("image %s cannot be built: %w\n%s", t.name, err, tailOf(t.stdout, 20))
			}
			return nil
		},
	})
	if err != nil || t.m.Check {
		return err
	}
	t.have, err = t.image(ctx, t.name.given)
	t.same = before != nil && t.have != nil && before.ID == t.have.ID
	return err
}

// tarballError stops the writer of the context where the engine did not read it.
func tarballError(err error, tarball *io.PipeReader) error {
	if err != nil {
		_ = tarball.CloseWithError(err) // it always succeeds
	}
	return nil
}

func (b *imageBuildArgs) options(tag string) (client.Build, error) {
	opts := client.Build{
		Tag: tag, Dockerfile: b.Dockerfile, NoCache: b.NoCache, Pull: b.Pull, KeepContainers: !b.Rm, Platform: b.Platform,
		Labels: b.Labels, Target: b.Target, Network: b.Network, CacheFrom: b.CacheFrom, Args: b.Args,
	}
	for _, name := range sortedKeys(b.EtcHosts) {
		opts.ExtraHosts = append(opts.ExtraHosts, name+":"+b.EtcHosts[name])
	}
	if b.ShmSize != "" {
		n, err := size("build.shm_size", b.ShmSize)
		if err != nil {
			return opts, err
		}
		opts.ShmSize = n
	}
	return opts, nil
}

// jsonStream reads the reports of requests for which the client has no reader.
type jsonStream struct{ io.ReadCloser }

func (s jsonStream) JSONMessages(ctx context.Context) iter.Seq2[jsonstream.Message, error] {
	return func(yield func(jsonstream.Message, error) bool) {
		stop := context.AfterFunc(ctx, func() { s.Close() })
		defer stop()
		defer s.Close()
		dec := json.NewDecoder(s)
		for {
			var message jsonstream.Message
			err := dec.Decode(&message)
			if errors.Is(err, io.EOF) {
				return
			}
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			if !yield(message, err) || err != nil {
				return
			}
		}
	}
}

func streamText(seen []jsonstream.Message) string {
	var text strings.Builder
	for _, message := range seen {
		text.WriteString(message.Stream)
	}
	return text.String()
}

// tailOf returns the last n lines.
func tailOf(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
