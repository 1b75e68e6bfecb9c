// Package pages knows which modules have a page in docs/modules, and keeps the
// folder in step with their sources. It runs where fleet is built and tested.
package pages

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"fleet/internal/engine"
	"fleet/internal/moduledoc"
	"fleet/internal/spec"
	"fleet/internal/tasks"
)

// folders are where modules, actions and the structs that they share stand.
var folders = []string{
	"internal/engine", "internal/probe", "internal/tasks/commands", "internal/tasks/docker", "internal/tasks/files", "internal/tasks/mysql", "internal/tasks/postgresql", "internal/tasks/network", "internal/tasks/web",
	"internal/tasks/access", "internal/tasks/archives", "internal/tasks/config", "internal/tasks/packages", "internal/tasks/storage", "internal/tasks/sys", "internal/tasks/system", "internal/tasks/crypto", "internal/tasks/repos", "internal/tasks/database",
}

// Modules returns the targets' modules and the controller's own steps, each
// name once: where both sides have a part in it, the target's describes it.
func Modules() []*spec.Module {
	var list []*spec.Module
	for _, m := range tasks.Table {
		list = append(list, &m.Module)
	}
	for _, a := range engine.Actions() {
		if !slices.ContainsFunc(list, func(m *spec.Module) bool { return m.Name == a.Name }) {
			list = append(list, a)
		}
	}
	return list
}

// Root returns the project's folder, from the working folder upwards.
func Root() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(dir, "go.mod")); e == nil {
			return dir, nil
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		err = errors.New("no go.mod in this folder or above it")
	}
	return "", err
}

// Pages returns the page of every module.
func Pages(root string) ([]*moduledoc.Page, error) {
	paths := make([]string, len(folders))
	for i, f := range folders {
		paths[i] = filepath.Join(root, f)
	}
	return moduledoc.Pages(Modules(), paths...)
}

// Files returns what docs/modules has to hold, by file name.
func Files(root string) (map[string]string, error) {
	list, err := Pages(root)
	if err != nil {
		return nil, err
	}
	files := map[string]string{"README.md": moduledoc.Index(list)}
	for _, p := range list {
		files[p.Module.Name+".md"] = p.Markdown()
	}
	return files, nil
}

// Write makes docs/modules hold these files and no others.
func Write(root string, files map[string]string) error {
	dir := filepath.Join(root, "docs", "modules")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if _, ok := files[e.Name()]; !ok {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
