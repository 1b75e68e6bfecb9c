//go:build !lean

package tasks

import (
	"fleet/internal/tasks/access"
	"fleet/internal/tasks/archives"
	"fleet/internal/tasks/config"
	"fleet/internal/tasks/crypto"
	"fleet/internal/tasks/docker"
	"fleet/internal/tasks/fetch"
	"fleet/internal/tasks/mysql"
	"fleet/internal/tasks/network"
	"fleet/internal/tasks/packages"
	"fleet/internal/tasks/postgresql"
	"fleet/internal/tasks/repos"
	"fleet/internal/tasks/storage"
	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/web"
)

// Web is how modules fetch what lies on servers.
var Web sys.Web = fetch.Web{}

// whole lists the modules that the lean helper has not: they speak HTTP or TLS, or
// need what these need, or their package is seldom used.
var whole = []*sys.Module{
	&access.Acl,
	&packages.AptKey,
	&archives.Archive,
	&access.Capabilities,
	&docker.Compose,
	&docker.Container,
	&docker.ContainerExec,
	&docker.ContainerInfo,
	&storage.Filesystem,
	&web.GetURL,
	&repos.Git,
	&config.GitConfig,
	&docker.HostInfo,
	&access.Htpasswd,
	&docker.Image,
	&docker.ImageInfo,
	&config.IniFile,
	&network.Iptables,
	&docker.Login,
	&storage.Lvg,
	&storage.Lvol,
	&storage.Mount,
	&storage.MountFacts,
	&mysql.MysqlDB,
	&mysql.MysqlInfo,
	&mysql.MysqlQuery,
	&mysql.MysqlReplication,
	&mysql.MysqlUser,
	&mysql.MysqlVariables,
	&docker.Network,
	&docker.NetworkInfo,
	&crypto.OpensshKeypair,
	&crypto.OpensslCSR,
	&crypto.OpensslDhparam,
	&crypto.OpensslPrivatekey,
	&access.Pamd,
	&access.PamLimits,
	&storage.Parted,
	&postgresql.PostgresqlDB,
	&postgresql.PostgresqlPrivs,
	&postgresql.PostgresqlQuery,
	&postgresql.PostgresqlUser,
	&web.Probe,
	&docker.Prune,
	&config.ReadCSV,
	&access.Seboolean,
	&access.Seport,
	&config.SSHConfig,
	&repos.Subversion,
	&access.Sudoers,
	&access.Ufw,
	&archives.Unarchive,
	&web.URI,
	&docker.Volume,
	&docker.VolumeInfo,
	&network.WaitFor,
	&crypto.X509Certificate,
	&crypto.X509CertificateInfo,
}
