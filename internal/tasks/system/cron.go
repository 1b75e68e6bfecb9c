package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Cron adds, changes and removes scheduled jobs: in a user's crontab, or in a
// file below /etc/cron.d. A job is found again by its name, which stands in a
// comment above it.
//
// Example:
//
//	tasks:
//	  - name: Back up every night
//	    cron:
//	      name: nightly backup
//	      minute: "30"
//	      hour: "3"
//	      job: /usr/local/bin/backup >/dev/null
var Cron = sys.Define(spec.Module{
	Name:  "cron",
	Names: []string{"ansible.builtin.cron", "ansible.legacy.cron"},
}, cron)

type cronArgs struct {
	// The name of the job, or of the variable with env.
	Name string `arg:"name,required"`
	// The command, or the value of the variable with env.
	Job string `arg:"job" alias:"value"`
	// Whether it should be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// The minute: 0-59, *, */2 and so on.
	Minute string `arg:"minute" default:"*"`
	// The hour: 0-23.
	Hour string `arg:"hour" default:"*"`
	// The day of the month: 1-31.
	Day string `arg:"day" alias:"dom" default:"*"`
	// The month: 1-12.
	Month string `arg:"month" default:"*"`
	// The day of the week: 0-6, from Sunday.
	Weekday string `arg:"weekday" alias:"dow" default:"*"`
	// A time by its name, in place of the five fields.
	SpecialTime string `arg:"special_time" choices:"annually,daily,hourly,monthly,reboot,weekly,yearly"`
	// Whose crontab it is, or who runs the job in a cron_file. The default is the
	// user who runs the task, and root in a cron_file.
	User string `arg:"user"`
	// A file in place of a crontab; below /etc/cron.d where it is no full path.
	CronFile string `arg:"cron_file" type:"path"`
	// Set a variable in place of a job.
	Env bool `arg:"env"`
	// Keep the job as a comment.
	Disabled bool `arg:"disabled"`
	// With env, put the variable behind the one of this name.
	Insertafter string `arg:"insertafter"`
	// With env, put the variable before the one of this name.
	Insertbefore string `arg:"insertbefore"`
	// Keep the old crontab in a file.
	Backup bool `arg:"backup"`

	bare bool // the variable's value stands without quotes
}

type cronResult struct {
	// The names of all jobs.
	Jobs []string `json:"jobs"`
	// The names of all variables.
	Envs []string `json:"envs"`
	// The file, if it is one.
	CronFile string `json:"cron_file,omitempty"`
	// What was asked for.
	State string `json:"state"`
	// Where the old crontab is.
	BackupFile string `json:"backup_file,omitempty"`
}

func cron(ctx context.Context, m *sys.Machine, a *cronArgs) (any, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	res := &cronResult{State: a.State, CronFile: a.CronFile, Jobs: []string{}, Envs: []string{}}
	file := a.CronFile
	if file == "/etc/crontab" {
		return res, sys.Messagef("Will not manage /etc/crontab via cron_file, see documentation.")
	}
	if file != "" && !filepath.IsAbs(file) {
		file = filepath.Join("/etc/cron.d", file)
	}
	old, err := a.read(ctx, m, file)
	if err != nil {
		return res, err
	}
	tab := parseCrontab(old)
	if err := tab.edit(a); err != nil {
		return res, err
	}
	text := tab.String()
	res.Jobs, res.Envs = tab.names()
	if text == old {
		return res, nil
	}
	if file != "" {
		return res, a.writeFile(ctx, m, file, text, res)
	}
	return res, a.writeTab(ctx, m, old, text, res)
}

func (a *cronArgs) check() error {
	fields := a.Minute + a.Hour + a.Day + a.Month + a.Weekday
	switch {
	case a.State == "present" && a.Job == "":
		return fmt.Errorf("argument %q is missing", "job")
	case strings.ContainsAny(a.Name, "\n\r"), strings.ContainsAny(strings.TrimRight(a.Job, "\r\n"), "\n\r"):
		return errors.New("name and job are one line each")
	case a.SpecialTime != "" && fields != "*****":
		return errors.New("special_time excludes minute, hour, day, month and weekday")
	case strings.ContainsAny(fields, " \t\n"):
		return errors.New("minute, hour, day, month and weekday hold no spaces")
	case (a.Insertafter != "" || a.Insertbefore != "") && !a.Env:
		return errors.New("insertafter and insertbefore are for env only")
	}
	a.Job = strings.TrimRight(a.Job, "\r\n")
	return nil
}

// line is the job as the crontab has it.
func (a *cronArgs) line() string {
	if a.Env && a.bare {
		return a.Name + "=" + a.Job
	}
	if a.Env {
		return a.Name + `="` + a.Job + `"`
	}
	when := strings.Join([]string{a.Minute, a.Hour, a.Day, a.Month, a.Weekday}, " ")
	if a.SpecialTime != "" {
		when = "@" + a.SpecialTime
	}
	if a.CronFile != "" {
		user := a.User
		if user == "" {
			user = "root"
		}
		when += " " + user
	}
	if a.Disabled {
		when = "#" + when
	}
	return when + " " + a.Job
}

// crontab is the command for the user's own table.
func (a *cronArgs) crontab(args ...string) []string {
	argv := []string{"crontab"}
	if a.User != "" {
		argv = append(argv, "-u", a.User)
	}
	return append(argv, args...)
}

func (a *cronArgs) read(ctx context.Context, m *sys.Machine, file string) (string, error) {
	if file != "" {
		data, err := m.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			return "", nil
		}
		return string(data), err
	}
	if !m.Has("crontab") {
		if m.Check {
			return "", nil
		}
		return "", errors.New("this machine has no crontab; install the package cron or cronie first")
	}
	out, err := m.Run(ctx, sys.Command{Argv: a.crontab("-l"), Env: []string{"LC_ALL=C"}})
	if err != nil {
		return "", err
	}
	if out.Code != 0 && !strings.Contains(out.Stderr, "no crontab for") && strings.TrimSpace(out.Stderr) != "" {
		return "", &sys.ExitError{Argv: a.crontab("-l"), Output: out}
	}
	return out.Stdout, nil
}

func (a *cronArgs) writeFile(ctx context.Context, m *sys.Machine, file, text string, res *cronResult) error {
	if strings.TrimSpace(text) == "" {
		return m.Remove(ctx, file)
	}
	done, err := m.Write(ctx, sys.Write{Path: file, Content: sys.Bytes([]byte(text)), NewMode: 0o644, Backup: a.Backup})
	res.BackupFile = done.BackupFile
	return err
}

func (a *cronArgs) writeTab(ctx context.Context, m *sys.Machine, old, text string, res *cronResult) error {
	return m.Change(ctx, sys.Change{What: "change the crontab", Before: old, After: text, BeforeName: "crontab", AfterName: "crontab",
		Do: func(ctx context.Context) error {
			if a.Backup {
				f, err := os.CreateTemp("", "crontab")
				if err != nil {
					return err
				}
				_, err = f.WriteString(old)
				if err = errors.Join(err, f.Close()); err != nil {
					return err
				}
				res.BackupFile = f.Name()
			}
			argv := a.crontab("-")
			out, err := m.Run(ctx, sys.Command{Argv: argv, Stdin: []byte(text)})
			if err == nil && out.Code != 0 {
				err = &sys.ExitError{Argv: argv, Output: out}
			}
			return err
		}})
}
