// Command gen writes the pages about modules and settings, and the tables of docs/ansible.md. It is run by `go generate ./docs`
// in the project's docs folder.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"fleet/internal/moduledoc/pages"
	"fleet/internal/settings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run() error {
	root, err := pages.Root()
	if err != nil {
		return err
	}
	files, err := pages.Files(root)
	if err != nil {
		return err
	}
	if err := pages.Write(root, files); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, "docs", "settings.md"), []byte(settings.Page()), 0o644); err != nil {
		return err
	}
	return pages.WriteAnsible(root)
}
