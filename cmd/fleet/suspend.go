package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// suspend stops fleet, as Ctrl-Z would have without it, with the terminal as it was
// found. It returns when fleet is continued.
func (s *signals) suspend() {
	if !continuable() {
		return
	}
	s.mu.Lock()
	if s.asked != nil {
		s.asked.modes.lend()
		s.asked.stopped = true
	}
	s.mu.Unlock()
	if screen := s.screen.Load(); screen != nil {
		defer screen.Still()()
	}
	// Go never gives SIGTSTP back to the system. The signal is for this thread, which
	// goes on below only behind the stop.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.SIGSTOP)
}

// continuable reports whether a shell can continue fleet's process group: a process of
// its session, outside of the group, has started it (POSIX: it is not orphaned).
func continuable() bool {
	group := unix.Getpgrp()
	session, err := unix.Getsid(0)
	for pid := unix.Getppid(); err == nil && pid > 1; pid = parentOf(pid) {
		theirs, err := unix.Getsid(pid)
		if err != nil || theirs != session {
			return false
		}
		if g, err := unix.Getpgid(pid); err != nil || g != group {
			return err == nil
		}
	}
	return false
}

// parentOf returns the id of a process's parent, as proc(5) has it; 0 if it has none.
func parentOf(pid int) int {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat[max(0, strings.LastIndexByte(string(stat), ')')):]), " ")
	parent, state := 0, ""
	_, _ = fmt.Sscan(rest, &state, &parent) // 0 where that is no number
	return parent
}
