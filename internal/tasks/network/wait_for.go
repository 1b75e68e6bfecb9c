package network

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"fleet/internal/spec"
	"fleet/internal/tasks/pattern"
	"fleet/internal/tasks/sys"
)

// WaitFor waits until a port is open or closed, or a file there or gone, and for
// a text in what the port or the file says. Without port and path it just waits.
//
// In check mode it is skipped: what it waits for may need changes that were not made.
//
// Example:
//
//	tasks:
//	  - name: Wait for the database
//	    wait_for:
//	      host: 10.0.0.5
//	      port: 3306
//	      timeout: 60
var WaitFor = sys.Define(spec.Module{
	Name:      "wait_for",
	Names:     []string{"ansible.builtin.wait_for", "ansible.legacy.wait_for"},
	Exclusive: [][]string{{"port", "path"}},
}, waitFor)

type waitForArgs struct {
	// The host to connect to, from the target.
	Host string `arg:"host" default:"127.0.0.1"`
	// The port to connect to.
	Port int `arg:"port"`
	// The file to look at.
	Path string `arg:"path" type:"path"`
	// A regular expression, as Python's, for what the port or the file has to say.
	SearchRegex string `arg:"search_regex" form:"regexp"`
	// What to wait for: an open port or a file (started, present), a closed port or
	// no file (stopped, absent), or no connections any more (drained).
	State string `arg:"state" choices:"absent,drained,present,started,stopped" default:"started"`
	// How many seconds to wait at most.
	Timeout int `arg:"timeout" default:"300"`
	// How many seconds to wait before the first look.
	Delay int `arg:"delay" default:"0"`
	// How many seconds lie between two looks.
	Sleep int `arg:"sleep" default:"1"`
	// How many seconds one connection may take.
	ConnectTimeout int `arg:"connect_timeout" default:"5"`
	// The states of connections that count as active, for drained.
	ActiveConnectionStates []string `arg:"active_connection_states" default:"ESTABLISHED,FIN_WAIT1,FIN_WAIT2,SYN_RECV,SYN_SENT,TIME_WAIT"`
	// The addresses whose connections do not count, for drained.
	ExcludeHosts []string `arg:"exclude_hosts"`
	// What the failure says when the time is over.
	Msg string `arg:"msg"`
}

type waitForResult struct {
	// How many seconds it took.
	Elapsed int `json:"elapsed"`
	// The state that was waited for.
	State string `json:"state"`
	// The port.
	Port int `json:"port,omitempty"`
	// The file.
	Path string `json:"path,omitempty"`
	// The regular expression.
	SearchRegex string `json:"search_regex,omitempty"`
	// What its groups matched.
	MatchGroups []string `json:"match_groups"`
	// What its named groups matched.
	MatchGroupDict map[string]string `json:"match_groupdict"`
}

// wait is one call of the module.
type wait struct {
	*waitForArgs
	m     *sys.Machine
	regex *pattern.Regexp
	path  string
	res   waitForResult
}

func waitFor(ctx context.Context, m *sys.Machine, a *waitForArgs) (any, error) {
	w, err := a.prepare(m)
	if err != nil {
		return nil, err
	}
	if m.Check {
		return sys.Skip("skipped in check mode: what it waits for may depend on changes that were not made"), nil
	}
	start := time.Now()
	err = w.run(ctx, start.Add(time.Duration(a.Timeout)*time.Second))
	w.res.Elapsed = int(time.Since(start).Seconds())
	return w.res, err
}

func (a *waitForArgs) prepare(m *sys.Machine) (w *wait, err error) {
	w = &wait{waitForArgs: a, m: m, res: waitForResult{State: a.State, Port: a.Port, SearchRegex: a.SearchRegex,
		MatchGroups: []string{}, MatchGroupDict: map[string]string{}}}
	if w.path, err = m.Expand(a.Path); err != nil {
		return nil, err
	}
	w.res.Path = w.path
	gone := a.State == "absent" || a.State == "stopped"
	switch {
	case a.State == "drained" && a.Port == 0:
		return nil, errors.New(`state: drained needs the argument "port"`)
	case gone && a.SearchRegex != "":
		return nil, fmt.Errorf(`argument "search_regex" is of no use with state: %s`, a.State)
	case a.SearchRegex != "" && a.Port == 0 && a.Path == "":
		return nil, errors.New(`argument "search_regex" needs "port" or "path"`)
	case a.Sleep < 1:
		return nil, fmt.Errorf(`argument "sleep" is %d; at least 1 second has to lie between two looks`, a.Sleep)
	}
	if a.SearchRegex != "" {
		w.regex, err = pattern.Compile(a.SearchRegex, pattern.MultiLine)
	}
	return w, err
}

func (w *wait) run(ctx context.Context, end time.Time) error {
	if err := pause(ctx, time.Duration(w.Delay)*time.Second); err != nil {
		return err
	}
	if w.Port == 0 && w.path == "" {
		return pause(ctx, time.Duration(w.Timeout)*time.Second) // the delay comes on top
	}
	look := w.look()
	for {
		ok, err := look(ctx, end)
		if ok || err != nil {
			return err
		}
		left := time.Until(end)
		if left <= 0 {
			return w.timeout()
		}
		if err := pause(ctx, min(left, time.Duration(w.Sleep)*time.Second)); err != nil {
			return err
		}
	}
}

// look returns the function that looks once. An error ends the waiting.
func (w *wait) look() func(context.Context, time.Time) (bool, error) {
	gone := w.State == "absent" || w.State == "stopped"
	switch {
	case w.State == "drained":
		return w.drained
	case w.path != "" && gone:
		return w.fileGone
	case w.path != "":
		return w.fileThere
	case gone:
		return w.portClosed
	}
	return w.portOpen
}

func (w *wait) timeout() error {
	if w.Msg != "" {
		return errors.New(w.Msg)
	}
	what := fmt.Sprintf("%s:%d", w.Host, w.Port)
	if w.path != "" {
		what = "file " + w.path
	}
	switch {
	case w.State == "drained":
		return sys.Messagef("Timeout when waiting for %s to drain: it still has connections after %d s", what, w.Timeout)
	case w.path != "" && (w.State == "absent" || w.State == "stopped"):
		return sys.Messagef("Timeout when waiting for %s to be absent.", w.path)
	case w.State == "absent" || w.State == "stopped":
		return sys.Messagef("Timeout when waiting for %s to stop.", what)
	case w.regex != nil:
		return sys.Messagef("Timeout when waiting for search string %s in %s", w.SearchRegex, cmp.Or(w.path, what))
	}
	return sys.Messagef("Timeout when waiting for %s", what)
}

// found keeps the groups of a match.
func (w *wait) found(groups []string) {
	for i, name := range w.regex.Names() {
		if i == 0 {
			continue
		}
		w.res.MatchGroups = append(w.res.MatchGroups, groups[i])
		if name != "" {
			w.res.MatchGroupDict[name] = groups[i]
		}
	}
}

// pause waits, or returns the context's error when it ends before.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
