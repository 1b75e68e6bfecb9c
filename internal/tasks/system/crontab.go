package system

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// cronMark stands before a job's name in the comment above it. Ansible's mark is
// used, so that both know the other's jobs.
const cronMark = "#Ansible: "

// crontab is the lines of a table of jobs.
type crontab struct{ lines []string }

func parseCrontab(text string) *crontab {
	if text == "" {
		return &crontab{}
	}
	return &crontab{strings.Split(strings.TrimSuffix(text, "\n"), "\n")}
}

func (t *crontab) String() string {
	if len(t.lines) == 0 {
		return ""
	}
	return strings.Join(t.lines, "\n") + "\n"
}

var cronVariable = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*([A-Za-z_][A-Za-z0-9_]*)\s*=`)
})

// names returns the names of the jobs and of the variables.
func (t *crontab) names() (jobs, envs []string) {
	jobs, envs = []string{}, []string{}
	for _, line := range t.lines {
		if name, ok := strings.CutPrefix(line, cronMark); ok {
			jobs = append(jobs, name)
		} else if found := cronVariable().FindStringSubmatch(line); found != nil {
			envs = append(envs, found[1])
		}
	}
	return jobs, envs
}

// edit brings one job or variable to what the arguments say.
func (t *crontab) edit(a *cronArgs) error {
	if a.Env {
		return t.editEnv(a)
	}
	at := slices.Index(t.lines, cronMark+a.Name)
	switch {
	case a.State == "absent" && at >= 0:
		// The job is the line below its name.
		t.lines = slices.Delete(t.lines, at, min(at+2, len(t.lines)))
	case a.State == "absent":
	case at < 0:
		t.lines = append(t.lines, cronMark+a.Name, a.line())
	case at+1 == len(t.lines):
		t.lines = append(t.lines, a.line())
	default:
		t.lines[at+1] = a.line()
	}
	return nil
}

func (t *crontab) env(name string) int {
	return slices.IndexFunc(t.lines, func(line string) bool {
		found := cronVariable().FindStringSubmatch(line)
		return found != nil && found[1] == name
	})
}

func (t *crontab) editEnv(a *cronArgs) error {
	at := t.env(a.Name)
	switch {
	case a.State == "absent" && at >= 0:
		t.lines = slices.Delete(t.lines, at, at+1)
		return nil
	case a.State == "absent":
		return nil
	case at >= 0:
		t.lines[at] = a.line()
		return nil
	}
	at = 0
	for _, near := range []struct {
		name  string
		shift int
	}{{a.Insertafter, 1}, {a.Insertbefore, 0}} {
		if near.name == "" {
			continue
		}
		other := t.env(near.name)
		if other < 0 {
			return fmt.Errorf("the crontab has no variable %q to put %q beside", near.name, a.Name)
		}
		at = other + near.shift
	}
	t.lines = slices.Insert(t.lines, at, a.line())
	return nil
}
