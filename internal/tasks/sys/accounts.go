package sys

import (
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// directoryAge is how long the answer of a directory service is good for.
const directoryAge = 5 * time.Second

// Accounts remembers the answers of the user database, for the calls of one
// helper: most results name the owner of a file, which is the same one all the
// time. An answer from a file is good as long as the file is the same, one from a
// directory service for five seconds, and none is good any more once the helper
// has run a command. Accounts may be used concurrently. Nil remembers nothing.
type Accounts struct {
	mu      sync.Mutex
	answers map[question]answer
}

// question asks for the line of a database whose column has the value key.
type question struct {
	database, key string
	column        int
}

// answer is the fields of the line, or none where there is no such line.
type answer struct {
	fields []string
	file   stamp     // of the database, when it was read
	until  time.Time // zero for a line of the file
}

// stamp tells one state of a file from another.
type stamp struct {
	inode uint64
	size  int64
	mtime syscall.Timespec
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return stamp{}
	}
	return stamp{st.Ino, st.Size, st.Mtim}
}

func (a *Accounts) get(q question, file stamp) (answer, bool) {
	if a == nil {
		return answer{}, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	known, ok := a.answers[q]
	return known, ok && known.file == file && (known.until.IsZero() || time.Now().Before(known.until))
}

func (a *Accounts) put(q question, known answer) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.answers == nil {
		a.answers = map[question]answer{}
	}
	a.answers[q] = known
}

// forget drops all answers: a command may have changed what a directory says.
func (a *Accounts) forget() {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.answers)
}

// onlyFiles reports whether nsswitch.conf(5) names no other source than the
// file for the database. Where there is no such file, libc has its own idea.
func (m *Machine) onlyFiles(database string) bool {
	data, err := os.ReadFile(m.Path("/etc/nsswitch.conf"))
	if err != nil {
		return false
	}
	for _, line := range strings.Split(string(data), "\n") {
		line, _, _ = strings.Cut(line, "#")
		name, sources, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) != database {
			continue
		}
		return strings.TrimSpace(sources) == "files"
	}
	return false
}
