package system

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"fleet/internal/tasks/sys"
)

// sshKey makes a key pair where there is none, or where it is forced, and tells
// about the one there is. Half a pair is something to keep too.
func (r *userRun) sshKey(ctx context.Context, u sys.User) error {
	file := r.a.SSHKeyFile
	if file == "" {
		file = filepath.Join(".ssh", "id_"+r.a.SSHKeyType)
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(u.Home, file)
	}
	r.res.SSHKeyFile = file
	what, taken := "create SSH key ", r.taken(file)
	if taken != "" {
		what = "replace SSH key "
	}
	switch {
	case taken == "" || r.a.Force:
		err := r.m.Change(ctx, sys.Change{What: what + file,
			Do: func(ctx context.Context) error { return r.keygen(ctx, u, file) }})
		if err != nil || r.m.Check {
			return err
		}
	case !r.m.Exists(file):
		r.res.Warnings = append(r.res.Warnings, fmt.Sprintf("%s is there without a private key: no key was made; force: true replaces it", taken))
	}
	return r.tellKey(ctx, file)
}

// taken returns the path of the pair that something lies at, be it a link to
// nowhere; "" where both are free.
func (r *userRun) taken(file string) string {
	for _, path := range []string{file, file + ".pub"} {
		if _, err := os.Lstat(r.m.Path(path)); err == nil {
			return path
		}
	}
	return ""
}

// tellKey puts the public key and the fingerprint into the result, as far as
// they are there.
func (r *userRun) tellKey(ctx context.Context, file string) error {
	public, err := r.m.ReadFile(file + ".pub")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the public key cannot be read: %w", err)
	}
	r.res.SSHPublicKey = strings.TrimSpace(string(public))
	if !r.m.Exists(file) {
		return nil
	}
	out, err := r.m.Run(ctx, sys.Command{Argv: []string{"ssh-keygen", "-l", "-f", r.m.Path(file)}})
	if err == nil && out.Code != 0 {
		r.res.Warnings = append(r.res.Warnings, "the key has no fingerprint: "+strings.TrimSpace(out.Stderr))
		return nil
	}
	r.res.SSHFingerprint = strings.TrimSpace(out.Stdout)
	return err
}

// keygen makes the pair in a folder of its own and moves it to its place: a key
// that cannot be made leaves the old one, and no link of the user's is followed.
func (r *userRun) keygen(ctx context.Context, u sys.User, file string) error {
	folder := r.m.Path(filepath.Dir(file))
	if _, err := os.Stat(folder); err != nil {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
		if err := os.Chown(folder, u.UID, u.GID); err != nil {
			return err
		}
	}
	temp, err := os.MkdirTemp(folder, ".fleet-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	c := r.a.keygen(filepath.Join(temp, "key"))
	out, err := r.m.Run(ctx, c)
	if err == nil && out.Code != 0 {
		err = &sys.ExitError{Argv: c.Argv, Output: out}
	}
	if err != nil {
		return err
	}
	for _, end := range []string{"", ".pub"} {
		made := filepath.Join(temp, "key"+end)
		if err := os.Lchown(made, u.UID, u.GID); err != nil {
			return err
		}
		if err := os.Rename(made, r.m.Path(file+end)); err != nil {
			return err
		}
	}
	return nil
}

// keygen returns the command that makes the key pair.
func (a *userArgs) keygen(file string) sys.Command {
	comment := a.SSHKeyComment
	if comment == "" {
		host, _ := os.Hostname()
		comment = "ansible-generated on " + host
	}
	c := sys.Command{Argv: []string{"ssh-keygen", "-q", "-t", a.SSHKeyType, "-C", comment, "-f", file}}
	if a.SSHKeyBits > 0 {
		c.Argv = append(c.Argv, "-b", strconv.Itoa(a.SSHKeyBits))
	}
	if phrase := a.SSHKeyPassphrase; phrase == "" {
		c.Argv = append(c.Argv, "-N", "")
	} else { // it asks twice, and an argument would be seen by all
		c.Stdin, c.Alone, c.Env = []byte(phrase+"\n"+phrase+"\n"), true, []string{"SSH_ASKPASS_REQUIRE=never"}
	}
	return c
}
