package commands

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openTerminal returns the two ends of a new terminal: ours, and that of the
// program. Without echo it does not repeat what is written to it.
func openTerminal(echo bool) (ours, theirs *os.File, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open a terminal: /dev/ptmx: %w", err)
	}
	// Not blocking, so that Close ends a Read.
	ours = os.NewFile(uintptr(fd), "/dev/ptmx")
	if theirs, err = otherEnd(fd, echo); err != nil {
		ours.Close()
		return nil, nil, fmt.Errorf("open a terminal: %w", err)
	}
	return ours, theirs, nil
}

// otherEnd unlocks and opens the program's end of the terminal whose first end fd is.
func otherEnd(fd int, echo bool) (*os.File, error) {
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, err
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, err
	}
	theirs, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	if err = setTerminal(int(theirs.Fd()), echo); err != nil {
		theirs.Close()
		return nil, err
	}
	return theirs, nil
}

// setTerminal gives the terminal a size and says whether it repeats its input.
func setTerminal(fd int, echo bool) error {
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil || echo {
		return err
	}
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Lflag &^= unix.ECHO
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}
