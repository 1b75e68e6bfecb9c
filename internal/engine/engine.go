// Package engine runs plays: hosts times tasks, in order, in parallel, with
// conditions, loops, handlers and rescues. It runs on the controller, and knows
// neither how hosts are reached nor how anything is shown: it consumes the small
// interfaces below and emits events. What a target returns is data to it, and is
// never evaluated.
package engine

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"fleet/internal/event"
	"fleet/internal/inventory"
	"fleet/internal/jinja/lookup"
	"fleet/internal/playbook"
	"fleet/internal/pool"
	"fleet/internal/source"
	"fleet/internal/spec"
	"fleet/internal/vars"
	"fleet/internal/wire"
)

// Conn is a helper that runs on one host as one user. It is safe for concurrent use.
type Conn interface {
	// Call runs one module. An error means that the host did not answer: a module
	// that failed is a Result.
	Call(ctx context.Context, call wire.Call, answers wire.Answers) (wire.Result, error)
	Close() error
}

// Starter is a Conn that takes calls before those in front of them are answered.
type Starter interface {
	// Start sends a call, and returns where its result will be. Errors are as Call's.
	Start(ctx context.Context, call wire.Call, answers wire.Answers) (wire.Pending, error)
}

// Dialer reaches hosts. It is safe for concurrent use.
type Dialer interface {
	// Dial starts a helper at an endpoint.
	Dial(ctx context.Context, to Endpoint) (Conn, error)
	// Raw runs one command line without a helper and returns its exit code.
	Raw(ctx context.Context, to Endpoint, command string, stdout, stderr io.Writer) (int, error)
	// Shell is Raw for the command lines of sh. Where ctx or the connection ends, so
	// does the command on the target.
	Shell(ctx context.Context, to Endpoint, command string, stdout, stderr io.Writer) (int, error)
	// Drop closes what is open to the inventory's host of this name.
	Drop(host string)
}

// Modules knows the modules that run on targets.
type Modules interface {
	// Find returns the module with a short or fully qualified name.
	Find(name string) (*spec.Module, bool)
	// Names returns the short names.
	Names() []string
}

// Demand knows what anything in a run can read of what hosts tell.
type Demand interface {
	// Subset returns the gather_subset that holds all facts that can be read. It is
	// false where they are not known.
	Subset() ([]string, bool)
	// Result reports whether a field of the results that tasks register under a name
	// can be read. The field's steps have dots between them.
	Result(name, field string) bool
}

// Options is what the command line says about a run.
type Options struct {
	Forks          int // hosts that run a task at the same time; 0 is no limit
	Check, Diff    bool
	Tags, SkipTags []string
	Limit          []string // host patterns; nil is no limit
	LimitText      string   // as it was given, before files were read: ansible_limit
	Inventories    []string // where the inventory was read from
	StartAt        string   // the name of the task to start at, possibly a glob
	NoPipelining   bool     // a task waits for the result of the one in front of it
	Step           bool     // the operator is asked before every task
	ForceHandlers  bool     // handlers run even after a failure
	AnyErrorsFatal bool     // a failed host ends the play for all
	NoLog          bool     // tasks do not show what they do
	TaskTimeout    float64  // seconds that a task may take; 0 is no limit
	Gathering      string   // "explicit", "smart", or else by each play
	Strategy       string   // of plays that name none
	Debugger       bool     // the operator is asked about every task that fails
	DebugIgnored   bool     // and about failures that are ignored
	Managed        string   // ansible_managed; empty is Ansible's
	ReadLiterals   bool     // text that reads as a literal becomes it: the setting jinja2_native
	// AllowMissingHandlers makes a notification without a handler a warning.
	AllowMissingHandlers bool
	Verbosity            int

	// Defaults that a playbook's keywords and the inventory's variables override.
	RemoteUser, PrivateKey, Password     string
	Connection                           string
	Become                               bool
	BecomeUser, BecomeMethod             string
	BecomePassword                       string
	BecomeExe, BecomeFlags               string
	ConnectTimeout                       time.Duration
	Port                                 int
	SSHArgs, SSHCommonArgs, SSHExtraArgs string // arguments for SSH, as in the variables
	HostKeyChecking                      string
}

// Engine runs playbooks. Set the fields, then call Run once.
type Engine struct {
	Inventory *inventory.Inventory
	Vars      *vars.Store
	Loader    *playbook.Loader
	Modules   Modules
	Dialer    Dialer
	Events    event.Sink
	Secrets   vars.Secrets
	Prompter  Prompter // nil: nobody can be asked
	Demand    Demand   // nil: everything may be read, by reports too
	Options   Options
	// Facts keeps facts between runs; it may be nil.
	Facts FactCache
	// Setting returns one of Ansible's settings, for the lookup config; it may be nil.
	Setting func(name string) (v any, origin string, known bool)
	// Plugin returns a setting of one of Ansible's plugins, as lookup.Options has it.
	Plugin func(kind, plugin, name string) (s lookup.PluginSetting, known, ok bool)

	limit       map[string]bool // nil: all hosts
	slots       *slots          // nil: no limit
	actions     map[string]*action
	helpers     pool.Pool[Endpoint, Conn] // one for each endpoint
	stats       *stats
	exprs       exprs
	envs        sync.Map         // search.Path → *jinja.Env
	templates   sync.Map         // templateKey → *jinja.Template
	digests     digests          // of the controller's files, vaults decrypted
	sealed      digests          // of those that go out as they are
	listings    versions[[]byte] // of its archives, as JSON
	gathered    sync.Map         // hosts whose facts are, where they are gathered once
	cacheWarned sync.Once
	warned      sync.Map // what was warned of, once
	packs       packs    // of what they have in them
	started     bool     // the task of Options.StartAt was reached
	plays       int      // plays and batches begun
	pausing     sync.Mutex
	custom      customStats
	stepping    bool               // the operator wants to be asked before the next task too
	chains      atomic.Uint32      // of calls that are sent ahead, begun
	airborne    atomic.Int64       // calls in the air, besides one of each host
	stop        context.CancelFunc // ends the run as an interruption does
	window      int                // calls of one host in the air; 0 is airCalls
}

// Summary is how a run ended.
type Summary struct {
	Failed, Unreachable bool // of any host
	Interrupted         bool
}

// Run runs the plays in order. An error means that the run could not go on for a
// reason that is no host's: a pattern that cannot be read, an inventory variable
// that cannot. Hosts that failed are in the Summary and in the events.
func (e *Engine) Run(ctx context.Context, pb *playbook.Playbook, names []string) (Summary, error) {
	begin := time.Now()
	ctx, e.stop = context.WithCancel(ctx)
	defer e.stop()
	if err := e.prepare(); err != nil {
		return Summary{}, err
	}
	defer e.helpers.Close()
	e.Events.Emit(event.RunStarted{Playbooks: names, Check: e.Options.Check, Diff: e.Options.Diff, Time: begin})
	var err error
	for i, p := range pb.Plays {
		more, perr := e.play(ctx, p, i == len(pb.Plays)-1)
		if err = perr; err != nil || !more || ctx.Err() != nil {
			break
		}
	}
	if ctx.Err() != nil {
		err = nil
	}
	if err == nil && !e.started && ctx.Err() == nil {
		err = source.Errorf(source.Pos{}, "no task to start at is called %q", e.Options.StartAt)
	}
	sum := e.stats.summary()
	sum.Interrupted = ctx.Err() != nil
	ended := event.RunEnded{Stats: e.stats.list(e.Inventory), Interrupted: sum.Interrupted, Elapsed: time.Since(begin), Custom: e.custom.list()}
	if sum.Interrupted {
		ended.NotDone = e.stats.notDone()
	}
	e.Events.Emit(ended)
	return sum, err
}

// prepare sets up what one run shares.
func (e *Engine) prepare() error {
	e.actions = actionTable()
	e.stats = newStats()
	e.openCache()
	e.started = e.Options.StartAt == ""
	e.stepping = e.Options.Step
	e.digests.open, e.sealed.open = e.files().Open, openFile
	if e.Options.Forks > 0 {
		e.slots = newSlots(e.Options.Forks)
	}
	if e.Options.Limit == nil {
		return nil
	}
	sel, err := e.Inventory.Select(e.Options.Limit...)
	if err != nil {
		return err
	}
	e.limit = map[string]bool{}
	for _, h := range sel.Hosts {
		e.limit[h] = true
	}
	return nil
}
