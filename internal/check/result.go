package check

import (
	"slices"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// record is what is known of a variable that tasks register.
type record struct {
	looped, single bool  // tasks with a loop register it, others do
	modules        names // of the others
	other          bool  // it may be something else, too
}

// recordResult notes what a task registers.
func (p *play) recordResult(t *playbook.Task) {
	for _, name := range p.setNames(t) {
		rec := p.learnt.results[name]
		if rec == nil {
			rec = &record{modules: names{}}
			p.learnt.results[name] = rec
		}
		m := p.module(t)
		switch {
		case name != t.Register || t.Async.Exists() || m == nil || m.File != "":
			rec.other = true
		case t.Loop != nil:
			rec.looped = true
		default:
			rec.single = true
			rec.modules[m.Name] = true
		}
	}
}

// recorded returns the record of a variable that is a result and nothing else, or nil.
func (p *play) recorded(name string, s site) *record {
	rec := p.learnt.results[name]
	if s.own != nil && s.own.Register == name { // of one turn
		if m := p.module(s.own); m != nil && m.File == "" && !s.own.Async.Exists() {
			return &record{single: true, modules: names{m.Name: true}}
		}
		return nil
	}
	if rec == nil || rec.other || p.learnt.open || p.learnt.elsewhere[name] || p.learnt.isFact(name) {
		return nil
	}
	for _, scope := range p.scopesAt(s.entry) {
		if _, set := scope.Lookup(name); set {
			return nil
		}
	}
	return rec
}

// module returns the only module that registers it without a loop, or "".
func (rec *record) module() string {
	if rec == nil || rec.looped || len(rec.modules) != 1 {
		return ""
	}
	for name := range rec.modules {
		return name
	}
	return ""
}

// ofLoops are the members of the result of a task with a loop.
var ofLoops = []string{"censored", "changed", "deprecations", "exception", "failed", "msg", "results", "skip_reason", "skipped", "skipped_reason", "unreachable", "warnings"}

// ofAll are the members that the result of any task may have, besides those whose
// names begin with "ansible_" or "_".
var ofAll = []string{"attempts", "censored", "changed", "changes", "deprecations", "diff", "exception", "failed", "failed_when_result", "failed_when_suppressed_exception",
	"false_condition", "invocation", "msg", "retries", "skip_reason", "skipped", "skipped_reason", "timedout", "unreachable", "warnings"}

// ofCommands are those of the modules that run a command.
var ofCommands = []string{"cmd", "delta", "end", "rc", "start", "stderr", "stderr_lines", "stdout", "stdout_lines"}

// ofStat are the members that the module stat gives of a file.
var ofStat = []string{"atime", "attr_flags", "attributes", "block_size", "blocks", "charset", "checksum", "ctime", "dev", "device_type", "executable", "exists",
	"gid", "gr_name", "inode", "isblk", "ischr", "isdir", "isfifo", "isgid", "islnk", "isreg", "issock", "isuid", "lnk_source", "lnk_target", "md5",
	"mimetype", "mode", "mtime", "nlink", "path", "pw_name", "readable", "rgrp", "roth", "rusr", "size", "uid", "version", "wgrp", "woth", "writeable",
	"wusr", "xgrp", "xoth", "xusr"}

// isCommand reports whether a module runs a command, and tells what that printed.
func isCommand(module string) bool {
	return slices.Contains([]string{"command", "raw", "script", "shell"}, module)
}

// inResult checks what is taken of a task's result.
func (p *play) inResult(r jinja.Ref, rec *record, s site) {
	name := r.Path[0]
	if jinja.IsDictMethod(name) || strings.HasPrefix(name, "ansible_") || strings.HasPrefix(name, "_") {
		return
	}
	short := r
	short.Path = r.Path[:1]
	switch module := rec.module(); {
	case rec.looped && !rec.single:
		if !slices.Contains(ofLoops, name) {
			p.lacks(short, s, "its task has a loop: each turn's is in "+r.Name+".results")
		} else if name == "results" && len(r.Path) == 2 && (slices.Contains(ofCommands, r.Path[1]) || r.Path[1] == "stat") {
			p.lacks(r, s, "it is a list: write {{ "+r.Name+".results | map(attribute='"+r.Path[1]+"') | list }}")
		}
	case rec.looped || slices.Contains(ofAll, name):
	case isCommand(module):
		if !slices.Contains(ofCommands, name) {
			p.lacks(short, s, didYouMean(name, ofCommands, "a command's result has "+strings.Join(ofCommands, ", ")))
		}
	case module == "stat" && name != "stat":
		p.lacks(short, s, didYouMean("stat."+name, prefixed("stat.", ofStat), "what it found is in "+r.Name+".stat"))
	case module == "stat" && len(r.Path) > 1 && !slices.Contains(ofStat, r.Path[1]):
		if near := source.DidYouMean(r.Path[1], ofStat); near != "" && !jinja.IsDictMethod(r.Path[1]) {
			short.Path = r.Path[:2]
			p.lacks(short, s, near)
		}
	}
}

// didYouMean is the hint for a name that is near to one of those known, or else.
func didYouMean(name string, known []string, otherwise string) string {
	if hint := source.DidYouMean(name, known); hint != "" {
		return hint
	}
	return otherwise
}

func prefixed(prefix string, list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = prefix + s
	}
	return out
}
