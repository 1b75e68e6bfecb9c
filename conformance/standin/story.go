package standin

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A story prints events in the layout of Ansible's default report, for scripts
// that look into it: which tasks ran where, and what they returned.
type story struct {
	out     io.Writer
	verbose int
	task    *task
}

func (s *story) take(e event) {
	switch e.Event {
	case "run_started":
		s.count(e.Playbooks)
	case "play_started":
		s.banner("PLAY [" + e.Name + "]")
		s.task = nil
	case "play_skipped":
		s.banner("PLAY [" + e.Name + "]")
		s.say("skipping: no hosts matched")
	case "task_started":
		s.header(e.Task)
	case "asking":
		fmt.Fprint(s.out, e.Msg)
	case "item_done":
		s.header(e.Task)
		s.item(e)
	case "retried":
		s.header(e.Task)
		s.say("FAILED - RETRYING: [%s]: %s (%d retries left).", e.Host, e.Task.title(), e.Left)
	case "task_done":
		s.header(e.Task)
		s.result(e)
	case "run_ended":
		s.recap(e.Stats)
		s.custom(e.Custom)
	}
}

// count says how many plays each playbook has: list items at the left margin.
func (s *story) count(playbooks []string) {
	for _, path := range playbooks {
		text, err := os.ReadFile(path)
		if err == nil && s.verbose >= 2 {
			s.banner("PLAYBOOK: " + filepath.Base(path))
			s.say("%d plays in %s", strings.Count("\n"+string(text), "\n- "), path)
		}
	}
}

func (s *story) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

func (s *story) banner(title string) {
	s.say("\n%s %s", title, strings.Repeat("*", max(3, 79-len([]rune(title)))))
}

func (t task) title() string {
	if t.Role != "" {
		return t.Role + " : " + t.Name
	}
	return t.Name
}

// module is the module's name without its collection.
func (t task) module() string { return t.Module[strings.LastIndexByte(t.Module, '.')+1:] }

// header prints the task's title where the last line was of another task.
func (s *story) header(t task) {
	if s.task != nil && slices.Equal(s.task.Order, t.Order) {
		return
	}
	s.task = &t
	word := "TASK"
	if t.Handler {
		word = "RUNNING HANDLER"
	}
	s.banner(word + " [" + t.title() + "]")
	if s.verbose >= 2 {
		s.say("task path: %s:%d", absolute(t.Pos.File), t.Pos.Line)
	}
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

func (s *story) item(e event) {
	details := s.details(e)
	switch e.Outcome {
	case "failed", "unreachable":
		s.say("failed: %s (item=%s) => %s", e.who(), e.Item, orDump(details, e))
	case "skipped":
		s.say("skipping: [%s] => (item=%s) %s", e.Host, e.Item, details)
	default:
		s.say("%s: %s => (item=%s)%s", e.Outcome, e.who(), e.Item, arrow(details))
	}
}

func (s *story) result(e event) {
	details := s.details(e)
	if e.Task.module() == "meta" && e.Outcome != "failed" && s.meta(e) {
		return
	}
	switch e.Outcome {
	case "failed":
		if !e.Loop {
			s.say("fatal: %s: FAILED! => %s", e.who(), orDump(details, e))
		}
	case "unreachable":
		s.say("fatal: %s: UNREACHABLE! => %s", e.who(), orDump(details, e))
	case "skipped":
		if !e.Loop {
			s.say("skipping: [%s]%s", e.Host, arrow(details))
		}
	default:
		if include, ok := e.Result.Data["include"].(string); ok {
			if !strings.HasSuffix(e.Task.Module, "_role") {
				include = absolute(include)
			}
			s.say("included: %s for %s", include, e.Host)
		} else if !e.Loop {
			s.say("%s: %s%s", e.Outcome, e.who(), arrow(details))
		}
	}
	if e.Ignored {
		s.say("...ignoring")
	}
}

// meta says what a meta task did where more is asked for, and reports whether that
// was all: of a host that it passed over there is a line as of any other.
func (s *story) meta(e event) bool {
	word, skipped := e.Result.Data["skip_reason"]
	if !skipped {
		word = e.Result.Data["msg"]
	}
	if s.verbose >= 2 {
		s.say("META: %v", word)
	}
	return !skipped
}

func (e event) who() string {
	if e.Delegate != "" {
		return "[" + e.Host + " -> " + e.Delegate + "]"
	}
	return "[" + e.Host + "]"
}

func arrow(details string) string {
	if details == "" {
		return ""
	}
	return " => " + details
}

func orDump(details string, e event) string {
	if details == "" {
		return dump(e.shown(0), "")
	}
	return details
}

// details is the result, where Ansible shows it: when asked to say more, and
// always of tasks whose purpose is to say something.
func (s *story) details(e event) string {
	switch module := e.Task.module(); {
	case module == "debug" || module == "assert" && !e.Result.Quiet:
		return dump(e.shown(s.verbose), "    ")
	case s.verbose > 0:
		return dump(e.shown(s.verbose), "")
	}
	return ""
}

// shown is the result without what reports leave out.
func (e event) shown(verbose int) map[string]any {
	if _, hidden := e.Result.Data["censored"]; hidden || e.Task.NoLog {
		return map[string]any{"censored": "the output has been hidden", "changed": e.Outcome == "changed"}
	}
	data := maps.Clone(e.Result.Data)
	if data == nil {
		data = map[string]any{}
	}
	hidden := []string{"exception", "diff", "changes", "failed", "skipped"}
	if verbose < 3 {
		hidden = append(hidden, "invocation")
	}
	if e.Task.module() == "debug" {
		if msg, ok := data["msg"]; ok {
			return map[string]any{"msg": msg}
		}
		hidden = append(hidden, "changed", "skip_reason")
	}
	if e.Loop {
		hidden = append(hidden, "results")
	}
	for _, key := range hidden {
		delete(data, key)
	}
	return data
}

func (s *story) recap(list []stats) {
	s.banner("PLAY RECAP")
	for _, h := range list {
		s.say("%-26s : ok=%-4d changed=%-4d unreachable=%-4d failed=%-4d skipped=%-4d rescued=%-4d ignored=%-4d",
			h.Host, h.OK, h.Changed, h.Unreachable, h.Failed, h.Skipped, h.Rescued, h.Ignored)
	}
	s.say("")
}

// custom prints what set_stats kept, where Ansible is told to.
func (s *story) custom(list []custom) {
	show := strings.ToLower(os.Getenv("ANSIBLE_SHOW_CUSTOM_STATS"))
	if len(list) == 0 || !slices.Contains([]string{"yes", "true", "on", "1"}, show) {
		return
	}
	s.banner("CUSTOM STATS:")
	for _, c := range list {
		s.say("\t%s: %s", cmp.Or(c.Host, "RUN"), dump(c.Data, ""))
	}
	s.say("")
}
