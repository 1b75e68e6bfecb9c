// Package tasks is the table of all modules that run on a target. The helper
// runs them; the controller reads their names and arguments and never calls one.
//
// The lean helper, which is built with the tag of that name, has the modules of four
// packages: half the size, for most of what a playbook does.
package tasks

import (
	"slices"
	"strings"

	"fleet/internal/tasks/commands"
	"fleet/internal/tasks/files"
	"fleet/internal/tasks/packages"
	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/system"
)

// Table lists the modules of this program, sorted by name.
var Table = sorted(slices.Concat(lean, whole))

func sorted(list []*sys.Module) []*sys.Module {
	slices.SortFunc(list, func(a, b *sys.Module) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// lean lists the modules of every helper.
var lean = []*sys.Module{
	&system.Alternatives,
	&system.Apache2Module,
	&packages.Apt,
	&packages.AptRepository,
	&files.Assemble,
	&commands.AsyncStatus,
	&system.At,
	&system.AuthorizedKey,
	&files.Blockinfile,
	&commands.Command,
	&files.Copy,
	&system.Cron,
	&system.Cronvar,
	&packages.Deb822Repository,
	&packages.Debconf,
	&packages.Dnf,
	&packages.DpkgSelections,
	&commands.Expect,
	&files.Fetch,
	&files.File,
	&files.Find,
	&system.Firewalld,
	&packages.Gem,
	&system.Getent,
	&system.Group,
	&system.Hostname,
	&system.KnownHosts,
	&files.Lineinfile,
	&system.LocaleGen,
	&commands.Make,
	&system.Modprobe,
	&packages.Npm,
	&commands.OwnModule,
	&packages.Package,
	&packages.PackageFacts,
	&commands.Ping,
	&packages.Pip,
	&files.Replace,
	&packages.RpmKey,
	&commands.Script,
	&system.Selinux,
	&system.Service,
	&system.ServiceFacts,
	&system.Setup,
	&commands.Shell,
	&files.Slurp,
	&files.Stat,
	&system.Supervisorctl,
	&files.Synchronize,
	&system.Sysctl,
	&system.Systemd,
	&system.Sysvinit,
	&files.Tempfile,
	&system.Timezone,
	&system.User,
	&packages.Yum,
	&packages.YumRepository,
}

// Find returns the module with this short or fully qualified name. What has moved
// out of Ansible's own collection is still found by the name that it had there.
func Find(name string) (*sys.Module, bool) {
	for _, own := range []string{"ansible.builtin.", "ansible.legacy."} {
		name = strings.TrimPrefix(name, own)
	}
	i, found := slices.BinarySearchFunc(Table, name, func(m *sys.Module, name string) int { return strings.Compare(m.Name, name) })
	if !found {
		i = slices.IndexFunc(Table, func(m *sys.Module) bool { return slices.Contains(m.Names, name) })
	}
	if i < 0 {
		return nil, false
	}
	return Table[i], true
}

// Lean reports whether the lean helper has the module too.
func Lean(m *sys.Module) bool { return slices.Contains(lean, m) }
