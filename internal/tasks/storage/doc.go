// Package storage has the modules for disks, file systems and where they are
// mounted. It runs on the target, and works through the programs that the
// machine has for that (mount, mkfs, lvm, parted).
package storage
