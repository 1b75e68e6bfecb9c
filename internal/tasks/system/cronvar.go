package system

import (
	"context"
	"errors"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Cronvar sets a variable of a crontab, or of a file below /etc/cron.d, for the
// jobs that stand behind it.
//
// Example:
//
//	tasks:
//	  - name: Send the mail of all jobs to the operators
//	    cronvar:
//	      name: MAILTO
//	      value: ops@example.org
var Cronvar = sys.Define(spec.Module{
	Name:  "cronvar",
	Names: []string{"community.general.cronvar"},
}, cronvar)

type cronvarArgs struct {
	// The variable.
	Name string `arg:"name,required"`
	// The value, as it stands in the file.
	Value string `arg:"value"`
	// Whether it should be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// Put a new one behind the variable of this name.
	Insertafter string `arg:"insertafter"`
	// Put a new one before the variable of this name.
	Insertbefore string `arg:"insertbefore"`
	// Whose crontab it is.
	User string `arg:"user"`
	// A file in place of a crontab; below /etc/cron.d where it is no full path.
	CronFile string `arg:"cron_file" type:"path"`
	// Keep the old crontab in a file.
	Backup bool `arg:"backup"`
}

type cronvarResult struct {
	// The names of all variables.
	Vars []string `json:"vars"`
	// The file, if it is one.
	CronFile string `json:"cron_file,omitempty"`
	// Where the old crontab is.
	BackupFile string `json:"backup,omitempty"`
}

// cronvar is cron with a variable, but for the quotes, which cron puts around
// values.
func cronvar(ctx context.Context, m *sys.Machine, a *cronvarArgs) (any, error) {
	if a.State == "present" && a.Value == "" {
		return nil, errors.New(`argument "value" is missing, which state: present needs`)
	}
	job := &cronArgs{Name: a.Name, Job: a.Value, State: a.State, User: a.User, CronFile: a.CronFile, Env: true, bare: true,
		Insertafter: a.Insertafter, Insertbefore: a.Insertbefore, Backup: a.Backup,
		Minute: "*", Hour: "*", Day: "*", Month: "*", Weekday: "*"}
	got, err := cron(ctx, m, job)
	res := &cronvarResult{CronFile: a.CronFile, Vars: []string{}}
	if done, ok := got.(*cronResult); ok && done != nil {
		res.Vars, res.BackupFile = done.Envs, done.BackupFile
	}
	return res, err
}
