package storage

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"fleet/internal/tasks/sys"
)

// maker says how a kind of file system is made and how it grows. In the
// commands, {} stands for the device, or for where it is mounted.
type maker struct {
	make string // the command, without options and device
	pack string // the package that usually brings it
	is   string // what blkid calls it, where that is another name
	// size is a command that tells the size, by the numbers that match: their
	// product is the size in bytes.
	size  string
	match string
	grow  string
	// mounted says that it has to be mounted to grow.
	mounted bool
}

var ext = maker{make: "mkfs.ext4 -F", pack: "e2fsprogs", size: "dumpe2fs -h {}",
	match: `(?s)Block count:\s+(\d+).*Block size:\s+(\d+)`, grow: "resize2fs {}"}

// makers has what is known of each kind. It is made when it is first needed.
var makers = sync.OnceValue(func() map[string]maker {
	return map[string]maker{
		"btrfs": {make: "mkfs.btrfs -f", pack: "btrfs-progs", size: "btrfs filesystem usage -b {}",
			match: `Device size:\s+(\d+)`, grow: "btrfs filesystem resize max {}", mounted: true},
		"ext2":    ext.named("mkfs.ext2 -F"),
		"ext3":    ext.named("mkfs.ext3 -F"),
		"ext4":    ext,
		"ext4dev": ext.named("mkfs.ext4dev -F"),
		"f2fs":    {make: "mkfs.f2fs -f", pack: "f2fs-tools"},
		"lvm": {make: "pvcreate -f", pack: "lvm2", is: "LVM2_member", size: "pvs --noheadings --units b --nosuffix -o pv_size {}",
			match: `(\d+)`, grow: "pvresize {}"},
		"ocfs2":    {make: "mkfs.ocfs2 -Fx", pack: "ocfs2-tools"},
		"reiserfs": {make: "mkfs.reiserfs -q", pack: "reiserfsprogs"},
		"swap":     {make: "mkswap -f", pack: "util-linux"},
		"vfat":     {make: "mkfs.vfat", pack: "dosfstools", size: "fatresize --info {}", match: `Size:\s+(\d+)`, grow: "fatresize -s max {}"},
		"xfs": {make: "mkfs.xfs -f", pack: "xfsprogs", size: "xfs_info {}",
			match: `(?s)data\s.*?bsize=(\d+)\s+blocks=(\d+)`, grow: "xfs_growfs {}", mounted: true},
	}
})

func (k maker) named(command string) maker {
	k.make = command
	return k
}

func (k maker) growOn(ctx context.Context, m *sys.Machine, dev, fstype string, res *filesystemResult) error {
	if k.grow == "" {
		return fmt.Errorf("%s cannot grow with resizefs; kinds that can: btrfs, ext2, ext3, ext4, lvm, vfat, xfs", fstype)
	}
	at := dev
	if k.mounted {
		all, err := mountsOf(m)
		if err != nil {
			return err
		}
		point, mounted := all.of(m, dev)
		if !mounted {
			return fmt.Errorf("%q is not mounted, which %s has to be to grow", dev, fstype)
		}
		at = point
	}
	argv := strings.Fields(strings.ReplaceAll(k.size, "{}", at))
	out, err := m.Query(ctx, argv...)
	if err != nil {
		return err
	}
	numbers := regexp.MustCompile(k.match).FindStringSubmatch(out.Stdout)
	if out.Code != 0 || numbers == nil {
		return &sys.ExitError{Argv: argv, Output: out}
	}
	size := int64(1)
	for _, digits := range numbers[1:] {
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			return fmt.Errorf("the size of the file system is not known: %w", err)
		}
		size *= n
	}
	room, err := sizeOf(ctx, m, dev)
	if err != nil {
		return err
	}
	// What is missing to a whole extent or block is no room to grow into.
	if slack := int64(map[string]int{"LVM2_member": 8 << 20}[k.is]); room-size <= slack || room-size < 4096 {
		res.Msg = fmt.Sprintf("%s filesystem is using the whole device %s", fstype, dev)
		return nil
	}
	return m.Perform(ctx, "grow "+fstype+" on "+dev, strings.Fields(strings.ReplaceAll(k.grow, "{}", at))...)
}

// of returns where a device is mounted.
func (all mounts) of(m *sys.Machine, dev string) (string, bool) {
	for _, mounted := range all {
		if device(m, mounted.source) == device(m, dev) {
			return mounted.point, true
		}
	}
	return "", false
}

// sizeOf returns the bytes of a device or file.
func sizeOf(ctx context.Context, m *sys.Machine, dev string) (int64, error) {
	info, err := os.Stat(m.Path(dev))
	if err != nil {
		return 0, err
	}
	if info.Mode().IsRegular() {
		return info.Size(), nil
	}
	out, err := m.Must(ctx, "blockdev", "--getsize64", dev)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(out.Stdout), 10, 64)
}
