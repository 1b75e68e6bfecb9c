package access

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// PamLimits sets how much of something the sessions of a user or group may use
// (limits.conf(5)).
//
// Example:
//
//	tasks:
//	  - name: Let the database open many files
//	    pam_limits:
//	      domain: postgres
//	      limit_type: "-"
//	      limit_item: nofile
//	      value: "65536"
var PamLimits = sys.Define(spec.Module{
	Name:      "pam_limits",
	Names:     []string{"community.general.pam_limits"},
	Exclusive: [][]string{{"use_min", "use_max"}},
}, pamLimits)

type pamLimitsArgs struct {
	// Whom it is for: a user, a group as @name, or * for all.
	Domain string `arg:"domain,required"`
	// Whether the user may raise it (soft), may not (hard), or both (-).
	LimitType string `arg:"limit_type,required" choices:"-,hard,soft"`
	// What is limited.
	LimitItem string `arg:"limit_item,required" choices:"as,chroot,core,cpu,data,fsize,locks,maxlogins,maxsyslogins,memlock,msgqueue,nice,nofile,nproc,priority,rss,rtprio,sigpending,stack"`
	// How much: a number, or unlimited.
	Value string `arg:"value,required"`
	// The file.
	Dest string `arg:"dest" type:"path" default:"/etc/security/limits.conf"`
	// Keeps a value that is smaller.
	UseMin bool `arg:"use_min"`
	// Keeps a value that is larger.
	UseMax bool `arg:"use_max"`
	// A comment behind the line.
	Comment string `arg:"comment"`
	// Keeps the old file under a name with the time in it.
	Backup bool `arg:"backup"`
}

type pamLimitsResult struct {
	// The line.
	Msg string `json:"msg"`
	// The name of the backup, where one was made.
	BackupFile string `json:"backup_file,omitempty"`
}

func pamLimits(ctx context.Context, m *sys.Machine, a *pamLimitsArgs) (any, error) {
	res := &pamLimitsResult{}
	if _, err := limitOf(a.Value, a.LimitItem); err != nil {
		return res, fmt.Errorf("argument %q: %w", "value", err)
	}
	if strings.ContainsAny(a.Domain+a.Comment, "\n") || strings.ContainsAny(a.Domain, " \t") || a.Domain == "" {
		return res, errors.New("domain is one word, and comment one line")
	}
	dest, err := m.Expand(a.Dest)
	if err != nil {
		return res, err
	}
	text, there, err := m.ReadText(dest)
	if err != nil {
		return res, err
	}
	if _, err := os.Stat(m.Path(filepath.Dir(dest))); !there && err != nil && !m.Check {
		return res, fmt.Errorf("folder %q does not exist: this machine has no PAM limits", filepath.Dir(dest))
	}
	edited, err := a.edit(text, res)
	if err != nil {
		return res, err
	}
	done, err := m.Write(ctx, sys.Write{Path: dest, Content: sys.Bytes([]byte(edited)), NewMode: 0o644, Follow: true, Backup: a.Backup})
	res.BackupFile = done.BackupFile
	return res, err
}

// edit returns the text with the limit in each line that is for it, or at the end.
func (a *pamLimitsArgs) edit(text string, res *pamLimitsResult) (string, error) {
	lines := sys.Lines(text)
	found := false
	for i, line := range lines {
		fields, _, _ := strings.Cut(line, "#")
		f := strings.Fields(fields)
		if len(f) != 4 || !slices.Equal(f[:3], []string{a.Domain, a.LimitType, a.LimitItem}) {
			continue
		}
		found = true
		value, err := a.choose(f[3])
		if err != nil {
			return "", err
		}
		if value == f[3] {
			res.Msg = strings.TrimRight(line, "\n")
			continue
		}
		res.Msg = a.line(value)
		lines[i] = res.Msg + "\n"
	}
	out := strings.Join(lines, "")
	if found {
		return out, nil
	}
	if out != "" && !strings.HasSuffix(out, "\n") {
		out += "\n"
	}
	res.Msg = a.line(a.Value)
	return out + res.Msg + "\n", nil
}

func (a *pamLimitsArgs) line(value string) string {
	line := strings.Join([]string{a.Domain, a.LimitType, a.LimitItem, value}, "\t")
	if a.Comment != "" {
		line += "\t#" + a.Comment
	}
	return line
}

// choose returns the value that the line should have.
func (a *pamLimitsArgs) choose(old string) (string, error) {
	was, err := limitOf(old, a.LimitItem)
	if !a.UseMin && !a.UseMax || err != nil {
		return a.Value, nil // what is no limit is replaced
	}
	is, err := limitOf(a.Value, a.LimitItem)
	if err != nil {
		return "", err
	}
	if a.UseMin && was < is || a.UseMax && was > is || was == is {
		return old, nil
	}
	return a.Value, nil
}

// unlimited is larger than any limit.
const unlimited = int64(^uint64(0) >> 1)

// limitOf reads a limit. For nice and priority, negative numbers are levels; for
// all others -1 is without limit.
func limitOf(value, item string) (int64, error) {
	if value == "unlimited" || value == "infinity" {
		return unlimited, nil
	}
	if item == "chroot" {
		return 0, nil
	}
	n, err := strconv.ParseInt(value, 10, 64)
	level := item == "nice" || item == "priority"
	switch {
	case err != nil || n < -1 && !level:
		return 0, fmt.Errorf("%q is neither a number nor unlimited", value)
	case n == -1 && !level:
		return unlimited, nil
	}
	return n, nil
}
