package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
	"fleet/internal/wire"
)

// AsyncStatus tells how far a job is that a task with async has begun.
//
// The task's result has the job's id. When the job has ended, the result is that
// of the job's module, and fails where that has failed.
//
// Example:
//
//	tasks:
//	  - name: Begin a long upgrade
//	    command: /usr/local/bin/upgrade
//	    async: 3600
//	    poll: 0
//	    register: upgrade
//
//	  - name: Wait for its end
//	    async_status:
//	      jid: "{{ upgrade.ansible_job_id }}"
//	    register: ended
//	    until: ended is finished
//	    retries: 120
//	    delay: 30
var AsyncStatus = sys.Define(spec.Module{
	Name:  "async_status",
	Names: []string{"ansible.builtin.async_status", "ansible.legacy.async_status"},
}, asyncStatus)

type asyncStatusArgs struct {
	// The job's id, as the task that began it returned it.
	Jid string `arg:"jid,required"`
	// What to do: tell how far the job is, or remove the file with its result.
	Mode string `arg:"mode" choices:"status,cleanup" default:"status"`
	// How many seconds to wait for the job's end before the answer is given.
	Wait float64 `arg:"wait"`
	// The folder with the results of jobs: `ansible_async_dir`, where that is set.
	Dir string `arg:"_async_dir" type:"path" default:"~/.ansible_async"`
}

// asyncJob is a job that is asked for.
type asyncJob struct{ wire.Job }

func asyncStatus(ctx context.Context, m *sys.Machine, a *asyncStatusArgs) (any, error) {
	dir, err := m.Expand(a.Dir)
	if err != nil {
		return nil, err
	}
	j := &asyncJob{wire.Job{ID: a.Jid, Started: 1, Finished: 1, File: filepath.Join(dir, a.Jid)}}
	// An id comes from a target: it never leads out of the folder.
	if a.Jid == "" || strings.HasPrefix(a.Jid, ".") || strings.Contains(a.Jid, "/") {
		return j.found(), errors.New("could not find job")
	}
	if _, err := os.Lstat(m.Path(j.File)); err != nil {
		return j.found(), errors.New("could not find job")
	}
	if a.Mode == "cleanup" {
		if err := os.Remove(m.Path(j.File)); err != nil {
			return j.found(), fmt.Errorf("remove %q: %w", j.File, errors.Unwrap(err))
		}
		return map[string]any{"ansible_job_id": j.ID, "erased": j.File, "changed": false}, nil
	}
	return j.await(ctx, m, time.Duration(a.Wait*float64(time.Second)))
}

// found is what is said of the job where there is no result.
func (j *asyncJob) found() map[string]any {
	return map[string]any{"ansible_job_id": j.ID, "started": j.Started, "finished": j.Finished, "results_file": j.File, "changed": false}
}

// await returns the job's state once it has ended or the time is over.
func (j *asyncJob) await(ctx context.Context, m *sys.Machine, limit time.Duration) (any, error) {
	const first, longest = 20 * time.Millisecond, 500 * time.Millisecond
	until, pause := time.Now().Add(limit), first
	for {
		state, err := j.state(m)
		left := time.Until(until)
		if err != nil || ended(state) || left <= 0 {
			return state, err
		}
		select {
		case <-time.After(min(pause, left)):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		pause = min(pause*2, longest)
	}
}

// state reads the job's file. A job that left no result is running, unless its
// process is gone.
func (j *asyncJob) state(m *sys.Machine) (map[string]any, error) {
	state, err := j.read(m)
	if err != nil || ended(state) || j.runs() {
		return state, err
	}
	// It may have ended between the two looks.
	if state, err = j.read(m); err != nil || ended(state) {
		return state, err
	}
	return j.found(), errors.New("the job has ended without a result: its process is gone")
}

func (j *asyncJob) read(m *sys.Machine) (map[string]any, error) {
	f, err := m.Open(j.File)
	if errors.Is(err, fs.ErrNotExist) {
		return j.found(), errors.New("could not find job")
	}
	if err != nil {
		return j.found(), err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, wire.MaxMessage))
	if err != nil {
		return j.found(), err
	}
	state := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if d.Decode(&state) != nil {
		return j.found(), fmt.Errorf("could not parse the job's result in %q", j.File)
	}
	if _, ok := state["finished"]; !ok {
		state["finished"] = 1
	}
	return state, nil
}

func ended(state map[string]any) bool { return state["finished"] != json.Number("0") }

// runs reports whether the job's process, whose number ends the id, is there.
func (j *asyncJob) runs() bool {
	pid, err := strconv.Atoi(j.ID[strings.LastIndexByte(j.ID, '.')+1:])
	// Of an id without a number nothing says that it is not.
	return err != nil || pid < 1 || !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
