package target

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"fleet/internal/tasks/sys"
	"fleet/internal/wire"
)

// jobVerb is the argument that makes the helper run one job and end.
const jobVerb = "job"

// job is what a job's process is told on its standard input: no argument of a
// call is ever seen in a list of processes.
type job struct {
	wire.Job
	Call  wire.Call `json:"call"`
	Spool string    `json:"spool,omitempty"` // the folder with the bytes of the call's files
}

// detach begins the call as a process of its own, in a session of its own, and
// returns what is known of it. The job's file says so too, until its result is there.
func (c *call) detach(ctx context.Context) (json.RawMessage, error) {
	dir, err := (&sys.Machine{Accounts: &c.s.accounts}).Expand(c.wc.Async.Dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the folder for jobs: %w", err)
	}
	j := &job{Call: c.wc}
	if j.Spool, err = c.spool(ctx, dir); err != nil {
		return nil, err
	}
	cmd := exec.Command(self(), Verb, jobVerb)
	cmd.Args[0] = "fleet-target"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot begin the job: %w", err), os.RemoveAll(j.Spool))
	}
	// While the helper is there, it is the one that has to take note of the end.
	go func() { _ = cmd.Wait() }()
	j.ID = "j" + strconv.FormatUint(rand.Uint64N(1e12), 10) + "." + strconv.Itoa(cmd.Process.Pid)
	j.Started, j.File = 1, filepath.Join(dir, j.ID)
	if err := j.tell(in); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot begin the job: %w", err), cmd.Process.Kill(), os.RemoveAll(j.Spool))
	}
	return json.Marshal(struct {
		wire.Job
		Changed bool `json:"changed"`
	}{j.Job, true})
}

// tell writes the job's file, and gives the job to its process.
func (j *job) tell(in io.WriteCloser) error {
	state, err := json.Marshal(j.Job)
	if err == nil {
		err = j.write(state)
	}
	if err == nil {
		err = json.NewEncoder(in).Encode(j)
	}
	if cerr := in.Close(); err == nil && !errors.Is(cerr, os.ErrClosed) { // a job may have ended already
		err = cerr
	}
	return err
}

// write replaces the job's file: whoever reads it sees all of a state.
func (j *job) write(state []byte) error {
	next := filepath.Join(filepath.Dir(j.File), "."+j.ID+".new")
	if err := os.WriteFile(next, state, 0o600); err != nil {
		return err
	}
	return os.Rename(next, j.File)
}

// spool keeps the bytes of the call's files in a folder, because nobody can be
// asked for them later. Without files there is none.
func (c *call) spool(ctx context.Context, dir string) (string, error) {
	if len(c.wc.Files) == 0 {
		return "", nil
	}
	folder, err := os.MkdirTemp(dir, ".files-")
	if err != nil {
		return "", err
	}
	if err := c.Ask(ctx, c.wc.Files); err != nil {
		return "", errors.Join(err, os.RemoveAll(folder))
	}
	for i, f := range c.wc.Files {
		if f.Link != "" || f.Size == 0 {
			continue
		}
		if err := c.keep(ctx, f, spooled(folder, i)); err != nil {
			return "", errors.Join(err, os.RemoveAll(folder))
		}
	}
	return folder, nil
}

func (c *call) keep(ctx context.Context, f wire.File, path string) error {
	r, err := c.Open(ctx, f)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Close())
}

// spooled returns where the bytes of the call's file at a place are kept.
func spooled(folder string, place int) string { return filepath.Join(folder, strconv.Itoa(place)) }

// self returns the helper's own program. The name in /proc is good even where the
// file was removed meanwhile.
func self() string {
	const proc = "/proc/self/exe"
	if _, err := os.Stat(proc); err == nil {
		return proc
	}
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}
