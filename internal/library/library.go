// Package library finds modules of the users' own: programs in a folder library
// beside a playbook or in a role, or in one that the settings name. It tells how
// Ansible would run such a program. It runs on the controller, and runs nothing.
package library

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Library is the folders with modules. The zero value has none. Its methods may
// be called concurrently.
type Library struct {
	mu      sync.Mutex
	folders []string
	found   map[string]string // files by name; empty for what is not there
}

// notModules are the endings of files that are no modules.
var notModules = []string{".pyc", ".pyo", ".swp", ".bak", ".rpm", ".md", ".txt", ".rst", ".yaml", ".yml", ".ini", ".json", ".toml", ".cfg"}

// Add adds a folder, behind those that are there.
func (l *Library) Add(folder string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if slices.Contains(l.folders, folder) {
		return
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return
	}
	l.folders = append(l.folders, folder)
	l.found = nil
}

// Find returns the file of the module with this name: a short one, or one with
// "ansible.legacy." in front of it.
func (l *Library) Find(name string) (path string, ok bool) {
	if l == nil {
		return "", false
	}
	name = strings.TrimPrefix(name, "ansible.legacy.")
	if strings.ContainsAny(name, "./") || name == "" {
		return "", false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if path, known := l.found[name]; known {
		return path, path != ""
	}
	for _, folder := range l.folders {
		if path = fileOf(folder, name); path != "" {
			break
		}
	}
	if l.found == nil {
		l.found = map[string]string{}
	}
	l.found[name] = path
	return path, path != ""
}

// Names returns the names of all modules.
func (l *Library) Names() []string {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []string
	for _, folder := range l.folders {
		entries, _ := os.ReadDir(folder) // what cannot be read has no modules
		for _, e := range entries {
			if name, ok := moduleName(e.Name()); ok && !e.IsDir() {
				names = append(names, name)
			}
		}
	}
	return names
}

// fileOf returns the file of a folder that is the module, or "".
func fileOf(folder, name string) string {
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		if found, ok := moduleName(e.Name()); ok && found == name && !e.IsDir() {
			return filepath.Join(folder, e.Name())
		}
	}
	return ""
}

// moduleName returns the name of the module that a file of this name is.
func moduleName(file string) (string, bool) {
	ending := filepath.Ext(file)
	if strings.HasPrefix(file, ".") || strings.HasSuffix(file, "~") || slices.Contains(notModules, ending) {
		return "", false
	}
	name := strings.TrimSuffix(file, ending)
	return name, name != "__init__" && name != "README" && name != ""
}
