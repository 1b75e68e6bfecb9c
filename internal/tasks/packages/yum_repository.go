package packages

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// YumRepository adds or removes a repository of yum and dnf. Other repositories
// in the same file stay as they are. The metadata is not fetched: yum and dnf do
// that when they need it.
//
// Example:
//
//	tasks:
//	  - name: Docker's own packages
//	    yum_repository:
//	      name: docker-ce-stable
//	      description: Docker CE Stable
//	      baseurl: https://download.docker.com/linux/centos/$releasever/$basearch/stable
//	      gpgcheck: true
//	      gpgkey: https://download.docker.com/linux/centos/gpg
var YumRepository = sys.Define(spec.Module{
	Name:  "yum_repository",
	Names: []string{"ansible.builtin.yum_repository", "ansible.legacy.yum_repository"},
}, yumRepository)

type yumRepositoryArgs struct {
	// The short name of the repository.
	Name string `arg:"name,required"`
	// Whether the repository should be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// What people read: the "name" in the file.
	Description string `arg:"description"`
	// The addresses.
	Baseurl []string `arg:"baseurl"`
	// The address of a list of mirrors.
	Mirrorlist string `arg:"mirrorlist"`
	// The address of a metalink file.
	Metalink string `arg:"metalink"`
	// Whether the repository is used.
	Enabled *bool `arg:"enabled"`
	// Whether the signatures of packages are checked.
	GPGCheck *bool `arg:"gpgcheck"`
	// Whether the signature of the metadata is checked.
	RepoGPGCheck *bool `arg:"repo_gpgcheck"`
	// The addresses of the keys.
	GPGKey []string `arg:"gpgkey"`
	// The name of the file, without ".repo". The default is the repository's.
	File string `arg:"file"`
	// The folder of the file.
	Reposdir string `arg:"reposdir" type:"path" default:"/etc/yum.repos.d"`
	// Whether the certificate of the server is checked.
	SSLVerify *bool `arg:"sslverify" alias:"validate_certs"`
	// The file of the authorities for that.
	SSLCACert string `arg:"sslcacert" alias:"ca_cert"`
	// The file of the client's certificate.
	SSLClientCert string `arg:"sslclientcert" alias:"client_cert"`
	// The file of the client's key.
	SSLClientKey string `arg:"sslclientkey" alias:"client_key"`
	// The user's name for the server.
	Username string `arg:"username"`
	// The password for the server.
	Password string `arg:"password,secret"`
	// The address of a proxy, or _none_.
	Proxy string `arg:"proxy"`
	// The user's name for the proxy.
	ProxyUsername string `arg:"proxy_username"`
	// The password for the proxy.
	ProxyPassword string `arg:"proxy_password,secret"`
	// Packages to leave alone.
	Exclude []string `arg:"exclude" alias:"excludepkgs"`
	// The only packages to take.
	Includepkgs []string `arg:"includepkgs"`
	// The priority of the repository: the lowest number wins.
	Priority string `arg:"priority"`
	// How the repository's cost compares with others'.
	Cost string `arg:"cost"`
	// How long the metadata is good, in seconds or with a unit ("6h").
	MetadataExpire string `arg:"metadata_expire"`
	// Go on where the repository cannot be reached.
	SkipIfUnavailable *bool `arg:"skip_if_unavailable"`
	// Whether modules hide packages of the same name. False for repositories that replace them.
	ModuleHotfixes *bool `arg:"module_hotfixes"`
	// How often to try again.
	Retries string `arg:"retries"`
	// How many seconds a connection may take.
	Timeout string `arg:"timeout"`
	// How fast downloads may be, as "500k".
	Throttle string `arg:"throttle"`
	// The most bandwidth, in bytes a second.
	Bandwidth string `arg:"bandwidth"`
	// The order of mirrors: roundrobin or priority.
	Failovermethod string `arg:"failovermethod" choices:"priority,roundrobin"`
	// How connections are kept.
	Keepalive *bool `arg:"keepalive"`
	// The version of the Internet protocol.
	IPResolve string `arg:"ip_resolve" choices:"4,6,IPv4,IPv6,whatever"`
	// Whether groups of packages are taken from here.
	EnableGroups *bool `arg:"enablegroups"`
	// Whether mirrors are asked at once (yum of RHEL 6).
	Async *bool `arg:"async"`
	// Whether the machine counts as one that uses the repository (dnf).
	CountMe *bool `arg:"countme"`
	// How large, in percent of the whole, a delta of the metadata may be. 0 is never.
	DeltaRPMMetadataPercentage string `arg:"deltarpm_metadata_percentage"`
	// How large, in percent of the package, a delta of a package may be. 0 is never.
	DeltaRPMPercentage string `arg:"deltarpm_percentage"`
	// The address of the key of the authority that signed gpgkey.
	GPGCAKey string `arg:"gpgcakey"`
	// What proxies between may keep.
	HTTPCaching string `arg:"http_caching" choices:"all,none,packages"`
	// The address of another file of settings.
	Include string `arg:"include"`
	// Whether packages stay on the machine once they are installed.
	KeepCache string `arg:"keepcache" choices:"0,1"`
	// Which commands may work with metadata that is too old.
	MetadataExpireFilter string `arg:"metadata_expire_filter" choices:"never,read-only:future,read-only:past,read-only:present"`
	// How long the list of mirrors is good.
	MirrorlistExpire string `arg:"mirrorlist_expire"`
	// Whether packages of this repository stay, whatever others have.
	Protect *bool `arg:"protect"`
	// Whether the addresses are of Amazon S3.
	S3Enabled *bool `arg:"s3_enabled"`
	// Whether the permissions of the files of certificates are looked at.
	SSLCheckCertPermissions *bool `arg:"ssl_check_cert_permissions"`
	// The variables that show in the repository's name.
	UIRepoidVars string `arg:"ui_repoid_vars"`
	// The permissions, as octal digits in quotes.
	Mode any `arg:"mode" form:"mode"`
	// The user that owns the file.
	Owner string `arg:"owner"`
	// The group that the file belongs to.
	Group string `arg:"group"`
	sys.Extras
}

type yumRepositoryResult struct {
	// The short name of the repository.
	Repo string `json:"repo"`
	// What was asked for.
	State string `json:"state"`
	// The file.
	Dest string `json:"dest"`
}

func yumRepository(ctx context.Context, m *sys.Machine, a *yumRepositoryArgs) (any, error) {
	if strings.ContainsAny(a.Name, " []\n") || a.Name == "" {
		return nil, fmt.Errorf("argument %q: %q cannot be the name of a repository", "name", a.Name)
	}
	file := a.File
	if file == "" {
		file = a.Name
	}
	res := &yumRepositoryResult{a.Name, a.State, filepath.Join(a.Reposdir, strings.TrimSuffix(file, ".repo")+".repo")}
	if a.State == "present" {
		switch {
		case a.Description == "":
			return res, fmt.Errorf("argument %q is missing", "description")
		case len(a.Baseurl) == 0 && a.Mirrorlist == "" && a.Metalink == "":
			return res, errors.New("one of the arguments baseurl, metalink, mirrorlist is needed")
		}
	}
	data, err := m.ReadFile(res.Dest)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return res, err
	}
	section := ""
	if a.State == "present" {
		section = a.section()
	}
	text := replaceSection(string(data), a.Name, section)
	if strings.TrimSpace(text) == "" {
		return res, m.Remove(ctx, res.Dest)
	}
	_, err = m.Write(ctx, sys.Write{Path: res.Dest, Content: sys.Bytes([]byte(text)), NewMode: 0o644,
		Perms: sys.Perms{Mode: a.Mode, Owner: a.Owner, Group: a.Group, Extras: a.Extras}, Secret: a.Password != "" || a.ProxyPassword != ""})
	return res, err
}

// section is the repository as the file has it, by yum.conf(5). The order and the
// spaces are Ansible's: a section that it wrote stays.
func (a *yumRepositoryArgs) section() string {
	fields := map[string]string{
		"async": digit(a.Async), "bandwidth": a.Bandwidth, "baseurl": strings.Join(a.Baseurl, "\n\t"), "cost": a.Cost, "countme": digit(a.CountMe),
		"deltarpm_metadata_percentage": a.DeltaRPMMetadataPercentage, "deltarpm_percentage": a.DeltaRPMPercentage,
		"enabled": digit(a.Enabled), "enablegroups": digit(a.EnableGroups), "exclude": strings.Join(a.Exclude, " "),
		"failovermethod": a.Failovermethod, "gpgcakey": a.GPGCAKey, "gpgcheck": digit(a.GPGCheck),
		"gpgkey": strings.Join(a.GPGKey, "\n\t"), "http_caching": a.HTTPCaching, "include": a.Include,
		"includepkgs": strings.Join(a.Includepkgs, " "), "ip_resolve": a.IPResolve, "keepalive": digit(a.Keepalive),
		"keepcache": a.KeepCache, "metadata_expire": a.MetadataExpire, "metadata_expire_filter": a.MetadataExpireFilter,
		"metalink": a.Metalink, "mirrorlist": a.Mirrorlist, "mirrorlist_expire": a.MirrorlistExpire,
		"module_hotfixes": digit(a.ModuleHotfixes), "name": a.Description, "password": a.Password, "priority": a.Priority,
		"protect": digit(a.Protect), "proxy": a.Proxy, "proxy_password": a.ProxyPassword, "proxy_username": a.ProxyUsername,
		"repo_gpgcheck": digit(a.RepoGPGCheck), "retries": a.Retries, "s3_enabled": digit(a.S3Enabled),
		"skip_if_unavailable": digit(a.SkipIfUnavailable), "ssl_check_cert_permissions": digit(a.SSLCheckCertPermissions),
		"sslcacert": a.SSLCACert, "sslclientcert": a.SSLClientCert, "sslclientkey": a.SSLClientKey, "sslverify": digit(a.SSLVerify),
		"throttle": a.Throttle, "timeout": a.Timeout, "ui_repoid_vars": a.UIRepoidVars, "username": a.Username,
	}
	var b strings.Builder
	b.WriteString("[" + a.Name + "]\n")
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if fields[key] != "" {
			b.WriteString(key + " = " + fields[key] + "\n")
		}
	}
	return b.String()
}

// digit is how these files write a truth.
func digit(on *bool) string {
	switch {
	case on == nil:
		return ""
	case *on:
		return "1"
	}
	return "0"
}

// replaceSection puts section in the place of the one with this name, or behind
// the others. An empty section is taken out.
func replaceSection(text, name, section string) string {
	var kept strings.Builder
	inside, found := false, false
	for _, line := range strings.SplitAfter(text, "\n") {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "[") && strings.HasSuffix(trimmed, "]") {
			if inside && section != "" {
				kept.WriteString("\n")
			}
			inside = trimmed == "["+name+"]"
			if inside && !found {
				kept.WriteString(section)
			}
			found = found || inside
		}
		if !inside {
			kept.WriteString(line)
		}
	}
	if found || section == "" {
		return kept.String()
	}
	out := kept.String()
	if out != "" && !strings.HasSuffix(out, "\n") {
		out += "\n"
	}
	if strings.TrimSpace(out) != "" {
		out += "\n"
	}
	return out + section
}
