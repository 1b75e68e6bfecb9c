package playbook

import (
	"slices"

	"fleet/internal/source"
)

// place is a set of places that a keyword may stand in.
type place uint8

const (
	inPlay place = 1 << iota
	inRole
	inBlock
	inTask
	inHandler
	inImport // import_playbook
)

const (
	anyTask    = inTask | inHandler
	nested     = inRole | inBlock | anyTask
	everywhere = inPlay | nested
)

func (p place) String() string {
	switch p {
	case inPlay:
		return "a play"
	case inRole:
		return "a role"
	case inBlock:
		return "a block"
	case inHandler:
		return "a handler"
	case inImport:
		return "import_playbook"
	}
	return "a task"
}

// home names the place that a keyword is at home in, for a hint.
func (p place) home() string {
	for _, one := range []place{inPlay, inTask, inBlock, inHandler} {
		if p&one != 0 {
			return one.String()
		}
	}
	return p.String()
}

// want is what a keyword's value must be. A template is always allowed.
type want uint8

const (
	special want = iota // whoever reads it checks it
	wantText
	wantBool
	wantWhole  // a whole number
	wantNumber // a number
	wantCount  // a whole number of 1 or more
	ignored    // known, and without any effect here
	refused    // known, and not supported
)

// keyword is one word of the playbook language.
type keyword struct {
	name string
	in   place
	want want
	to   func(*Keywords) *source.Node // where the value goes; nil for special ones
	hint string                       // of refused ones: what to do instead
	from []string                     // what a text that is no template may be; nil: anything
}

// keywords is the language: every keyword that Ansible knows, sorted. Ignored
// is `collections`: modules are found by their names alone.
var keywords = []keyword{
	{name: "action", in: anyTask},
	{name: "always", in: inBlock},
	{name: "always_run", in: anyTask, want: refused, hint: `use "check_mode: false"`},
	{name: "any_errors_fatal", in: everywhere, want: wantBool, to: func(k *Keywords) *source.Node { return &k.AnyErrorsFatal }},
	{name: "args", in: anyTask},
	{name: "async", in: anyTask, want: wantWhole},
	{name: "become", in: everywhere, want: wantBool, to: func(k *Keywords) *source.Node { return &k.Become }},
	{name: "become_exe", in: everywhere, want: wantText, to: func(k *Keywords) *source.Node { return &k.BecomeExe }},
	{name: "become_flags", in: everywhere, want: wantText, to: func(k *Keywords) *source.Node { return &k.BecomeFlags }},
	{name: "become_method", in: everywhere, want: wantText, to: func(k *Keywords) *source.Node { return &k.BecomeMethod }, from: becomeMethods},
	{name: "become_user", in: everywhere, want: wantText, to: func(k *Keywords) *source.Node { return &k.BecomeUser }},
	{name: "block", in: inBlock},
	{name: "changed_when", in: anyTask},
	{name: "check_mode", in: everywhere, want: wantBool, to: func(k *Keywords) *source.Node { return &k.CheckMode }},
	{name: "collections", in: everywhere, want: ignored},
	{name: "connection", in: everywhere, want: wantText, to: func(k *Keywords) *source.Node { return &k.Connection }, from: connections},
	{name: "debugger", in: everywhere, want: wantText, to: func(k *Keywords) *source.Node { return &k.Debugger }, from: debuggers},
	{name: "delay", in: anyTask, want: wantNumber},
	{name: "delegate_facts", in: nested, want: wantBool, to: func(k *Keywords) *source.Node { return &k.DelegateFacts }},
	{name: "delegate_to", in: nested, want: wantText, to: func(k *Keywords) *source.Node { return &k.DelegateTo }},
	{name: "diff", in: everywhere, want: wantBool, to: func(k *Keywords) *source.Node { return &k.Diff }},
	{name: "environment", in: everywhere},
	{name: "fact_path", in: inPlay, want: wantText},
	{name: "failed_when", in: anyTask},
	{name: "force_handlers", in: inPlay, want: wantBool},
	{name: "gather_facts", in: inPlay, want: wantBool},
	{name: "gather_subset", in: inPlay},
	{name: "gather_timeout", in: inPlay, want: wantWhole},
	{name: "handlers", in: inPlay},
	{name: "hosts", in: inPlay},
	{name: "ignore_errors", in: everywhere, want: wantBool, to: func(k *Keywords) *source.Node { return &k.IgnoreErrors }},
	{name: "ignore_unreachable", in: everywhere, want: wantBool, to: func(k *Keywords) *source.Node { return &k.IgnoreUnreachable }},
	{name: "listen", in: inHandler},
	{name: "local_action", in: anyTask},
	{name: "loop", in: anyTask},
	{name: "loop_control", in: anyTask},
	{name: "max_fail_percentage", in: inPlay},
	{name: "module_defaults", in: everywhere},
	{name: "name", in: everywhere | inImport, want: wantText, to: func(k *Keywords) *source.Node { return &k.Name }},
	{name: "no_log", in: everywhere, want: wantBool, to: func(k *Keywords) *source.Node { return &k.NoLog }},
	{name: "notify", in: inBlock | anyTask},
	{name: "order", in: inPlay},
	{name: "poll", in: anyTask, want: wantWhole},
	{name: "port", in: everywhere, want: wantWhole, to: func(k *Keywords) *source.Node { return &k.Port }},
	{name: "post_tasks", in: inPlay},
	{name: "pre_tasks", in: inPlay},
	{name: "register", in: anyTask},
	{name: "remote_user", in: everywhere, want: wantText, to: func(k *Keywords) *source.Node { return &k.RemoteUser }},
	{name: "rescue", in: inBlock},
	{name: "retries", in: anyTask, want: wantWhole},
	{name: "role", in: inRole},
	{name: "roles", in: inPlay},
	{name: "run_once", in: everywhere, want: wantBool, to: func(k *Keywords) *source.Node { return &k.RunOnce }},
	{name: "serial", in: inPlay},
	{name: "strategy", in: inPlay},
	{name: "su", in: inPlay | anyTask, want: refused, hint: `use "become: true" with "become_method: su"`},
	{name: "su_user", in: inPlay | anyTask, want: refused, hint: `use "become_user"`},
	{name: "sudo", in: inPlay | anyTask, want: refused, hint: `use "become"`},
	{name: "sudo_user", in: inPlay | anyTask, want: refused, hint: `use "become_user"`},
	{name: "tags", in: everywhere | inImport},
	{name: "tasks", in: inPlay},
	{name: "throttle", in: everywhere, want: wantWhole, to: func(k *Keywords) *source.Node { return &k.Throttle }},
	{name: "timeout", in: everywhere, want: wantWhole, to: func(k *Keywords) *source.Node { return &k.Timeout }},
	{name: "until", in: anyTask},
	{name: "user", in: inPlay, want: wantText, to: func(k *Keywords) *source.Node { return &k.RemoteUser }},
	{name: "vars", in: everywhere | inImport},
	{name: "vars_files", in: inPlay},
	{name: "vars_prompt", in: inPlay},
	{name: "when", in: nested | inImport},
}

// IsKeyword reports whether a play, a role, a block or a task has a keyword of that
// name.
func IsKeyword(name string) bool {
	return slices.ContainsFunc(keywords, func(k keyword) bool { return k.name == name })
}

// keywordNames returns the supported keywords of a place, those that are at
// home there alone first.
func keywordNames(in place) []string {
	var own, shared []string
	for _, k := range keywords {
		switch {
		case k.in&in == 0, k.want == refused:
		case k.in == in:
			own = append(own, k.name)
		default:
			shared = append(shared, k.name)
		}
	}
	return append(own, shared...)
}
