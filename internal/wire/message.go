// Package wire is what the controller and the helper on a target say to each
// other: frames and messages, their version and their limits. It does
// no I/O but reading and writing frames.
package wire

import (
	"encoding/json"
	"io"
	"time"
)

// Call asks the helper to run one module. The helper answers with any number of
// Output and Need messages and exactly one Result.
type Call struct {
	Module string          `json:"module"` // the short name
	Args   json.RawMessage `json:"args"`   // an object
	Check  bool            `json:"check,omitempty"`
	// Alone is set in check mode where it is the task's own: what the run made before is there.
	Alone bool              `json:"alone,omitempty"`
	Diff  bool              `json:"diff,omitempty"`
	Env   map[string]string `json:"env,omitempty"` // added to the environment of commands
	// Files are what the controller can send while the call runs. The helper asks
	// for the bytes of those that it needs.
	Files []File `json:"files,omitempty"`
	// Stream asks for Output messages while commands run.
	Stream bool `json:"stream,omitempty"`
	// Inline are the bytes of small files among Files, which need not be asked for.
	Inline []Inline `json:"inline,omitempty"`
	// Timeout ends the call on the target. 0 is no limit.
	Timeout time.Duration `json:"timeout,omitempty"`
	// Ahead is set where the call is sent before the results of the calls in front
	// of it are known. Such calls run one after the other, in the order in which
	// they came; all others run at once.
	Ahead *Ahead `json:"ahead,omitempty"`
	// Async makes the call a job, which outlives the helper and its connection.
	Async *Async `json:"async,omitempty"`
}

// Async says how a call becomes a job. The answer comes as soon as the job has
// begun: its data are those of Job.
type Async struct {
	// Dir is the folder in which the job writes its result, as Ansible names it: a
	// leading ~ is the home of the user in charge.
	Dir string `json:"dir"`
	// Limit is how long the job may take. It is ended then.
	Limit time.Duration `json:"limit"`
}

// Job is what is known of every job. Its result holds it too.
type Job struct {
	ID       string `json:"ansible_job_id"`
	Started  int    `json:"started"`
	Finished int    `json:"finished"`     // 1 when it has ended
	File     string `json:"results_file"` // on the target
}

// Ahead says on what a call depends that was sent ahead: it does not run where a
// call of an earlier task of the same chain has failed or was cancelled. Calls of
// the same task, the items of its loop, do not depend on each other.
type Ahead struct {
	Chain uint32 `json:"chain"`
	Task  uint32 `json:"task"` // rises within a chain
	// Tolerant says that nothing depends on whether the call succeeds.
	Tolerant bool `json:"tolerant,omitempty"`
}

// Inline is the bytes of one of a call's Files.
type Inline struct {
	File int    `json:"file"` // its place in the list
	Data []byte `json:"data"`
}

// MaxInline bounds a file whose bytes travel with the call, in bytes.
const MaxInline = 4 << 10

// File is one file of the controller, or a folder among such files.
type File struct {
	Name   string `json:"name"` // slash-separated and relative; a folder's ends in "/"
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256,omitempty"` // lower-case hex
	Mode   uint32 `json:"mode,omitempty"`   // permission bits
	Link   string `json:"link,omitempty"`   // where a symbolic link points to, else empty
}

// Result is the answer to a Call.
type Result struct {
	// Data is an object with the values that Ansible's documentation names for the
	// module, and "changed", "failed", "skipped", "msg", "diff" where they apply.
	Data json.RawMessage `json:"data,omitempty"`
	// NotRun says that the call was sent ahead and has not been run, because one in
	// front of it failed. There is no Data then.
	NotRun bool `json:"not_run,omitempty"`
	// NotHere says that nothing was done because this helper is the lean one, and
	// lacks what the call needs. There is no Data then.
	NotHere bool `json:"not_here,omitempty"`
}

// Pending is a call that was sent. Exactly one of Wait and Drop is to be called.
type Pending interface {
	// Ready reports whether Wait returns at once.
	Ready() bool
	// Wait returns the call's result.
	Wait() (Result, error)
	// Drop gives the call up: it is cancelled, and its result is of no interest.
	Drop()
}

// Stream names where a piece of output came from.
type Stream byte

// The two streams of a command.
const (
	Stdout Stream = 1
	Stderr Stream = 2
)

// Answers are what the controller gives to one Call while it runs. Any may be
// nil: then the call fails where it asks for it, and output is dropped.
type Answers struct {
	// Open returns the bytes of one of the call's Files.
	Open func(f File) (io.ReadCloser, error)
	// Pack packs the bytes that are sent. Calls that send the same may share it. Nil
	// is a Packer of the call's own.
	Pack Pack
	// Receive takes the bytes that the target sends.
	Receive io.Writer
	// Output takes pieces of the commands' output. It must not block for long.
	Output func(stream Stream, p []byte)
}
