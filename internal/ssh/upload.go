package ssh

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/pkg/sftp"

	"fleet/internal/helper"
	"fleet/internal/launch"
)

// cacheFolder is where the start script looks for a helper first, below the
// user's home folder.
const cacheFolder = ".cache/fleet"

// upload puts the helper into the user's cache by SFTP, unpacked, for a host
// that cannot unpack it itself. The start script then finds it there.
func (c *Client) upload(ctx context.Context, whole bool) error {
	var platform bytes.Buffer
	if _, err := c.Exec(ctx, Command{Line: "uname -sm", Stdout: &platform}); err != nil {
		return err
	}
	h, err := launch.ForPlatform(c.d.store(), strings.TrimSpace(platform.String()), whole)
	if err != nil {
		return err
	}
	client, err := sftp.NewClient(c.conn, sftp.UseConcurrentWrites(true))
	if err != nil {
		return fmt.Errorf("sftp: %w", err)
	}
	// A write that hangs ends with the subsystem.
	stop := context.AfterFunc(ctx, func() { client.Close() })
	defer stop()
	defer client.Close()
	return put(client, h)
}

// put writes the helper to a temporary name, and renames it when it is whole.
func put(client *sftp.Client, h helper.Helper) error {
	packed, err := h.Open()
	if err != nil {
		return err
	}
	defer packed.Close()
	program, err := gzip.NewReader(packed)
	if err != nil {
		return err
	}
	if err := client.MkdirAll(cacheFolder); err != nil {
		return err
	}
	if err := client.Chmod(cacheFolder, 0o700); err != nil {
		return err
	}
	name := path.Join(cacheFolder, "fleet-target-"+h.Digest)
	temporary := path.Join(cacheFolder, ".fleet-target-"+rand.Text())
	if err := write(client, temporary, program); err != nil {
		// What is left of it is in the way of nothing.
		_ = client.Remove(temporary)
		return err
	}
	return client.PosixRename(temporary, name)
}

func write(client *sftp.Client, name string, content io.Reader) error {
	f, err := client.Create(name)
	if err != nil {
		return err
	}
	if err := f.Chmod(0o700); err != nil {
		f.Close()
		return err
	}
	if _, err := f.ReadFrom(content); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
