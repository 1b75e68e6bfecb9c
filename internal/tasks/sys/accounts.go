package sys

import (
	"os"
	"slices"
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

// onlyFiles reports whether no other source than the database's file can have the
// answer, as nsswitch.conf(5) names them. Where there is no such file, libc has its
// own idea.
func (m *Machine) onlyFiles(q question) bool {
	data, err := m.ReadFile("/etc/nsswitch.conf")
	if err != nil {
		return false
	}
	for _, line := range strings.Split(string(data), "\n") {
		line, _, _ = strings.Cut(line, "#")
		name, sources, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) != q.database {
			continue
		}
		for _, source := range strings.Fields(sources) {
			if source != "files" && (source != "systemd" || m.systemdKnows(q)) {
				return false
			}
		}
		return true
	}
	return false
}

// systemdKnows reports whether systemd may have users and groups of its own: those
// of its services while it runs, those in its folders, and root and nobody.
func (m *Machine) systemdKnows(q question) bool {
	for _, folder := range []string{"/run/systemd/system", "/run/systemd/userdb", "/etc/userdb", "/run/userdb", "/run/host/userdb", "/usr/lib/userdb"} {
		if _, err := os.Stat(m.Path(folder)); err == nil {
			return true
		}
	}
	return slices.Contains([]string{"root", "nobody", "nogroup", "0", "65534"}, q.key)
}
