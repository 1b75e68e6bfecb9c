package packages

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	// The permissions, as octal digits in quotes.
	Mode any `arg:"mode"`
	// The user that owns the file.
	Owner string `arg:"owner"`
	// The group that the file belongs to.
	Group string `arg:"group"`
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
	data, err := os.ReadFile(m.Path(res.Dest))
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
		Perms: sys.Perms{Mode: a.Mode, Owner: a.Owner, Group: a.Group}, Secret: a.Password != "" || a.ProxyPassword != ""})
	return res, err
}

// section is the repository as the file has it, by yum.conf(5).
func (a *yumRepositoryArgs) section() string {
	var b strings.Builder
	b.WriteString("[" + a.Name + "]\n")
	field := func(key, value string) {
		if value != "" {
			b.WriteString(key + "=" + value + "\n")
		}
	}
	flag := func(key string, on *bool) {
		if on != nil {
			field(key, map[bool]string{true: "1", false: "0"}[*on])
		}
	}
	lines := func(items []string) string { return strings.Join(items, "\n    ") }
	field("name", a.Description)
	field("baseurl", lines(a.Baseurl))
	field("mirrorlist", a.Mirrorlist)
	field("metalink", a.Metalink)
	flag("enabled", a.Enabled)
	flag("gpgcheck", a.GPGCheck)
	flag("repo_gpgcheck", a.RepoGPGCheck)
	field("gpgkey", lines(a.GPGKey))
	flag("sslverify", a.SSLVerify)
	field("sslcacert", a.SSLCACert)
	field("sslclientcert", a.SSLClientCert)
	field("sslclientkey", a.SSLClientKey)
	field("username", a.Username)
	field("password", a.Password)
	field("proxy", a.Proxy)
	field("proxy_username", a.ProxyUsername)
	field("proxy_password", a.ProxyPassword)
	field("exclude", strings.Join(a.Exclude, " "))
	field("includepkgs", strings.Join(a.Includepkgs, " "))
	field("priority", a.Priority)
	field("cost", a.Cost)
	field("metadata_expire", a.MetadataExpire)
	flag("skip_if_unavailable", a.SkipIfUnavailable)
	flag("module_hotfixes", a.ModuleHotfixes)
	field("retries", a.Retries)
	field("timeout", a.Timeout)
	field("throttle", a.Throttle)
	field("bandwidth", a.Bandwidth)
	field("failovermethod", a.Failovermethod)
	flag("keepalive", a.Keepalive)
	field("ip_resolve", a.IPResolve)
	flag("enablegroups", a.EnableGroups)
	return b.String()
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
