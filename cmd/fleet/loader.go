package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"fleet/internal/playbook"
	"fleet/internal/source"
)

// newLoader returns what reads playbooks, as the settings say.
func (s *setup) newLoader() *playbook.Loader {
	l := &playbook.Loader{Modules: s.modules(), Library: s.library.Add, Static: s.static, Files: s.files,
		RolesPath: s.settings.Paths("DEFAULT_ROLES_PATH"), CollectionsPath: s.settings.Paths("COLLECTIONS_PATHS")}
	if s.settings.Given("DEFAULT_PRIVATE_ROLE_VARS") {
		private := s.settings.Bool("DEFAULT_PRIVATE_ROLE_VARS")
		l.PrivateRoles = &private
	}
	return l
}

// findPlaybook returns the file that a name on the command line stands for: a
// bare name is also looked for under playbooks/.
func findPlaybook(name string) (string, error) {
	switch info, err := os.Stat(name); {
	case err == nil && info.IsDir():
		return "", source.Errorf(source.Pos{}, "playbook %q is a folder", name).WithHint("name a file in it")
	case err == nil:
		return name, nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", source.Errorf(source.Pos{}, "cannot read the playbook %q: %w", name, reason(err))
	}
	under := filepath.Join("playbooks", name)
	if filepath.Base(name) == name {
		if _, err := os.Stat(under); err == nil {
			return under, nil
		}
		return "", source.Errorf(source.Pos{}, "playbook %q does not exist", name).WithHint("looked for %s and %s", name, under)
	}
	return "", source.Errorf(source.Pos{}, "playbook %q does not exist", name)
}
