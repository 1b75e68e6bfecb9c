package facts

import (
	"strings"
	"syscall"

	"fleet/internal/tasks/sys"
)

// read returns the content of a file of the machine without the white space
// around it, or nothing where it cannot be read.
func (g *gatherer) read(path string) string { return read(g.m, path) }

// read reads by the kernel's calls alone: open, read to the end, close. Facts lie
// in some hundred tiny files of the kernel's own, for each of which os.ReadFile
// makes four calls more, to make it ready for what no such file ever does: wait.
func read(m *sys.Machine, path string) string {
	fd, err := again(func() (int, error) { return syscall.Open(m.Path(path), syscall.O_RDONLY|syscall.O_CLOEXEC, 0) })
	if err != nil {
		return ""
	}
	defer syscall.Close(fd)
	var text strings.Builder
	var buf [4096]byte
	for {
		n, err := again(func() (int, error) { return syscall.Read(fd, buf[:]) })
		if err != nil {
			return ""
		}
		if n == 0 {
			return strings.TrimSpace(text.String())
		}
		text.Write(buf[:n])
	}
}

// again makes a call of the kernel until no signal interrupts it.
func again(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != syscall.EINTR {
			return n, err
		}
	}
}
