package access

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Acl has an entry in the access list of a file or folder, takes it out, or
// tells what is in the list, with setfacl and getfacl.
//
// Example:
//
//	tasks:
//	  - name: Let joe write to the upload folder and what will be in it
//	    acl:
//	      path: /srv/upload
//	      entity: joe
//	      etype: user
//	      permissions: rwX
//	      default: true
//	      state: present
var Acl = sys.Define(spec.Module{
	Name:  "acl",
	Names: []string{"ansible.posix.acl"},
}, acl)

type aclArgs struct {
	// The file or folder.
	Path string `arg:"path,required" type:"path" alias:"name"`
	// What should be; query only tells.
	State string `arg:"state" choices:"absent,present,query" default:"query"`
	// The user or group.
	Entity string `arg:"entity"`
	// Whom the entry is for.
	Etype string `arg:"etype" choices:"group,mask,other,user"`
	// What they may, as "rwx".
	Permissions string `arg:"permissions"`
	// The entry as setfacl has it, in place of the three above.
	Entry string `arg:"entry"`
	// The entry is for what is made in the folder.
	Default bool `arg:"default"`
	// What is below the folder, too.
	Recursive bool `arg:"recursive" alias:"recurse"`
	// Follows symbolic links.
	Follow bool `arg:"follow" default:"true"`
	// Whether the mask is made to fit the entries.
	RecalculateMask string `arg:"recalculate_mask" choices:"default,mask,no_mask" default:"default"`
}

type aclResult struct {
	// The entries as they are after the change.
	Acl []string `json:"acl"`
	// What was done.
	Msg string `json:"msg"`
}

func acl(ctx context.Context, m *sys.Machine, a *aclArgs) (any, error) {
	res := &aclResult{Acl: []string{}, Msg: "current acl"}
	path, err := m.Expand(a.Path)
	if err != nil {
		return res, err
	}
	if _, err := os.Stat(m.Path(path)); err != nil && !m.Check {
		return res, fmt.Errorf("%q does not exist", path)
	} else if err != nil {
		return res, m.Perform(ctx, "change the access list of "+path)
	}
	if there, err := m.Need("setfacl", "acl"); err != nil || !there {
		return res, err
	}
	if a.State != "query" {
		entry, err := a.entry()
		if err != nil {
			return res, err
		}
		argv := a.setfacl(entry, path)
		// With --test it says for each file what would be; *,* is: nothing new.
		out, err := m.Must(ctx, slices.Insert(slices.Clone(argv), 1, "--test")...)
		if err != nil {
			return res, err
		}
		for line := range strings.Lines(out.Stdout) {
			if !strings.HasSuffix(strings.TrimSpace(line), "*,*") {
				res.Msg = entry + " is " + a.State
				err = m.Perform(ctx, "set "+entry+" of "+path+" "+a.State, argv...)
				break
			}
		}
		if err != nil {
			return res, err
		}
	}
	argv := []string{"getfacl", "--omit-header", "--absolute-names"}
	if a.Recursive {
		argv = append(argv, "--recursive")
	}
	out, err := m.Must(ctx, append(argv, path)...)
	for line := range strings.Lines(out.Stdout) {
		if line = strings.TrimSpace(line); line != "" {
			res.Acl = append(res.Acl, line)
		}
	}
	return res, err
}

// entry is the entry as setfacl has it: without permissions where it is to go.
func (a *aclArgs) entry() (string, error) {
	if a.Entry != "" {
		switch {
		case a.Etype != "" || a.Entity != "" || a.Permissions != "":
			return "", errors.New("entry stands in place of etype, entity and permissions: give it alone")
		case a.State == "present" && strings.Count(a.Entry, ":") < 2:
			return "", fmt.Errorf("argument %q: %q lacks its permissions; write it as \"user:joe:rw\"", "entry", a.Entry)
		case a.State == "absent" && strings.Count(strings.TrimPrefix(strings.TrimPrefix(a.Entry, "default:"), "d:"), ":") > 1:
			return a.Entry[:strings.LastIndexByte(a.Entry, ':')], nil
		}
		return a.Entry, nil
	}
	switch {
	case a.Etype == "":
		return "", fmt.Errorf("one of the arguments entry, etype is needed with state: %s", a.State)
	case a.State == "present" && a.Permissions == "":
		return "", errors.New(`argument "permissions" is missing, which state: present needs`)
	}
	entry := a.Etype + ":" + a.Entity
	if a.State == "present" {
		entry += ":" + a.Permissions
	}
	return entry, nil
}

func (a *aclArgs) setfacl(entry, path string) []string {
	argv := []string{"setfacl"}
	if a.Recursive {
		argv = append(argv, "--recursive")
	}
	if !a.Follow {
		argv = append(argv, "--physical")
	}
	if a.Default {
		argv = append(argv, "--default")
	}
	switch a.RecalculateMask {
	case "mask":
		argv = append(argv, "--mask")
	case "no_mask":
		argv = append(argv, "--no-mask")
	}
	verb := "-m"
	if a.State == "absent" {
		verb = "-x"
	}
	return append(argv, verb, entry, path)
}
