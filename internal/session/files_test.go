package session_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"fleet/internal/session"
	"fleet/internal/wire"
)

func TestFilesGoToTheTarget(t *testing.T) {
	s := connect(t)
	content := make([]byte, 3*wire.Window+17)
	if _, err := rand.Read(content); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	good := wire.File{Name: "f", Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}
	other := good
	other.SHA256 = strings.Repeat("0", 64)
	longer, shorter := good, good
	longer.Size++
	shorter.Size--
	for name, test := range map[string]struct {
		file wire.File
		only int
		err  error
		want string
	}{
		"good":        {good, 0, nil, `"sha256":"` + good.SHA256 + `"`},
		"a part":      {good, 10, nil, `{"changed":false}`},
		"other bytes": {other, 0, nil, `file \"f\" changed on the controller while the task ran`},
		"too short":   {longer, 0, nil, fmt.Sprintf(`file \"f\" changed on the controller while the task ran: it has %d bytes, not %d`, good.Size, longer.Size)},
		"too long":    {shorter, 0, nil, `file \"f\" changed on the controller while the task ran: its SHA-256 is`},
		"gone":        {good, 0, errors.New("it was deleted"), `file \"f\": it was deleted`},
	} {
		t.Run(name, func(t *testing.T) {
			open := func(wire.File) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), test.err }
			r, err := s.Call(t.Context(), wire.Call{Module: "take", Args: args("f", test.only), Files: []wire.File{test.file}}, wire.Answers{Open: open})
			if err != nil || !strings.Contains(string(r.Data), test.want) {
				t.Errorf("%s, %v", r.Data, err)
			}
		})
	}
}

func TestBytesComeFromTheTarget(t *testing.T) {
	s := connect(t)
	size := 3*wire.Window + 17
	var got slowWriter
	if _, err := s.Call(t.Context(), wire.Call{Module: "give", Args: args("", size)}, wire.Answers{Receive: &got}); err != nil || got.n != size {
		t.Errorf("%d of %d bytes, %v", got.n, size, err)
	}
	for name, test := range map[string]struct {
		module, want string
		w            io.Writer
	}{
		"nobody takes it":      {"give", "the controller takes no file in this call", nil},
		"full disk":            {"give", "no space left on device", failingWriter{}},
		"unreadable on target": {"giveBroken", "bad sector", &slowWriter{}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := s.Call(t.Context(), wire.Call{Module: test.module, Args: args("", size)}, wire.Answers{Receive: test.w})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(string(r.Data), test.want) {
				t.Errorf("%s, %v", r.Data, err)
			}
			var take *session.TakeError
			if !errors.As(err, &take) || s.Err() != nil {
				t.Errorf("the session is over: %v, %v", err, s.Err())
			}
		})
	}
}

type slowWriter struct{ n int }

func (w *slowWriter) Write(p []byte) (int, error) {
	runtime.Gosched()
	w.n += len(p)
	return len(p), nil
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }
