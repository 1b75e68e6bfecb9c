package docker

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"fleet/internal/tasks/sys"
)

// load reads the image from a tar file on the target.
func (t *imageTask) load(ctx context.Context) error {
	file, err := t.m.Expand(t.args.LoadPath)
	if err != nil {
		return err
	}
	f, err := t.m.Open(file)
	if err != nil && !(t.m.Check && errors.Is(err, fs.ErrNotExist)) {
		return fmt.Errorf("load_path: %w", err)
	}
	defer f.Close()
	before := t.have
	var said string
	err = t.m.Change(ctx, sys.Change{
		What: fmt.Sprintf("load image %s from %s", t.name, file),
		Do: func(ctx context.Context) error {
			seen, err := progress(ctx, func(ctx context.Context) (messages, error) {
				answer, err := t.LoadImage(ctx, f)
				if err != nil {
					return nil, err
				}
				return jsonStream{answer}, nil
			})
			said = strings.TrimSpace(streamText(seen))
			if err != nil {
				return fmt.Errorf("%s cannot be loaded: %w", file, err)
			}
			return nil
		},
	})
	if err != nil || t.m.Check {
		return err
	}
	t.have, err = t.image(ctx, t.name.given)
	if err == nil && t.have == nil {
		return fmt.Errorf("%s does not hold image %s: %s", file, t.name, said)
	}
	t.same = before != nil && before.ID == t.have.ID
	return err
}

// archive saves the image into a tar file on the target, unless it is there.
func (t *imageTask) archive(ctx context.Context) error {
	file, err := t.m.Expand(t.args.ArchivePath)
	if err != nil {
		return err
	}
	place := t.m.Path(file)
	if t.have != nil && holds(place, t.have.ID, t.name.String()) {
		return nil
	}
	return t.m.Change(ctx, sys.Change{
		What: fmt.Sprintf("save image %s to %s", t.name, file),
		Do:   func(ctx context.Context) error { return t.save(ctx, place) },
	})
}

func (t *imageTask) save(ctx context.Context, file string) error {
	stream, err := t.SaveImage(ctx, t.name.String())
	if err != nil {
		return err
	}
	defer stream.Close()
	f, err := os.CreateTemp(filepath.Dir(file), ".fleet-image-")
	if err != nil {
		return fmt.Errorf("archive_path: %w", err)
	}
	defer os.Remove(f.Name()) // gone already where all went well
	_, err = io.Copy(f, stream)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}

// holds reports whether a tar file is this image under this name. What cannot be
// read is not.
func holds(file, id, name string) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	var manifest []struct {
		Config   string
		RepoTags []string
	}
	var index struct {
		Manifests []struct {
			Digest string `json:"digest"`
		} `json:"manifests"`
	}
	in := tar.NewReader(f)
	for {
		header, err := in.Next()
		if err != nil {
			break
		}
		switch header.Name {
		case "manifest.json":
			_ = json.NewDecoder(in).Decode(&manifest) // what is no manifest names no image
		case "index.json":
			_ = json.NewDecoder(in).Decode(&index)
		}
	}
	if len(manifest) != 1 || !slices.Contains(manifest[0].RepoTags, name) {
		return false
	}
	config := strings.TrimSuffix(path.Base(manifest[0].Config), ".json")
	// The ID is the digest of the configuration or, in newer image stores, of the manifest.
	return "sha256:"+config == id || len(index.Manifests) == 1 && index.Manifests[0].Digest == id
}
