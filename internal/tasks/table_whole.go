//go:build !lean

package tasks

import (
	"fleet/internal/tasks/crypto"
	"fleet/internal/tasks/docker"
	"fleet/internal/tasks/fetch"
	"fleet/internal/tasks/mysql"
	"fleet/internal/tasks/packages"
	"fleet/internal/tasks/postgresql"
	"fleet/internal/tasks/sys"
	"fleet/internal/tasks/web"
)

// Web is how modules fetch what lies on servers.
var Web sys.Web = fetch.Web{}

// whole lists the modules that the lean helper has not: they speak HTTP or TLS,
// or need what these need.
var whole = []*sys.Module{
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
	&mysql.MysqlDB,
	&mysql.MysqlInfo,
	&mysql.MysqlQuery,
	&mysql.MysqlUser,
	&mysql.MysqlVariables,
	&mysql.MysqlReplication,
	&crypto.OpensshKeypair,
	&crypto.OpensslCSR,
	&crypto.OpensslDhparam,
	&crypto.OpensslPrivatekey,
	&crypto.X509Certificate,
	&crypto.X509CertificateInfo,
	&packages.AptKey,
	&postgresql.PostgresqlDB,
	&postgresql.PostgresqlPrivs,
	&postgresql.PostgresqlQuery,
	&postgresql.PostgresqlUser,
	&web.GetURL,
	&web.Probe,
	&web.URI,
}
