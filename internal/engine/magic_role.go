package engine

import (
	"path/filepath"
	"slices"

	"fleet/internal/playbook"
)

// role gives the variables about the role that the entry belongs to.
func (m *magic) role(name string) (any, bool) {
	switch name {
	case "role_names", "ansible_play_role_names":
		return list(roleNames(m.run.roles, true, false)), true
	case "ansible_dependent_role_names":
		return list(roleNames(m.run.roles, false, true)), true
	case "ansible_role_names":
		return list(roleNames(m.run.roles, true, true)), true
	}
	if m.entry == nil {
		return nil, false
	}
	return roleVariable(playbook.RoleOf(m.entry), name)
}

// roleVariable gives the variables about a role, which may be nil.
func roleVariable(r *playbook.Role, name string) (any, bool) {
	if r == nil {
		return nil, false
	}
	switch name {
	case "role_name":
		return r.Name, true
	case "ansible_role_name":
		return r.FullName(), true
	case "role_path":
		dir, err := filepath.Abs(r.Dir)
		return dir, err == nil
	case "ansible_collection_name":
		return r.Collection, r.Collection != ""
	case "ansible_parent_role_names", "ansible_parent_role_paths":
		names, paths := parents(r)
		if name == "ansible_parent_role_paths" {
			names = paths
		}
		return list(names), names != nil
	}
	return nil, false
}

// roleNames returns the names of the roles that the play has used itself, of those
// that others depend on, or of both.
func roleNames(roles []*playbook.Role, own, dependencies bool) []string {
	below := map[*playbook.Role]bool{}
	for _, r := range roles {
		for _, d := range r.Dependencies {
			below[d] = true
		}
	}
	var names []string
	for _, r := range roles {
		if wanted := below[r] && dependencies || !below[r] && own; wanted && !slices.Contains(names, r.FullName()) {
			names = append(names, r.FullName())
		}
	}
	return names
}

// parents returns the roles that a role was included or imported in, the nearest
// first.
func parents(r *playbook.Role) (names, paths []string) {
	for r.Included && len(r.Parents) > 0 {
		r = r.Parents[0]
		names = append(names, r.FullName())
		dir, err := filepath.Abs(r.Dir)
		if err != nil {
			dir = r.Dir
		}
		paths = append(paths, dir)
	}
	return names, paths
}
