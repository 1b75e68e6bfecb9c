package docker

import (
	"context"
	"fmt"

	"fleet/internal/tasks/docker/reference"
	"fleet/internal/tasks/sys"
)

// tag gives the image its further name.
func (t *imageTask) tag(ctx context.Context) (imageName, error) {
	given := t.args.Repository
	ref, err := reference.Parse(given)
	if err != nil {
		return imageName{}, fmt.Errorf("repository %q: %w", given, err)
	}
	if tag := t.name.ref.Tag; tag != "" && ref.NameOnly() {
		given += ":" + tag
	}
	name, err := parseImage(given)
	if err != nil {
		return name, err
	}
	if name.isID() || name.ref.Digest != "" {
		return name, fmt.Errorf("repository %q: a digest is no name that an image can be given", given)
	}
	other, err := t.image(ctx, name.given)
	switch {
	case err != nil:
		return name, err
	case other != nil && t.have != nil && other.ID == t.have.ID:
		return name, nil
	case other != nil && !t.args.ForceTag:
		t.warnings = append(t.warnings, fmt.Sprintf("%s is another image and was left: force_tag moves the name", name))
		return name, nil
	}
	return name, t.m.Change(ctx, sys.Change{
		What: fmt.Sprintf("tag image %s as %s", t.name, name),
		Do: func(ctx context.Context) error {
			return do(ctx, t.engine, func(ctx context.Context) error {
				return t.TagImage(ctx, t.have.ID, name.ref.Repository(), name.ref.Tag)
			})
		},
	})
}

// push brings the image to its registry, unless it is there already.
func (t *imageTask) push(ctx context.Context, name imageName) error {
	if name.isID() {
		return fmt.Errorf("image %s is named by its ID, which no registry knows\nhint: give it a name by repository", name)
	}
	if name.ref.Digest != "" {
		return fmt.Errorf("image %s is named by its digest, which cannot be pushed", name)
	}
	auth, err := authHeader(ctx, t.logins, name.ref)
	if err != nil {
		return err
	}
	wish := imageWish{name: name, logins: t.logins}
	if !t.missing {
		have, err := t.image(ctx, name.given)
		if err != nil {
			return err
		}
		if have != nil {
			// An error says that the registry does not have it; what is really wrong the push will say.
			if same, err := wish.upToDate(ctx, t.engine, have, auth); same && err == nil {
				return nil
			}
		}
	}
	return t.m.Change(ctx, sys.Change{
		What: "push image " + name.String(),
		Do: func(ctx context.Context) error {
			_, err := progress(ctx, func(ctx context.Context) (messages, error) {
				return reported(t.PushImage(ctx, name.ref.Repository(), name.ref.Tag, auth))
			})
			return wish.explain(err, auth != "")
		},
	})
}
