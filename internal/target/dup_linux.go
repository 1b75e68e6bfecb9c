package target

import "syscall"

// dupTo makes fd the same file as from. Dup2 does not exist on arm64.
func dupTo(from, fd int) error { return syscall.Dup3(from, fd, 0) }
