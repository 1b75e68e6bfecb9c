package packages

import (
	"context"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Dnf installs, upgrades and removes packages of Fedora, CentOS, RHEL and their
// relatives. It asks rpm what is there and runs dnf only for what is missing. It
// waits for another process's lock and says who holds it.
//
// Example:
//
//	tasks:
//	  - name: nginx and the tools to build with
//	    dnf:
//	      name: [nginx, "@Development Tools"]
//	      state: latest
var Dnf = sys.Define(spec.Module{
	Name:  "dnf",
	Names: []string{"ansible.builtin.dnf", "ansible.builtin.dnf5", "ansible.legacy.dnf", "dnf5"},
	OneOf: rpmOneOf,
	Gets:  []string{"name"},
}, dnf)

// Yum is the module dnf with the program yum, as CentOS 7 has it. Where the
// machine has only dnf, it uses that.
//
// Example:
//
//	tasks:
//	  - name: Docker, from its own repository
//	    yum:
//	      name: docker-ce
//	      enablerepo: [docker-ce-stable]
var Yum = sys.Define(spec.Module{
	Name:  "yum",
	Names: []string{"ansible.builtin.yum", "ansible.legacy.yum"},
	OneOf: rpmOneOf,
	Gets:  []string{"name"},
}, yum)

var rpmOneOf = [][]string{{"name", "list", "update_cache", "autoremove"}}

// rpmArgs are the arguments of both modules.
type rpmArgs struct {
	// The packages: names, with a version (nginx-1.20, "nginx >= 1.20") or an
	// architecture (glibc.i686) if need be, files that packages provide, groups (@core),
	// addresses and paths of .rpm files. "*" with state latest is everything.
	Name []string `arg:"name" alias:"pkg"`
	// What should be. installed is present, removed is absent.
	State string `arg:"state" choices:"absent,installed,latest,present,removed" default:"present"`
	// Repositories to use that are switched off otherwise.
	Enablerepo []string `arg:"enablerepo"`
	// Repositories not to use.
	Disablerepo []string `arg:"disablerepo"`
	// Packages to leave alone, as names or patterns.
	Exclude []string `arg:"exclude"`
	// Where not to heed the packages that the configuration leaves alone: all,
	// main, or a repository.
	DisableExcludes string `arg:"disable_excludes"`
	// Plugins of the package manager to use that are switched off otherwise.
	EnablePlugin []string `arg:"enable_plugin"`
	// Plugins of the package manager not to use.
	DisablePlugin []string `arg:"disable_plugin"`
	// Fetch the metadata of the repositories first, if it has expired.
	UpdateCache bool `arg:"update_cache" alias:"expire-cache"`
	// With state latest, upgrade only and install nothing new.
	UpdateOnly bool `arg:"update_only"`
	// Fetch no metadata: what was fetched last is good enough.
	Cacheonly bool `arg:"cacheonly"`
	// Do not check the signatures of packages. Otherwise those of files and
	// addresses are checked too.
	DisableGPGCheck bool `arg:"disable_gpg_check"`
	// Do not stop at packages that cannot be installed.
	SkipBroken bool `arg:"skip_broken"`
	// Take another version where the best one cannot be installed.
	Nobest *bool `arg:"nobest"`
	// The opposite of nobest.
	Best *bool `arg:"best"`
	// Take an older version in the place of the one that is installed, where the
	// name says an older one or a file holds one. Without it the newer one stays.
	AllowDowngrade bool `arg:"allow_downgrade"`
	// Without effect, as in Ansible.
	InstallRepoquery bool `arg:"install_repoquery" default:"true"`
	// Allow the removal of packages that are in the way.
	Allowerasing bool `arg:"allowerasing"`
	// Install what is only recommended, too.
	InstallWeakDeps bool `arg:"install_weak_deps" default:"true"`
	// With state latest, take only security updates.
	Security bool `arg:"security"`
	// With state latest, take only updates that mend an error.
	Bugfix bool `arg:"bugfix"`
	// Remove packages that were installed as dependencies and are needed no more.
	Autoremove bool `arg:"autoremove"`
	// Only download the packages.
	DownloadOnly bool `arg:"download_only"`
	// Where downloaded packages go.
	DownloadDir string `arg:"download_dir" type:"path"`
	// The release whose packages are taken.
	Releasever string `arg:"releasever"`
	// The folder of another system, for which packages are installed.
	Installroot string `arg:"installroot" type:"path" default:"/"`
	// Check the certificates of the repositories' servers.
	SSLVerify bool `arg:"sslverify" default:"true"`
	// Check the certificate of the server that a package's address names.
	ValidateCerts bool `arg:"validate_certs" default:"true"`
	// The package manager; auto takes what the machine has.
	UseBackend string `arg:"use_backend" alias:"use" choices:"auto,dnf,dnf4,dnf5,yum,yum4" default:"auto"`
	// Another configuration file.
	ConfFile string `arg:"conf_file" type:"path"`
	// How many seconds to wait for another process's lock.
	LockTimeout int `arg:"lock_timeout" default:"30"`
	// Only list packages: installed, available, updates, or those that match a name.
	List string `arg:"list"`
}

type rpmResult struct {
	// What was done or needs nothing, a sentence a package.
	Results []string `json:"results"`
	// The exit code of the last command.
	RC int `json:"rc"`
	// What the command wrote.
	Stdout string `json:"stdout,omitempty"`
	// What the command wrote on standard error.
	Stderr string `json:"stderr,omitempty"`
	// What should be known and is no failure.
	Warnings []string `json:"warnings,omitempty"`
}

func dnf(ctx context.Context, m *sys.Machine, a *rpmArgs) (any, error) {
	return rpmPackages(ctx, m, a, "dnf", "dnf5", "dnf-3", "microdnf")
}

func yum(ctx context.Context, m *sys.Machine, a *rpmArgs) (any, error) {
	return rpmPackages(ctx, m, a, "yum", "dnf")
}
