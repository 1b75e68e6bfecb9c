package measure

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is one line of /proc.
type process struct {
	pid, parent int
	name        string
	onHost      bool          // it runs as the hosts' user
	took        time.Duration // user and system, with what it has waited for
}

// tree returns the processes below this one: those of the hosts, with what plays
// them, and the others.
func (m *Meter) tree() (tools, hosts []process) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, nil
	}
	children := map[int][]process{}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if p, ok := m.readProcess(pid); ok {
				children[p.parent] = append(children[p.parent], p)
			}
		}
	}
	var walk func(pid int, onHost bool)
	walk = func(pid int, onHost bool) {
		for _, p := range children[pid] {
			// What outlives its session on a host has no server above it.
			below := onHost || p.onHost || slices.Contains(m.Hosts, p.pid)
			if below {
				hosts = append(hosts, p)
			} else {
				tools = append(tools, p)
			}
			walk(p.pid, below)
		}
	}
	walk(os.Getpid(), false)
	return tools, hosts
}

// readProcess reads proc_pid_stat(5). The name is in parentheses and may have any
// character.
func (m *Meter) readProcess(pid int) (process, bool) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, false // it has ended
	}
	open, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if open < 0 || end < open {
		return process{}, false
	}
	fields := strings.Fields(string(data[end+1:]))
	if len(fields) < 15 {
		return process{}, false
	}
	parent, err := strconv.Atoi(fields[1])
	p := process{pid: pid, parent: parent, name: string(data[open+1 : end])}
	for _, ticks := range fields[11:15] { // of which there are 100 in a second
		n, terr := strconv.ParseInt(ticks, 10, 64)
		err = errors.Join(err, terr)
		p.took += time.Duration(n) * 10 * time.Millisecond
	}
	info, serr := os.Stat(fmt.Sprintf("/proc/%d", pid))
	if serr == nil {
		p.onHost = m.User != 0 && info.Sys().(*syscall.Stat_t).Uid == m.User
	}
	return p, err == nil
}

// proportional returns its memory, in bytes, what it shares being divided by
// those who share it.
func (p process) proportional() int64 { return p.field("smaps_rollup", "Pss:") }

// resident returns its memory, in bytes, shared or not.
func (p process) resident() int64 { return p.field("status", "VmHWM:") }

// files returns how many files and connections it has open.
func (p process) files() int {
	names, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.pid))
	if err != nil {
		return 0 // it has ended
	}
	return len(names)
}

// field returns a number of kilobytes from one of its files, in bytes.
func (p process) field(file, name string) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.pid, file))
	if err != nil {
		return 0
	}
	words := strings.Fields(string(data))
	i := slices.Index(words, name)
	if i < 0 || i+1 >= len(words) {
		return 0
	}
	n, err := strconv.ParseInt(words[i+1], 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}
