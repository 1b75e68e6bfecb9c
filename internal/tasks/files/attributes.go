package files

import (
	"context"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"fleet/internal/tasks/sys"
)

// mime asks the program "file" for the kind of content.
func mime(ctx context.Context, m *sys.Machine, path string) (mimetype, charset string) {
	const program = "/usr/bin/file"
	if !m.Exists(program) {
		return "unknown", "unknown"
	}
	out, err := m.Run(ctx, sys.Command{Argv: []string{program, "--brief", "--mime-type", "--mime-encoding", "--", m.Path(path)}})
	kind, set, ok := strings.Cut(strings.TrimSpace(out.Stdout), "; charset=")
	if err != nil || out.Code != 0 || !ok {
		return "unknown", "unknown"
	}
	return kind, set
}

// The ioctl requests for a file's flags and version, as linux/fs.h has them.
const (
	fsGetFlags   = 0x80086601
	fsGetVersion = 0x80087601
)

// fileFlags are the flags of linux/fs.h, with the letters of lsattr and their names.
var fileFlags = []struct {
	bit    uint32
	letter byte
	name   string
}{
	{0x1, 's', "secure_delete"}, {0x2, 'u', "undelete"}, {0x8, 'S', "synchronous_updates"},
	{0x10000, 'D', "synchronous_directory_updates"}, {0x10, 'i', "immutable"}, {0x20, 'a', "append"},
	{0x40, 'd', "no_dump"}, {0x80, 'A', "noatime"}, {0x4, 'c', "compress"}, {0x800, 'E', "encrypted"},
	{0x4000, 'j', "journal"}, {0x1000, 'I', "indexed"}, {0x8000, 't', "no_tailmerging"},
	{0x20000, 'T', "top_of_directory_hierarchies"}, {0x80000, 'e', "extents"}, {0x800000, 'C', "no_copy_on_write"},
	{0x20000000, 'P', "project_hierarchy"}, {0x10000000, 'N', "inline_data"}, {0x100000, 'V', "verity"},
	{0x40000000, 'F', "casefold"}, {0x2000000, 'x', "dax"},
}

// attributes fills in the flags that the file system keeps, where it keeps any.
func attributes(real string, info fs.FileInfo, values map[string]any) {
	values["attributes"], values["attr_flags"], values["version"] = []string{}, "", nil
	if !info.Mode().IsRegular() && !info.IsDir() {
		return
	}
	f, err := os.Open(real)
	if err != nil {
		return
	}
	defer f.Close()
	flags, ok := ioctl(f, fsGetFlags)
	if !ok {
		return
	}
	letters, names := "", []string{}
	for _, flag := range fileFlags {
		if flags&flag.bit != 0 {
			letters += string(flag.letter)
			names = append(names, flag.name)
		}
	}
	values["attributes"], values["attr_flags"] = names, letters
	if version, ok := ioctl(f, fsGetVersion); ok {
		values["version"] = strconv.Itoa(int(version))
	}
}

// ioctl returns the number that the kernel answers. The kernel writes an int,
// although the requests are named after a long.
func ioctl(f *os.File, request uintptr) (uint32, bool) {
	var value uint64
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(unsafe.Pointer(&value)))
	return uint32(value), errno == 0
}
