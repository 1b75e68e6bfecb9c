package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/moby/moby/api/types/image"

	"fleet/internal/spec"
	"fleet/internal/tasks/docker/client"
	"fleet/internal/tasks/docker/reference"
	"fleet/internal/tasks/sys"
)

// Image brings an image to the machine or takes it away: it pulls, builds,
// loads, tags, pushes, saves and removes. Registries are asked with the login
// that docker_login keeps. An image that is there is left alone unless
// force_source is set.
//
// Example:
//
//	tasks:
//	  - docker_image:
//	      name: registry.example.com/shop/todo:v2
//	      source: pull
var Image = sys.Define(spec.Module{
	Name:  "docker_image",
	Names: []string{"community.docker.docker_image", "community.general.docker_image"},
}, runImage)

type dockerImageArgs struct {
	engineArgs
	// The image's name, with or without a tag or digest, or its ID.
	Name string `arg:"name,required"`
	// The tag, where name has none.
	Tag string `arg:"tag" default:"latest"`
	// Whether the image is to be there (present) or not (absent).
	State string `arg:"state" choices:"absent,present" default:"present"`
	// Where the image comes from: a registry (pull), a folder on the target (build), a
	// tar file on the target (load), or it must be there already (local).
	Source string `arg:"source" choices:"build,load,pull,local"`
	// Pull, build or load also where the image is there. A pull asks the registry
	// first whether its image is another one.
	ForceSource bool `arg:"force_source" default:"false"`
	// Remove the image also where a container or another name uses it.
	ForceAbsent bool `arg:"force_absent" default:"false"`
	// Let repository's tag point to this image also where it is another image's.
	ForceTag bool `arg:"force_tag" default:"false"`
	// Give the image this further name, with a tag or with the same tag.
	Repository string `arg:"repository"`
	// Push the image, under repository if that is given.
	Push bool `arg:"push" default:"false"`
	// How to pull.
	Pull *imagePullArgs `arg:"pull"`
	// How to build.
	Build *imageBuildArgs `arg:"build"`
	// The tar file on the target that source load reads.
	LoadPath string `arg:"load_path" type:"path"`
	// Save the image into this tar file on the target.
	ArchivePath string `arg:"archive_path" type:"path"`
}

type imagePullArgs struct {
	// The platform of the image: os/arch[/variant].
	Platform string `arg:"platform"`
}

type dockerImageResult struct {
	// Only given where it is not what the changes say: a build that made the same image.
	Changed *bool `json:"changed,omitempty"`
	// What the engine reports of the image, by the names of its API. Empty where it is absent.
	Image map[string]any `json:"image"`
	// What was done, in words.
	Actions []string `json:"actions"`
	// What the build wrote.
	Stdout string `json:"stdout,omitempty"`
	// What did not stop the task but should be known.
	Warnings []string `json:"warnings,omitempty"`
}

// imageTask is one call of docker_image.
type imageTask struct {
	*engine
	args   *dockerImageArgs
	name   imageName
	logins *logins
	have   *image.InspectResponse // nil where there is none
	stdout string
	same   bool // a build made the image that was there
}

func runImage(ctx context.Context, m *sys.Machine, a *dockerImageArgs) (any, error) {
	t, err := newImageTask(m, a)
	if err != nil {
		return nil, err
	}
	if t.engine, err = connect(ctx, m, &a.engineArgs); err != nil {
		return nil, err
	}
	defer t.Close()
	if t.have, err = t.image(ctx, t.name.given); err != nil {
		return nil, err
	}
	if a.State == "absent" {
		err = t.absent(ctx)
	} else {
		err = t.present(ctx)
	}
	result, rerr := t.result(ctx)
	if err == nil {
		err = rerr
	}
	return result, err
}

func newImageTask(m *sys.Machine, a *dockerImageArgs) (*imageTask, error) {
	given := a.Name
	if ref, err := reference.Parse(given); err == nil && ref.NameOnly() && !strings.HasPrefix(given, "sha256:") {
		given += ":" + a.Tag
	}
	t := &imageTask{args: a}
	var err error
	if t.name, err = parseImage(given); err != nil {
		return nil, err
	}
	missing := ""
	switch {
	case a.State == "absent":
	case a.Source == "":
		missing = "source"
	case a.Source == "build" && (a.Build == nil || a.Build.Path == ""):
		missing = "build.path"
	case a.Source == "load" && a.LoadPath == "":
		missing = "load_path"
	}
	switch missing {
	case "":
	case "source":
		return nil, errors.New("argument \"source\" is missing\nhint: source: pull brings the image from its registry; others are build, load and local")
	default:
		return nil, fmt.Errorf("argument %q is missing: source %s needs it", missing, a.Source)
	}
	t.logins, err = readLogins(m, "")
	return t, err
}

func (t *imageTask) present(ctx context.Context) error {
	if err := t.obtain(ctx); err != nil {
		return err
	}
	if t.args.ArchivePath != "" {
		if err := t.archive(ctx); err != nil {
			return err
		}
	}
	name := t.name
	if t.args.Repository != "" {
		var err error
		if name, err = t.tag(ctx); err != nil {
			return err
		}
	}
	if t.args.Push {
		return t.push(ctx, name)
	}
	return nil
}

// obtain brings the image from its source. In check mode have may stay nil.
func (t *imageTask) obtain(ctx context.Context) error {
	if t.have != nil && !t.args.ForceSource {
		return nil
	}
	switch t.args.Source {
	case "pull":
		wish := imageWish{name: t.name, when: pullAlways, logins: t.logins}
		if t.args.Pull != nil {
			wish.platform = t.args.Pull.Platform
		}
		have, err := wish.ensure(ctx, t.engine)
		t.have = have
		return err
	case "build":
		return t.build(ctx)
	case "load":
		return t.load(ctx)
	}
	if t.have == nil && !t.m.Check {
		return fmt.Errorf("image %s is not on this machine, and source is local", t.name)
	}
	return nil
}

func (t *imageTask) absent(ctx context.Context) error {
	if t.have == nil {
		return nil
	}
	return t.m.Change(ctx, sys.Change{
		What: "remove image " + t.name.String(),
		Do: func(ctx context.Context) error {
			err := do(ctx, t.engine, func(ctx context.Context) error {
				return t.RemoveImage(ctx, t.name.given, t.args.ForceAbsent)
			})
			if err != nil && strings.Contains(err.Error(), "must") && strings.Contains(err.Error(), "force") {
				err = fmt.Errorf("%w\nhint: force_absent removes it all the same", err)
			}
			return err
		},
	})
}

// result looks at the image again and returns it as the engine reports it.
func (t *imageTask) result(ctx context.Context) (*dockerImageResult, error) {
	r := &dockerImageResult{Image: map[string]any{}, Actions: []string{}, Stdout: t.stdout, Warnings: t.warnings}
	for _, c := range t.m.Changes() {
		r.Actions = append(r.Actions, c.What)
	}
	if t.same && len(r.Actions) == 1 {
		unchanged := false
		r.Changed = &unchanged
	}
	if t.missing || t.args.State == "absent" {
		return r, nil
	}
	found, err := lookup(ctx, t.engine, func(ctx context.Context) (client.Image, error) { return t.Image(ctx, t.name.given) })
	if err == nil && found != nil {
		err = json.Unmarshal(found.Raw, &r.Image)
	}
	return r, err
}
