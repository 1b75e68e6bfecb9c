package system

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"fleet/internal/tasks/sys"
)

// makeHome makes the home folder of a user who was there without one, as
// useradd would have.
func (r *userRun) makeHome(ctx context.Context, u sys.User) error {
	if u.Home == "" || u.Home == "/nonexistent" || fileExists(r.m, u.Home) {
		return nil
	}
	skeleton := r.a.Skeleton
	if skeleton == "" {
		skeleton = "/etc/skel"
	}
	mode := r.homeMode()
	return r.m.Change(ctx, sys.Change{What: "create folder " + u.Home, Do: func(context.Context) error {
		home := r.m.Path(u.Home)
		if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil {
			return err
		}
		if err := os.Mkdir(home, mode); err != nil {
			return err
		}
		if err := copyTree(r.m.Path(skeleton), home, u); err != nil {
			return err
		}
		return os.Chmod(home, mode)
	}})
}

// homeMode is the mode of a new home folder: by the argument umask, or by what
// login.defs(5) says, as with useradd.
func (r *userRun) homeMode() fs.FileMode {
	data, _ := os.ReadFile(r.m.Path("/etc/login.defs"))
	said := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) >= 2 {
			said[f[0]] = f[1]
		}
	}
	if mode, err := strconv.ParseUint(said["HOME_MODE"], 8, 12); err == nil && r.a.Umask == "" {
		return fs.FileMode(mode)
	}
	mask, err := strconv.ParseUint(cmp.Or(r.a.Umask, said["UMASK"]), 8, 12)
	if err != nil {
		mask = 0o022
	}
	return 0o777 &^ fs.FileMode(mask)
}

// copyTree copies what is in a folder into another one and gives all of it to
// the user. A folder that is missing is an empty one.
func copyTree(from, to string, u sys.User) error {
	if _, err := os.Stat(from); err == nil {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			return err
		}
	}
	return filepath.WalkDir(to, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, u.UID, u.GID)
	})
}

// sshKey makes a key pair where there is none, and tells about the one there is.
func (r *userRun) sshKey(ctx context.Context, u sys.User) error {
	file := r.a.SSHKeyFile
	if file == "" {
		file = filepath.Join(".ssh", "id_"+r.a.SSHKeyType)
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(u.Home, file)
	}
	r.res.SSHKeyFile = file
	if !fileExists(r.m, file) {
		err := r.m.Change(ctx, sys.Change{What: "create SSH key " + file,
			Do: func(ctx context.Context) error { return r.keygen(ctx, u, file) }})
		if err != nil || r.m.Check {
			return err
		}
	}
	public, err := os.ReadFile(r.m.Path(file + ".pub"))
	if err != nil {
		return fmt.Errorf("the public key cannot be read: %w", err)
	}
	r.res.SSHPublicKey = strings.TrimSpace(string(public))
	out, err := r.m.Must(ctx, "ssh-keygen", "-l", "-f", r.m.Path(file+".pub"))
	r.res.SSHFingerprint = strings.TrimSpace(out.Stdout)
	return err
}

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
	c := r.a.keygen(r.m.Path(file))
	out, err := r.m.Run(ctx, c)
	if err == nil && out.Code != 0 {
		err = &sys.ExitError{Argv: c.Argv, Output: out}
	}
	if err != nil {
		return err
	}
	for _, name := range []string{file, file + ".pub"} {
		if err := os.Chown(r.m.Path(name), u.UID, u.GID); err != nil {
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
