package access

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Sudoers has a rule for sudo in a file of its own, or takes it away. The file
// is checked with visudo before it is put in place, where that is installed.
//
// Example:
//
//	tasks:
//	  - name: Let the deployer restart the shop
//	    sudoers:
//	      name: deploy-shop
//	      user: deploy
//	      commands: /usr/bin/systemctl restart shop
var Sudoers = sys.Define(spec.Module{
	Name:      "sudoers",
	Names:     []string{"community.general.sudoers"},
	Exclusive: [][]string{{"user", "group"}},
}, sudoers)

type sudoersArgs struct {
	// The name of the file. sudo reads no file whose name has a dot or ends in ~.
	Name string `arg:"name,required"`
	// Whether the rule should be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// The user who may.
	User string `arg:"user"`
	// The group that may.
	Group string `arg:"group"`
	// What may be run: whole paths, with arguments where only these are meant; or ALL.
	Commands []string `arg:"commands"`
	// The hosts where it holds.
	Host string `arg:"host" default:"ALL"`
	// As whom it may be run; without it, as sudo has it, which is root.
	Runas string `arg:"runas"`
	// Asks for no password.
	Nopassword bool `arg:"nopassword" default:"true"`
	// Lets the caller set variables of the environment.
	Setenv bool `arg:"setenv"`
	// Keeps the command from running others.
	Noexec bool `arg:"noexec"`
	// The folder of the rules.
	SudoersPath string `arg:"sudoers_path" type:"path" default:"/etc/sudoers.d"`
	// Whether visudo has to check the file: detect does where it is installed.
	Validation string `arg:"validation" choices:"absent,detect,required" default:"detect"`
}

func sudoers(ctx context.Context, m *sys.Machine, a *sudoersArgs) (any, error) {
	folder, err := m.Expand(a.SudoersPath)
	if err != nil {
		return nil, err
	}
	if a.Name != filepath.Base(a.Name) || a.Name == ".." || a.Name == "." {
		return nil, fmt.Errorf("argument %q: %q is no file name", "name", a.Name)
	}
	path := filepath.Join(folder, a.Name)
	if a.State == "absent" {
		return nil, m.Remove(ctx, path)
	}
	text, err := a.text()
	if err != nil {
		return nil, err
	}
	w := sys.Write{Path: path, Content: sys.Bytes([]byte(text)), Perms: sys.Perms{Mode: "0440"}}
	if a.Validation == "required" || a.Validation == "detect" && m.Has("visudo") {
		if there, err := m.Need("visudo", "sudo"); err != nil {
			return nil, err
		} else if there {
			w.Validate = "visudo -c -f %s"
		}
	}
	_, err = m.Write(ctx, w)
	return nil, err
}

// text is the rule, as sudoers(5) has it.
func (a *sudoersArgs) text() (string, error) {
	owner := a.User
	if a.Group != "" {
		owner = "%" + a.Group
	}
	switch {
	case owner == "":
		return "", errors.New("one of the arguments user, group is needed with state: present")
	case len(a.Commands) == 0:
		return "", errors.New(`argument "commands" is missing, which state: present needs`)
	case strings.ContainsAny(owner+a.Host+a.Runas+strings.Join(a.Commands, ""), "\n"):
		return "", errors.New("a rule is one line: user, group, host, runas and commands hold no newline")
	}
	tags := ""
	if a.Runas != "" {
		tags = "(" + a.Runas + ")"
	}
	if a.Nopassword {
		tags += "NOPASSWD:"
	}
	if a.Setenv {
		tags += "SETENV:"
	}
	if a.Noexec {
		tags += "NOEXEC:"
	}
	return owner + " " + a.Host + "=" + tags + " " + strings.Join(a.Commands, ", ") + "\n", nil
}
