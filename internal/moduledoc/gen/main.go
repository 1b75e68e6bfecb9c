// Command gen writes the pages about modules, and the tables of docs/ansible.md. It is run by `go generate ./docs`
// in the project's docs folder.
package main

import (
	"fmt"
	"os"

	"fleet/internal/moduledoc/pages"
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
	return pages.WriteAnsible(root)
}
