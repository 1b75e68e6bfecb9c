package engine_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fleet/internal/engine"
	"fleet/internal/wire"
)

// begin begins a call as a job, and closes the connection.
func begin(t *testing.T, call wire.Call, answers wire.Answers) wire.Job {
	t.Helper()
	data := ask(t, call, answers)
	var j wire.Job
	if err := json.Unmarshal(data, &j); err != nil || j.ID == "" || j.Started != 1 || j.Finished != 0 {
		t.Fatalf("the job did not begin: %s", data)
	}
	return j
}

func ask(t *testing.T, call wire.Call, answers wire.Answers) []byte {
	t.Helper()
	hosts := &helpers{}
	conn, err := hosts.Dial(t.Context(), engine.Endpoint{})
	if err != nil {
		t.Fatal(err)
	}
	res, err := conn.Call(t.Context(), call, answers)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	hosts.work.Wait()
	return res.Data
}

// ended waits for the end of a job and returns its result.
func ended(t *testing.T, j wire.Job) map[string]any {
	t.Helper()
	args := fmt.Sprintf(`{"jid":%q,"_async_dir":%q,"wait":20}`, j.ID, filepath.Dir(j.File))
	var got map[string]any
	if err := json.Unmarshal(ask(t, wire.Call{Module: "async_status", Args: []byte(args)}, wire.Answers{}), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestJobOutlivesItsHelper(t *testing.T) {
	dir := t.TempDir()
	text := strings.Repeat("a line\n", 5000)
	f := wire.File{Name: "content", Size: int64(len(text)), SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(text)))}
	to := filepath.Join(dir, "copied")
	j := begin(t, wire.Call{Module: "copy", Args: []byte(fmt.Sprintf(`{"dest":%q}`, to)), Files: []wire.File{f},
		Async: &wire.Async{Dir: filepath.Join(dir, "jobs"), Limit: time.Minute}},
		wire.Answers{Open: func(wire.File) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }})
	if got := ended(t, j); got["failed"] != nil || got["changed"] != true || got["finished"] != 1.0 {
		t.Errorf("the job ended with %v", got)
	}
	if data, err := os.ReadFile(to); err != nil || string(data) != text {
		t.Errorf("the file was not copied: %d bytes, %v", len(data), err)
	}
	left, err := os.ReadDir(filepath.Dir(j.File))
	if err != nil || len(left) != 1 || left[0].Name() != j.ID {
		t.Errorf("beside the job's file there is more: %v, %v", left, err)
	}
	if info, err := os.Stat(j.File); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the result can be read by others: %v, %v", info, err)
	}
}

func TestJobIsEndedAtItsLimit(t *testing.T) {
	dir := t.TempDir()
	j := begin(t, wire.Call{Module: "shell", Args: []byte(`{"cmd":"echo begun; sleep 100"}`),
		Async: &wire.Async{Dir: dir, Limit: 200 * time.Millisecond}}, wire.Answers{})
	if got := ended(t, j); got["failed"] != true || got["finished"] != 1.0 || !strings.Contains(fmt.Sprint(got["msg"]), "within its time of 200ms") {
		t.Errorf("the job ended with %v", got)
	}
}

func TestJobThatIsGone(t *testing.T) {
	j := wire.Job{ID: "j1.4194305", File: filepath.Join(t.TempDir(), "j1.4194305")} // more than any process's number
	if err := os.WriteFile(j.File, []byte(`{"started":1,"finished":0,"ansible_job_id":"j1.4194305"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := ended(t, j); got["failed"] != true || got["finished"] != 1.0 {
		t.Errorf("a job without a process is %v", got)
	}
	j.ID = "../" + filepath.Base(filepath.Dir(j.File)) + "/j1.4194305"
	if got := ended(t, j); got["msg"] != "could not find job" {
		t.Errorf("an id with a path is %v", got)
	}
}

// TestArgumentsOfJobsAreNotSeen looks at the list of processes while a job runs.
func TestArgumentsOfJobsAreNotSeen(t *testing.T) {
	dir := t.TempDir()
	j := begin(t, wire.Call{Module: "command", Args: []byte(`{"cmd":"sleep 0.5","stdin":"kept-to-itself"}`), Env: map[string]string{"WORD": "kept-to-itself"},
		Async: &wire.Async{Dir: dir, Limit: time.Minute}}, wire.Answers{})
	pid := j.ID[strings.LastIndexByte(j.ID, '.')+1:]
	line, err := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
	if err == nil && string(line) != "fleet-target\x00__target\x00job\x00" {
		t.Errorf("the job's process is %q", line)
	}
	if got := ended(t, j); got["rc"] != 0.0 {
		t.Errorf("the job ended with %v", got)
	}
}
