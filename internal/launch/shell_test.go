package launch_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"fleet/internal/launch"
	"fleet/internal/local"
)

// say runs a line on this machine and returns what it says.
func say(ctx context.Context, line string) (stdout, stderr string, code int, err error) {
	var out, errs bytes.Buffer
	code, err = launch.Shell(ctx, &local.Host{}, line, &out, &errs)
	return out.String(), errs.String(), code, err
}

func TestShell(t *testing.T) {
	for _, c := range []struct {
		line, out, err string
		code           int
	}{
		{"echo hello; echo no >&2; exit 3", "hello\n", "no\n", 3},
		{`printf '%s|' "it's" 'a  b' "$((1+1))" \\ 100% '!' "` + "`echo x`" + `"`, `it's|a  b|2|\|100%|!|x|`, "", 0},
		{"echo one\necho two", "one\ntwo\n", "", 0},
		{"cat; echo end", "end\n", "", 0},
		{"kill -s KILL $$", "", "", 128 + 9},
		{"head -c 300000 /dev/zero | tr '\\0' x | wc -c", "300000\n", "", 0},
	} {
		out, errs, code, err := say(t.Context(), c.line)
		if out != c.out || errs != c.err || code != c.code || err != nil {
			t.Errorf("%s: %q, %q, %d, %v", c.line, out, errs, code, err)
		}
	}
}

// The command has no child that it has not made, and what it leaves behind stays.
func TestShellIsAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	out, _, code, err := say(t.Context(), `read -r x </proc/$$/task/$$/children; printf "$x"; sleep 60 >/dev/null 2>&1 & echo $! >`+file)
	if out != "" || code != 0 || err != nil {
		t.Errorf("%q, %d, %v", out, code, err)
	}
	pid := number(t, file)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Errorf("what ran on has gone: %v", err)
	}
}

// Where nobody wants it any more, the command and what it has started end, also what
// takes no notice of SIGTERM.
func TestShellEnds(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	go cancelBehind(filepath.Join(dir, "ready"), cancel, enough)
	line := `cd ` + dir + `; (trap "" TERM; exec sleep 60) & echo $! >deaf; sleep 61 & echo $! >child; touch ready; wait`
	if _, _, _, err := say(ctx, line); !errors.Is(err, enough) {
		t.Errorf("%v", err)
	}
	for _, name := range []string{"child", "deaf"} {
		pid := number(t, filepath.Join(dir, name))
		gone := false
		for range 500 {
			if gone = syscall.Kill(pid, 0) != nil || zombie(pid); gone {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if !gone {
			t.Errorf("%s runs on", name)
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// What has left the command's process group, and holds its output open, is not waited for.
func TestShellLeft(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	go cancelBehind(filepath.Join(dir, "left"), cancel, enough)
	line := `cd ` + dir + `; setsid sh -c "echo \$\$ >new; mv new left; exec sleep 600"`
	end := func() error { return syscall.Kill(number(t, filepath.Join(dir, "left")), syscall.SIGKILL) }
	late := time.AfterFunc(20*time.Second, func() { _ = end() })
	if _, _, _, err := say(ctx, line); !errors.Is(err, enough) {
		t.Errorf("%v", err)
	}
	if !late.Stop() {
		t.Fatal("it was waited for")
	}
	if err := end(); err != nil {
		t.Errorf("it has ended: %v", err)
	}
}

// cancelBehind cancels once the file is there.
func cancelBehind(file string, cancel context.CancelCauseFunc, why error) {
	for range 3000 {
		if _, err := os.Stat(file); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	cancel(why)
}

// A shell that does not run is no command that failed.
func TestShellBroken(t *testing.T) {
	if _, err := launch.Shell(t.Context(), broken{}, "true", io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "not available") {
		t.Errorf("%v", err)
	}
}

// broken is a machine whose shell only complains.
type broken struct{}

func (broken) Start(ctx context.Context, _ string) (launch.Process, error) {
	return (&local.Host{}).Start(ctx, `echo "This account is not available." >&2; exit 1`)
}

// zombie reports whether a process has ended and nobody has asked for its exit code.
func zombie(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && bytes.Contains(stat, []byte(") Z "))
}

func number(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
