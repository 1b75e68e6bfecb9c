package check

import (
	"strings"

	"fleet/internal/playbook"
)

// magic are the variables that the run itself sets, besides those whose names
// start with "ansible_".
var magic = names{
	"group_names": true, "groups": true, "hostvars": true, "inventory_dir": true, "inventory_file": true,
	"inventory_hostname": true, "inventory_hostname_short": true, "omit": true, "play_hosts": true,
	"playbook_dir": true, "role_names": true, "vars": true,
}

// inTemplates are those that only template files have.
var inTemplates = names{
	"template_destpath": true, "template_fullpath": true, "template_host": true, "template_mtime": true,
	"template_path": true, "template_run_date": true, "template_uid": true,
}

// inRoles are those that only the tasks of roles have.
var inRoles = names{"role_name": true, "role_path": true}

// provided reports whether the run itself gives the variable to an entry: what
// it sets, and facts.
func provided(name string, e playbook.Entry) bool {
	switch {
	case magic[name], inTemplates[name], strings.HasPrefix(name, "ansible_"), strings.HasPrefix(name, "discovered_"):
		return true
	}
	return inRoles[name] && e != nil && playbook.RoleOf(e) != nil
}
