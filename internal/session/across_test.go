package session_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fleet/internal/fleettest/distance"
	"fleet/internal/session"
	"fleet/internal/target"
	"fleet/internal/tasks"
	"fleet/internal/wire"
)

// across is a connection over a link.
type across struct{ net.Conn }

func (across) Reason() (string, string) { return "", "" }
func (a across) CloseWrite() error      { return a.Close() }

// over starts a helper behind a link, with all modules.
func over(t *testing.T, l distance.Link) (*session.Session, *distance.Joined) {
	t.Helper()
	return overWith(t, l, session.Options{})
}

func overWith(t *testing.T, l distance.Link, o session.Options) (*session.Session, *distance.Joined) {
	t.Helper()
	near, a := net.Pipe()
	b, far := net.Pipe()
	link := l.Join(a, b)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		target.Serve(context.Background(), far, far, target.Program{Find: tasks.Find, Web: tasks.Web})
		far.Close()
	}()
	greeting := wire.Greeting{Word: wire.GreetingHello, Rest: fmt.Sprint(wire.Version)}.Append(nil)
	if _, err := io.ReadFull(near, greeting); err != nil {
		t.Fatal(err)
	}
	s, err := session.New(t.Context(), across{near}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		<-ended
		link.Wait()
	})
	return s, link
}

// offered is what a controller offers.
type offered struct {
	files []wire.File
	data  map[string][]byte
	opens int
}

func (s *offered) add(name string, data []byte) {
	if s.data == nil {
		s.data = map[string][]byte{}
	}
	sum := sha256.Sum256(data)
	s.data[name] = data
	s.files = append(s.files, wire.File{Name: name, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:]), Mode: 0o644})
}

func (s *offered) size() (n int64) {
	for _, f := range s.files {
		n += f.Size
	}
	return n
}

func (s *offered) open(f wire.File) (io.ReadCloser, error) {
	s.opens++
	data, ok := s.data[f.Name]
	if !ok {
		return nil, fs.ErrPermission
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (s *offered) copyTo(t *testing.T, on *session.Session, dest string, more ...string) map[string]any {
	t.Helper()
	given := map[string]any{"src": "tree/", "dest": dest}
	if len(s.files) == 1 {
		given["src"] = "file"
	}
	for i := 0; i < len(more); i += 2 {
		given[more[i]] = more[i+1]
	}
	data, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	r, err := on.Call(t.Context(), wire.Call{Module: "copy", Args: data, Files: s.files}, wire.Answers{Open: s.open})
	if err != nil {
		t.Fatal(err)
	}
	var result map[string]any
	if err := json.Unmarshal(r.Data, &result); err != nil {
		t.Fatal(err)
	}
	return result
}

// tree returns n files in folders of twenty.
func tree(n, size int, fill func(p []byte)) *offered {
	s := &offered{}
	for i := range n {
		if i%20 == 0 {
			s.files = append(s.files, wire.File{Name: fmt.Sprintf("d%04d/", i/20), Mode: 0o755})
		}
		data := make([]byte, size)
		fill(data)
		s.add(fmt.Sprintf("d%04d/f%05d", i/20, i), data)
	}
	return s
}

// noise is what does not shrink, and text what does.
func noise(seed uint64) func([]byte) {
	r := rand.NewChaCha8([32]byte{byte(seed)})
	return func(p []byte) { r.Read(p) }
}

func text(seed uint64) func([]byte) {
	r := rand.New(rand.NewPCG(seed, 0))
	words := strings.Fields("the fleet sails at dawn with every ship that has a captain and none that has not")
	return func(p []byte) {
		for i := 0; i < len(p); {
			i += copy(p[i:], words[r.IntN(len(words))]+" ")
		}
	}
}

// compare fails where dest has not exactly the files that were offered.
func (s *offered) compare(t *testing.T, dest string) {
	t.Helper()
	for name, want := range s.data {
		got, err := os.ReadFile(filepath.Join(dest, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s: %d bytes of %d, %v", name, len(got), len(want), err)
		}
	}
	for _, left := range found(t, dest) {
		if _, known := s.data[left]; !known {
			t.Errorf("%s was left behind", left)
		}
	}
}

// found returns the names of all that is below a folder and is no folder.
func found(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		names = append(names, name)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return names
}
