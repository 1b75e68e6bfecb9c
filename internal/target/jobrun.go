package target

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"fleet/internal/tasks/sys"
	"fleet/internal/wire"
)

// jobGrace is how long a job's module has to end when the job's time is over.
const jobGrace = 3 * time.Second

// runJob is a job's process: it reads the job, runs it, and leaves its result in
// the job's file. It returns the exit code.
func runJob(in io.Reader, program Program) int {
	var j job
	if err := json.NewDecoder(in).Decode(&j); err != nil || j.Call.Async == nil {
		fmt.Fprintln(os.Stderr, "fleet-target: no job was given")
		return 1
	}
	ctx, stop := untilSignal()
	defer stop()
	data, err := j.end(j.run(ctx, program))
	var left error
	if j.Spool != "" {
		left = os.RemoveAll(j.Spool) // before anybody can see that the job has ended
	}
	if err == nil {
		err = j.write(data)
	}
	if errors.Join(err, left) != nil {
		return 1 // nobody hears more
	}
	return 0
}

// run runs the job's module until it ends or the job's time is over.
func (j *job) run(ctx context.Context, program Program) json.RawMessage {
	mod, ok := program.Find(j.Call.Module)
	if !ok {
		return failed(fmt.Sprintf("the helper has no module %q", j.Call.Module))
	}
	late := fmt.Errorf("the job did not complete within its time of %s", j.Call.Async.Limit)
	ctx, stop := context.WithTimeoutCause(ctx, j.Call.Async.Limit, late)
	defer stop()
	done := make(chan json.RawMessage, 1)
	go func() { done <- guarded(ctx, mod, &j.Call, &sys.Machine{Controller: j, Web: program.Web}) }()
	select {
	case data := <-done:
		return explain(context.Cause(ctx), data)
	case <-ctx.Done():
	}
	select {
	case data := <-done:
		return explain(context.Cause(ctx), data)
	case <-time.After(jobGrace): // the process ends, and the module with it
		return failed(context.Cause(ctx).Error())
	}
}

// end adds to a result what is known of every job.
func (j *job) end(data json.RawMessage) ([]byte, error) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, err
	}
	j.Finished = 1
	state, err := json.Marshal(j.Job)
	if err == nil {
		err = json.Unmarshal(state, &fields)
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(fields)
}

// Ask implements sys.Controller: all bytes are there.
func (j *job) Ask(context.Context, []wire.File) error { return nil }

// Open implements sys.Controller.
func (j *job) Open(_ context.Context, f wire.File) (io.ReadCloser, error) {
	i := slices.IndexFunc(j.Call.Files, func(o wire.File) bool { return o.Name == f.Name })
	switch {
	case i < 0:
		return nil, fmt.Errorf("the controller offered no file %q", f.Name)
	case f.Size == 0:
		return io.NopCloser(strings.NewReader("")), nil
	}
	return os.Open(spooled(j.Spool, i))
}

// Send implements sys.Controller.
func (j *job) Send(context.Context, io.Reader) error {
	return errors.New("a job cannot send files to the controller")
}

// Output implements sys.Controller: nobody watches.
func (j *job) Output(wire.Stream, []byte) {}
