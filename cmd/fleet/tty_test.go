package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// tty is a program for scripts: it runs fleet on a terminal of its own, as a job of
// a shell, does what the lines of a file say, and prints what the terminal showed. The
// lines are
//
//	wait TEXT     until the terminal shows it, behind what was waited for before
//	type TEXT     on the keyboard; with the escapes of Go
//	await FILE    until the file has a line
//	stopped       wait until fleet is
//	fg, bg        let it go on, as a shell's commands do
//	modes WORDS   wait until the terminal is in the modes echo, icanon, isig; or not (-echo)
//	size COLUMNS  change the terminal's width
//	kill SIGNAL   send fleet a signal
//	close         close the terminal
func tty() {
	steps, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = runKeyboard(strings.Split(strings.TrimSpace(string(steps)), "\n"), os.Args[2:])
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// keyboard is a terminal's other end.
type keyboard struct {
	master *os.File
	shell  *exec.Cmd

	mu    sync.Mutex
	shown bytes.Buffer
	seen  int // of what was shown
}

func runKeyboard(steps, args []string) error {
	k := &keyboard{}
	slave, err := k.open()
	if err != nil {
		return err
	}
	k.shell = exec.Command("shell", args...)
	k.shell.Stdin, k.shell.Stdout, k.shell.Stderr = slave, slave, slave
	k.shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := k.shell.Start(); err != nil {
		return err
	}
	slave.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 4096)
		for {
			n, err := k.master.Read(buf)
			k.mu.Lock()
			k.shown.Write(buf[:n])
			k.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	for _, step := range steps {
		word, rest, _ := strings.Cut(step, " ")
		if err := k.step(word, rest); err != nil {
			_ = k.shell.Process.Kill()
			return fmt.Errorf("%s: %w; the terminal shows:\n%s", step, err, k.text())
		}
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		_ = k.shell.Process.Kill()
		return fmt.Errorf("fleet does not end; the terminal shows:\n%s", k.text())
	}
	_ = k.shell.Wait()
	fmt.Print(steady(strings.NewReplacer("\r\n", "\n", "\r", "<cr>", "\x1b", "<esc>").Replace(k.text())))
	return nil
}

// open makes the pair of ends.
func (k *keyboard) open() (slave *os.File, err error) {
	if k.master, err = os.OpenFile("/dev/ptmx", os.O_RDWR, 0); err != nil {
		return nil, err
	}
	fd := k.fd()
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, err
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, err
	}
	if err := k.size(80); err != nil {
		return nil, err
	}
	return os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|syscall.O_NOCTTY, 0)
}

func (k *keyboard) fd() int {
	fd, _ := fdOf(k.master)
	return fd
}

func (k *keyboard) text() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.shown.String()
}

func (k *keyboard) size(columns int) error {
	return unix.IoctlSetWinsize(k.fd(), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: uint16(columns)})
}

func (k *keyboard) step(word, rest string) error {
	switch word {
	case "wait":
		return k.shows(rest)
	case "await":
		return soon(func() bool {
			data, err := os.ReadFile(rest)
			return err == nil && bytes.HasSuffix(data, []byte("\n"))
		})
	case "stopped":
		return k.shows("[stopped]")
	case "type":
		text, err := strconv.Unquote(`"` + rest + `"`)
		if err == nil {
			_, err = k.master.WriteString(text)
		}
		return err
	case "modes":
		return k.modes(strings.Fields(rest))
	case "size":
		n, err := strconv.Atoi(rest)
		return errors.Join(err, k.size(n))
	case "close":
		return k.master.Close()
	}
	signals := map[string]os.Signal{"fg": syscall.SIGUSR1, "bg": syscall.SIGUSR2, "kill HUP": syscall.SIGHUP, "kill TERM": syscall.SIGTERM,
		"kill INT": syscall.SIGINT, "kill QUIT": syscall.SIGQUIT}
	sig := signals[strings.TrimSpace(word+" "+rest)]
	if sig == nil {
		return errors.New("no such step")
	}
	return k.shell.Process.Signal(sig)
}

// soon waits for something.
func soon(what func() bool) error {
	for range 1000 {
		if what() {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("it did not come")
}

func (k *keyboard) shows(text string) error {
	return soon(func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		i := bytes.Index(k.shown.Bytes()[k.seen:], []byte(text))
		if i >= 0 {
			k.seen += i + len(text)
		}
		return i >= 0
	})
}

func (k *keyboard) modes(words []string) error {
	flags := map[string]uint32{"echo": unix.ECHO, "icanon": unix.ICANON, "isig": unix.ISIG}
	return soon(func() bool {
		m, err := unix.IoctlGetTermios(k.fd(), unix.TCGETS)
		for _, w := range words {
			name, off := strings.CutPrefix(w, "-")
			if err != nil || flags[name] == 0 || (m.Lflag&flags[name] == 0) != off {
				return false
			}
		}
		return true
	})
}

// shell is a program for tty: a shell with one job, which is fleet. It leaves the
// terminal's modes alone, unlike real ones.
func shell() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT)
	cmd := exec.Command("fleet", os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Foreground: true, Ctty: 0}
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	signal.Ignore(syscall.SIGTTOU) // not before: fleet would ignore it too
	pid := cmd.Process.Pid
	go func() {
		for s := range signals {
			switch s {
			case syscall.SIGUSR1:
				_ = unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, pid)
				_ = syscall.Kill(-pid, syscall.SIGCONT)
			case syscall.SIGUSR2:
				_ = syscall.Kill(-pid, syscall.SIGCONT)
			case syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT:
				_ = syscall.Kill(pid, s.(syscall.Signal))
			}
		}
	}()
	for {
		var ws syscall.WaitStatus
		_, err := syscall.Wait4(pid, &ws, syscall.WUNTRACED, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			fmt.Println(err)
			os.Exit(1)
		case ws.Stopped():
			_ = unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, syscall.Getpgrp())
			fmt.Println("[stopped]")
		case ws.Signaled():
			fmt.Println("[killed: " + ws.Signal().String() + "]")
			return
		default:
			_ = unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, syscall.Getpgrp())
			fmt.Printf("[exit %d, %s]\n", ws.ExitStatus(), modesOf(0))
			return
		}
	}
}

// modesOf says in which modes a terminal is.
func modesOf(fd int) string {
	m, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return "no terminal"
	}
	if m.Lflag&unix.ECHO == 0 || m.Lflag&unix.ICANON == 0 || m.Lflag&unix.ISIG == 0 {
		return "the terminal is not as it was"
	}
	return "terminal as before"
}
