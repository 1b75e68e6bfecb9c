// Package tasks is the table of all modules that run on a target. The helper
// runs them; the controller reads their names and arguments and never calls one.
package tasks

import (
	"sort"

	"fleet/internal/tasks/access"
	"fleet/internal/tasks/commands"
	"fleet/internal/tasks/config"
	"fleet/internal/tasks/crypto"
	"fleet/internal/tasks/docker"
	"fleet/internal/tasks/files"
	"fleet/internal/tasks/mysql"
	"fleet/internal/tasks/network"
	"fleet/internal/tasks/packages"
	"fleet/internal/tasks/repos"
	"fleet/internal/tasks/storage"
	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/system"
)

// Table lists the modules, sorted by name.
var Table = []*sys.Module{
	&access.Acl,
	&system.Alternatives,
	&system.Apache2Module,
	&packages.Apt,
	&packages.AptKey,
	&packages.AptRepository,
	&files.Archive,
	&files.Assemble,
	&commands.AsyncStatus,
	&system.AuthorizedKey,
	&files.Blockinfile,
	&access.Capabilities,
	&commands.Command,
	&files.Copy,
	&system.Cron,
	&system.Cronvar,
	&packages.Deb822Repository,
	&packages.Debconf,
	&packages.Dnf,
	&docker.Compose,
	&docker.Container,
	&docker.ContainerExec,
	&docker.ContainerInfo,
	&docker.HostInfo,
	&docker.Image,
	&docker.ImageInfo,
	&docker.Login,
	&docker.Network,
	&docker.NetworkInfo,
	&docker.Prune,
	&docker.Volume,
	&docker.VolumeInfo,
	&packages.DpkgSelections,
	&commands.Expect,
	&files.Fetch,
	&files.File,
	&storage.Filesystem,
	&files.Find,
	&system.Firewalld,
	&packages.Gem,
	&network.GetURL,
	&system.Getent,
	&repos.Git,
	&config.GitConfig,
	&system.Group,
	&system.Hostname,
	&access.Htpasswd,
	&config.IniFile,
	&network.Iptables,
	&system.KnownHosts,
	&files.Lineinfile,
	&system.LocaleGen,
	&commands.Make,
	&system.Modprobe,
	&storage.Mount,
	&mysql.MysqlDB,
	&mysql.MysqlInfo,
	&mysql.MysqlQuery,
	&mysql.MysqlReplication,
	&mysql.MysqlUser,
	&mysql.MysqlVariables,
	&packages.Npm,
	&crypto.OpensshKeypair,
	&crypto.OpensslCSR,
	&crypto.OpensslDhparam,
	&crypto.OpensslPrivatekey,
	&commands.OwnModule,
	&packages.Package,
	&packages.PackageFacts,
	&access.PamLimits,
	&network.Ping,
	&packages.Pip,
	&network.Probe,
	&config.ReadCSV,
	&files.Replace,
	&packages.RpmKey,
	&commands.Script,
	&access.Seboolean,
	&system.Selinux,
	&system.Service,
	&system.ServiceFacts,
	&system.Setup,
	&commands.Shell,
	&files.Slurp,
	&files.Stat,
	&access.Sudoers,
	&system.Supervisorctl,
	&files.Synchronize,
	&system.Sysctl,
	&system.Systemd,
	&system.Sysvinit,
	&files.Tempfile,
	&system.Timezone,
	&access.Ufw,
	&files.Unarchive,
	&network.URI,
	&system.User,
	&network.WaitFor,
	&crypto.X509Certificate,
	&crypto.X509CertificateInfo,
	&packages.Yum,
	&packages.YumRepository,
}

// Find returns the module with this short or fully qualified name.
func Find(name string) (*sys.Module, bool) {
	i := sort.Search(len(Table), func(i int) bool { return Table[i].Name >= name })
	if i < len(Table) && Table[i].Name == name {
		return Table[i], true
	}
	for _, m := range Table {
		for _, full := range m.Names {
			if full == name {
				return m, true
			}
		}
	}
	return nil, false
}
