//go:build !linux

package target

import "syscall"

// dupTo makes fd the same file as from.
func dupTo(from, fd int) error { return syscall.Dup2(from, fd) }
