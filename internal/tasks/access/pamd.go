package access

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Pamd changes the rules by which a service asks PAM (pam.d(5)).
//
// A rule is meant where its type, control and module_path are the given ones;
// where none is, nothing changes. Lines that need no change stay as they are.
//
// Example:
//
//	tasks:
//	  - name: Only members of the group wheel become root
//	    pamd:
//	      name: su
//	      type: auth
//	      control: sufficient
//	      module_path: pam_rootok.so
//	      state: after
//	      new_type: auth
//	      new_control: required
//	      new_module_path: pam_wheel.so
//	      module_arguments: use_uid
var Pamd = sys.Define(spec.Module{
	Name:  "pamd",
	Names: []string{"community.general.pamd"},
}, pamd)

type pamdArgs struct {
	// The service: the name of its file.
	Name string `arg:"name,required"`
	// The rule's type. With a dash in front, PAM is silent where the module is
	// missing.
	Type string `arg:"type,required" choices:"account,-account,auth,-auth,password,-password,session,-session"`
	// The rule's control: one word, or conditions in brackets, as
	// "[success=1 default=ignore]".
	Control string `arg:"control,required"`
	// The rule's module.
	ModulePath string `arg:"module_path,required"`
	// The type to give it, or of the rule to insert.
	NewType string `arg:"new_type" choices:"account,-account,auth,-auth,password,-password,session,-session"`
	// The control to give it, or of the rule to insert.
	NewControl string `arg:"new_control"`
	// The module to give it, or of the rule to insert.
	NewModulePath string `arg:"new_module_path"`
	// Arguments of the module. For updated they replace those that are there; an
	// empty text removes them all.
	ModuleArguments []string `arg:"module_arguments"`
	// What to do with the rule: change it (updated), remove it (absent), have
	// another one before or after it, or have or not have arguments.
	State string `arg:"state" choices:"absent,after,args_absent,args_present,before,updated" default:"updated"`
	// The folder of the services' files.
	Path string `arg:"path" type:"path" default:"/etc/pam.d"`
	// Keeps the old file under a name with the time in it.
	Backup bool `arg:"backup"`
}

type pamdResult struct {
	// How many rules were changed, removed or inserted.
	ChangeCount int `json:"change_count"`
	// The name of the backup, where one was made.
	Backupdest string `json:"backupdest"`
}

func pamd(ctx context.Context, m *sys.Machine, a *pamdArgs) (any, error) {
	res := &pamdResult{}
	if err := a.valid(); err != nil {
		return res, err
	}
	file := filepath.Join(a.Path, a.Name)
	text, there, err := m.ReadText(file)
	if err != nil {
		return res, err
	}
	if !there {
		return res, fmt.Errorf("%s: %w", file, os.ErrNotExist)
	}
	edited, count := a.edit(text)
	done, err := m.Write(ctx, sys.Write{Path: file, Content: sys.Bytes([]byte(edited)), NewMode: 0o644, Follow: true, Backup: a.Backup})
	res.ChangeCount, res.Backupdest = count, done.BackupFile
	return res, err
}

// valid refuses what is not enough for the state, and what PAM could not read.
func (a *pamdArgs) valid() error {
	switch a.State {
	case "before", "after":
		if a.NewType == "" || a.NewControl == "" || a.NewModulePath == "" {
			return fmt.Errorf("state is %s, which needs new_type, new_control and new_module_path: the rule to insert", a.State)
		}
	case "args_present", "args_absent":
		if a.ModuleArguments == nil {
			return fmt.Errorf("state is %s, which needs module_arguments", a.State)
		}
	}
	for arg, control := range map[string]string{"control": a.Control, "new_control": a.NewControl} {
		if control != "" && !validControl(control) {
			return fmt.Errorf("argument %q: %q is no control of PAM\nhint: it is one of %s, or as [success=1 default=ignore]", arg, control, strings.Join(controls, ", "))
		}
	}
	for _, text := range append([]string{a.Name, a.ModulePath, a.NewModulePath}, a.ModuleArguments...) {
		if strings.Contains(text, "\n") {
			return fmt.Errorf("%q has more than one line, and a rule has one", text)
		}
	}
	if a.State == "args_present" && slices.ContainsFunc(a.arguments(), func(s string) bool { return s[0] == '[' }) {
		return fmt.Errorf("args_present cannot tell which argument one in brackets stands for\nhint: state updated gives them all")
	}
	return nil
}

// arguments returns the given arguments, one by one.
func (a *pamdArgs) arguments() []string {
	var out []string
	for _, text := range a.ModuleArguments {
		out = append(out, pamWords(text)...)
	}
	return out
}

// edit returns the text with the change in every rule that is meant.
func (a *pamdArgs) edit(text string) (string, int) {
	lines := pamLines(text)
	var out []string
	count := 0
	for i, line := range lines {
		r, ok := parsePamRule(line)
		if !ok || !r.is(a.Type, a.Control, a.ModulePath) {
			out = append(out, line)
			continue
		}
		changed := []string{line}
		switch a.State {
		case "absent":
			changed = nil
		case "before":
			if !a.isNew(neighbour(lines[:i], true)) {
				changed = []string{a.newRule().String(), line}
			}
		case "after":
			if !a.isNew(neighbour(lines[i+1:], false)) {
				changed = []string{line, a.newRule().String()}
			}
		default:
			if r2 := a.update(r); r2.String() != r.String() {
				changed = []string{r2.String()}
			}
		}
		if !slices.Equal(changed, []string{line}) {
			count++
		}
		out = append(out, changed...)
	}
	if count == 0 {
		return text, 0
	}
	return strings.Join(out, "\n") + "\n", count
}

func (a *pamdArgs) newRule() pamRule {
	return pamRule{a.NewType, pamControl(a.NewControl), a.NewModulePath, a.arguments()}
}

// isNew reports whether a line is the rule to insert.
func (a *pamdArgs) isNew(line string) bool {
	r, ok := parsePamRule(line)
	return ok && r.is(a.NewType, a.NewControl, a.NewModulePath)
}

// update returns the rule as it shall be.
func (a *pamdArgs) update(r pamRule) pamRule {
	given := a.arguments()
	switch a.State {
	case "args_absent":
		r.args = slices.DeleteFunc(slices.Clone(r.args), func(s string) bool { return slices.Contains(given, s) })
	case "args_present":
		r.args = withArguments(r.args, given)
	default:
		if a.NewType != "" {
			r.kind = a.NewType
		}
		if a.NewControl != "" {
			r.control = pamControl(a.NewControl)
		}
		if a.NewModulePath != "" {
			r.module = a.NewModulePath
		}
		if a.ModuleArguments != nil {
			r.args = given
		}
	}
	return r
}
