package sys

import (
	"os"
	"path/filepath"
	"slices"
)

// programFolders are searched behind those of PATH, which often lacks the
// administrator's ones for other users than root.
var programFolders = []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// Has reports whether the machine has a program of this name.
func (m *Machine) Has(program string) bool {
	folders := programFolders
	if m.Root == "" {
		folders = slices.Concat(filepath.SplitList(os.Getenv("PATH")), programFolders)
	}
	for _, folder := range folders {
		info, err := os.Stat(m.Path(filepath.Join(folder, program)))
		if err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}
