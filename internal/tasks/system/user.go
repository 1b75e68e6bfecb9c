package system

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// User creates, changes and removes users with the machine's useradd, usermod
// and userdel. Passwords never stand on a command line.
//
// Example:
//
//	tasks:
//	  - name: An operator who may log in with a key only
//	    user:
//	      name: ops
//	      groups: [sudo, docker]
//	      append: true
//	      shell: /bin/bash
var User = sys.Define(spec.Module{
	Name:  "user",
	Names: []string{"ansible.builtin.user", "ansible.legacy.user"},
}, user)

type userArgs struct {
	// The name.
	Name string `arg:"name,required" alias:"user"`
	// Whether the user should be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// The number.
	UID *int `arg:"uid"`
	// Allow a number that another user has.
	NonUnique bool `arg:"non_unique"`
	// The full name.
	Comment *string `arg:"comment"`
	// The primary group, by name or number. It has to be there.
	Group string `arg:"group"`
	// The other groups. They have to be there. An empty list takes the user out of
	// all groups but the primary one.
	Groups *[]string `arg:"groups"`
	// Add the groups to those that the user is in. Otherwise they replace them.
	Append bool `arg:"append"`
	// The login shell.
	Shell string `arg:"shell" type:"path"`
	// The home folder.
	Home string `arg:"home" type:"path"`
	// Make the home folder where it is missing.
	CreateHome bool `arg:"create_home" alias:"createhome" default:"true"`
	// Move the old home folder to the new place.
	MoveHome bool `arg:"move_home"`
	// The folder whose content a new home folder gets.
	Skeleton string `arg:"skeleton" type:"path"`
	// The umask for a new home folder, as "077".
	Umask string `arg:"umask"`
	// Make a system user, with a low number. It matters only for a new user.
	System bool `arg:"system"`
	// The password's hash, as the filter password_hash makes it, or "!" or "*".
	Password *string `arg:"password,secret"`
	// When the password is set: always, or only for a new user.
	UpdatePassword string `arg:"update_password" choices:"always,on_create" default:"always"`
	// Lock the password, or unlock it.
	PasswordLock *bool `arg:"password_lock"`
	// When the account ends, in seconds since 1970; a negative number is never.
	Expires *float64 `arg:"expires"`
	// The most days between two changes of the password.
	PasswordExpireMax *int `arg:"password_expire_max"`
	// The fewest days between two changes of the password.
	PasswordExpireMin *int `arg:"password_expire_min"`
	// How many days before its end the user is warned.
	PasswordExpireWarn *int `arg:"password_expire_warn"`
	// How many days after the password's end the account is disabled.
	PasswordExpireAccountDisable *int `arg:"password_expire_account_disable"`
	// The lowest number for a new user, in place of the machine's own limit.
	UIDMin *int `arg:"uid_min"`
	// The highest number for a new user.
	UIDMax *int `arg:"uid_max"`
	// Look only in the machine's own files, not in a directory service.
	Local bool `arg:"local"`
	// With state absent, remove the home folder and the mail too.
	Remove bool `arg:"remove"`
	// With state absent, remove also a user who is logged in. With
	// generate_ssh_key, make a new key pair in place of one that is there, each time.
	Force bool `arg:"force"`
	// The SELinux user of the login.
	SEUser string `arg:"seuser"`
	// Make a key pair for SSH where there is none. A public key alone, or a link, is
	// kept with a warning; force replaces it.
	GenerateSSHKey bool `arg:"generate_ssh_key"`
	// The kind of the key.
	SSHKeyType string `arg:"ssh_key_type" default:"rsa"`
	// The size of the key; the default is ssh-keygen's for the kind.
	SSHKeyBits int `arg:"ssh_key_bits"`
	// The file of the private key; below the home folder where it does not start
	// with a slash.
	SSHKeyFile string `arg:"ssh_key_file" type:"path"`
	// The passphrase of the key. One that is there already keeps its own.
	SSHKeyPassphrase string `arg:"ssh_key_passphrase,secret"`
	// The comment in the key; the default names the machine.
	SSHKeyComment string `arg:"ssh_key_comment"`
}

type userResult struct {
	// The name.
	Name string `json:"name"`
	// What was asked for.
	State string `json:"state"`
	// The user's number.
	UID int `json:"uid,omitempty"`
	// The number of the primary group.
	Group int `json:"group,omitempty"`
	// The other groups that were asked for, with commas between them.
	Groups string `json:"groups,omitempty"`
	// Whether groups were added only.
	Append bool `json:"append"`
	// The home folder.
	Home string `json:"home,omitempty"`
	// The login shell.
	Shell string `json:"shell,omitempty"`
	// The full name.
	Comment string `json:"comment"`
	// Whether a system user was asked for.
	System bool `json:"system"`
	// Whether the home folder was to be made.
	CreateHome bool `json:"create_home"`
	// Whether the home folder was to be moved.
	MoveHome bool `json:"move_home"`
	// With state absent, whether a user who is logged in was to go too.
	Force bool `json:"force"`
	// With state absent, whether the home folder was to go too.
	Remove bool `json:"remove"`
	// That a password was given; never which.
	Password string `json:"password,omitempty"`
	// The file of the private key.
	SSHKeyFile string `json:"ssh_key_file,omitempty"`
	// The public key.
	SSHPublicKey string `json:"ssh_public_key,omitempty"`
	// The fingerprint of the key.
	SSHFingerprint string `json:"ssh_fingerprint,omitempty"`
	// What should be known and is no failure.
	Warnings []string `json:"warnings,omitempty"`
}

// accountName reports whether a user or a group can have this name.
func accountName(s string) bool {
	return s != "" && s[0] != '-' && !strings.ContainsAny(s, ":,/ \t\n\f\r")
}

func user(ctx context.Context, m *sys.Machine, a *userArgs) (any, error) {
	if !accountName(a.Name) {
		return nil, fmt.Errorf("argument %q: %q cannot be the name of a user", "name", a.Name)
	}
	if a.Local && (a.UIDMin != nil || a.UIDMax != nil) {
		return nil, sys.Messagef("'uid_min' and 'uid_max' can not be used with 'local'")
	}
	if a.Local && a.Umask != "" {
		return nil, sys.Messagef("'umask' can not be used with 'local'")
	}
	a.Shell, a.Home = strings.TrimSpace(a.Shell), strings.TrimSpace(a.Home)
	var err error
	if a.Shell, err = m.Expand(a.Shell); err != nil {
		return nil, err
	}
	res := &userResult{Name: a.Name, State: a.State, Append: a.Append, System: a.System,
		CreateHome: a.CreateHome, MoveHome: a.MoveHome, Force: a.Force, Remove: a.Remove}
	if a.Password != nil {
		res.Password = "NOT_LOGGING_PASSWORD"
	}
	if a.Append && a.Groups == nil {
		res.Warnings = append(res.Warnings, "'append' is set, but no 'groups' are specified. Use 'groups' for appending new groups.")
	}
	u, err := findUser(m, a.Name, a.Local)
	there := err == nil
	if err != nil && !errors.Is(err, sys.ErrNoAccount) {
		return res, err
	}
	switch {
	case a.State == "absent" && !there:
		return res, nil
	case a.State == "absent":
		return res, removeUser(ctx, m, a)
	}
	if !m.Has("useradd") {
		return res, errors.New("this machine has no useradd; install its package (passwd, shadow-utils or shadow) first")
	}
	r := userRun{m: m, a: a, res: res}
	if err := r.checkGroups(); err != nil {
		return res, err
	}
	if there {
		err = r.modify(ctx, u)
	} else {
		err = r.create(ctx)
	}
	if err == nil {
		err = r.finish(ctx)
	}
	return res, err
}

func removeUser(ctx context.Context, m *sys.Machine, a *userArgs) error {
	argv := []string{"userdel"}
	if a.Force {
		argv = append(argv, "-f")
	}
	if a.Remove {
		argv = append(argv, "-r")
	}
	return m.Change(ctx, sys.Change{What: "remove user " + a.Name, Do: func(ctx context.Context) error {
		_, err := m.Must(ctx, append(argv, a.Name)...)
		return err
	}})
}

// userRun is one run of the module for a user who should be there.
type userRun struct {
	m   *sys.Machine
	a   *userArgs
	res *userResult
}

// checkGroups fails where a group is missing. In check mode an earlier step may
// be the one that would have made it.
func (r *userRun) checkGroups() error {
	var names []string
	if r.a.Groups != nil {
		for _, name := range *r.a.Groups {
			if name = strings.TrimSpace(name); name != "" {
				names = append(names, name)
			}
		}
		*r.a.Groups = names
		r.res.Groups = strings.Join(names, ",")
	}
	if r.a.Group != "" {
		names = append(names[:len(names):len(names)], r.a.Group)
	}
	for _, name := range names {
		if _, err := findGroup(r.m, name); err != nil {
			if !r.m.Check {
				return fmt.Errorf("%w; create it first with the module group", err)
			}
			r.res.Warnings = append(r.res.Warnings, fmt.Sprintf("%s now: this works only if an earlier step creates it", err))
		}
	}
	return nil
}

// finish makes the home folder and the SSH key, and tells how the user is now.
func (r *userRun) finish(ctx context.Context) error {
	u, err := findUser(r.m, r.a.Name, r.a.Local)
	if err != nil {
		if r.m.Check {
			return nil
		}
		return err
	}
	r.res.UID, r.res.Group, r.res.Home, r.res.Shell, r.res.Comment = u.UID, u.GID, u.Home, u.Shell, u.Gecos
	if r.a.Home != "" && r.m.Check {
		u.Home = r.a.Home
	}
	if r.a.CreateHome {
		if err := r.makeHome(ctx, u); err != nil {
			return err
		}
	}
	if r.a.GenerateSSHKey {
		return r.sshKey(ctx, u)
	}
	return nil
}
