package facts

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"fleet/internal/tasks/sys"
)

// Distribution is which Linux distribution runs, by Ansible's names.
type Distribution struct {
	ID      string // os-release's ID, as "debian"
	Name    string // "Debian", "RedHat", ...
	Version string // as precise as the machine's files say it: "12.5"
	Release string // the code name: "bookworm"
	Family  string // "Debian", "RedHat", ...
	File    string // where it was read from
}

// Major returns the first number of the version.
func (d Distribution) Major() string {
	major, _, _ := strings.Cut(d.Version, ".")
	return major
}

// distributionNames maps os-release's ID to Ansible's name, where it is not the
// ID with a capital.
var distributionNames = map[string]string{
	"almalinux": "AlmaLinux", "alinux": "Alibaba", "amzn": "Amazon", "anolis": "Anolis",
	"arch": "Archlinux", "centos": "CentOS", "cumulus-linux": "Cumulus Linux", "deepin": "Deepin",
	"eurolinux": "EuroLinux", "kylin": "Kylin Linux Advanced Server", "linuxmint": "Linux Mint",
	"manjaro": "Manjaro", "mariner": "Mariner", "nixos": "NixOS", "ol": "OracleLinux",
	"openeuler": "openEuler", "opencloudos": "OpenCloudOS", "opensuse-leap": "openSUSE Leap",
	"opensuse-microos": "openSUSE MicroOS", "opensuse-tumbleweed": "openSUSE Tumbleweed",
	"photon": "VMware Photon OS", "pop": "Pop!_OS", "raspbian": "Debian", "rhel": "RedHat",
	"scientific": "Scientific", "sled": "SLED", "sles": "SLES", "sles_sap": "SLES_SAP",
	"tencentos": "TencentOS", "uos": "Uos", "virtuozzo": "Virtuozzo", "xenserver": "XenServer",
}

// families maps a distribution's name to its family, where the family is not
// the distribution itself.
var families = map[string]string{
	"Alibaba": "RedHat", "AlmaLinux": "RedHat", "Amazon": "RedHat", "Anolis": "RedHat", "Arch": "Archlinux",
	"CentOS": "RedHat", "Cumulus Linux": "Debian", "Deepin": "Debian", "Devuan": "Debian",
	"Elementary": "Debian", "EuroLinux": "RedHat", "Fedora": "RedHat", "Kali": "Debian",
	"Kylin Linux Advanced Server": "RedHat", "Linux Mint": "Debian", "Mageia": "Mandrake",
	"Manjaro": "Archlinux", "Mariner": "RedHat", "Neon": "Debian", "OpenCloudOS": "RedHat",
	"openEuler": "RedHat", "openSUSE Leap": "Suse", "openSUSE MicroOS": "Suse", "openSUSE Tumbleweed": "Suse",
	"OracleLinux": "RedHat", "Parrot": "Debian", "Pop!_OS": "Debian", "RedHat": "RedHat", "Rocky": "RedHat",
	"Scientific": "RedHat", "SLED": "Suse", "SLES": "Suse", "SLES_SAP": "Suse", "TencentOS": "RedHat",
	"Ubuntu": "Debian", "Uos": "Debian", "Virtuozzo": "RedHat", "XenServer": "RedHat",
}

// likes maps a word of os-release's ID_LIKE to the family.
var likes = map[string]string{
	"debian": "Debian", "ubuntu": "Debian", "rhel": "RedHat", "fedora": "RedHat", "centos": "RedHat",
	"suse": "Suse", "arch": "Archlinux", "alpine": "Alpine", "gentoo": "Gentoo",
}

// FindDistribution reads which distribution runs.
func FindDistribution(m *sys.Machine) Distribution {
	for _, file := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		if text := read(m, file); text != "" {
			return fromOSRelease(m, file, keyValues(text))
		}
	}
	for _, file := range []string{"/etc/centos-release", "/etc/redhat-release"} {
		if text := read(m, file); text != "" {
			return redHatRelease(file, text)
		}
	}
	return Distribution{Name: "OtherLinux", Version: "NA", Release: "NA", Family: "OtherLinux"}
}

func fromOSRelease(m *sys.Machine, file string, os map[string]string) Distribution {
	d := Distribution{ID: os["ID"], Version: os["VERSION_ID"], File: file}
	d.Name = distributionNames[d.ID]
	if d.Name == "" && d.ID != "" {
		d.Name = strings.ToUpper(d.ID[:1]) + d.ID[1:]
	}
	d.Release = os["VERSION_CODENAME"]
	if _, said := os["VERSION_CODENAME"]; !said {
		d.Release = inParentheses(os["VERSION"])
	}
	d.precise(m, os)
	d.Family = families[d.Name]
	for _, like := range strings.Fields(os["ID_LIKE"]) {
		if d.Family == "" {
			d.Family = likes[like]
		}
	}
	if d.Family == "" {
		d.Family = d.Name
	}
	return d
}

// precise replaces what os-release says by what a distribution's own file says better.
func (d *Distribution) precise(m *sys.Machine, os map[string]string) {
	switch d.ID {
	case "debian", "raspbian":
		if v := read(m, "/etc/debian_version"); v != "" && v[0] >= '0' && v[0] <= '9' {
			d.Version = v
		}
		if d.Release == "" {
			d.Release, _, _ = strings.Cut(read(m, "/etc/debian_version"), "/")
		}
	case "alpine":
		if v := read(m, "/etc/alpine-release"); v != "" {
			d.Version = v
		}
	case "centos":
		old := redHatRelease("", read(m, "/etc/centos-release"))
		if old.Version != "" {
			d.Version = old.Version
		}
		if strings.Contains(os["NAME"], "Stream") {
			d.Release = "Stream"
		}
	case "arch", "manjaro":
		if d.Version == "" {
			d.Version = "rolling"
		}
		d.Release = "rolling"
	}
	if d.Version == "" {
		d.Version = "NA"
	}
}

var releaseLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(.*?)(?: Linux)?(?: Server)?(?: release)? (\d+(?:\.\d+)?)[\d.]*(?:.*\((.+)\))?`)
})

// redHatRelease reads a line like "CentOS Linux release 7.9.2009 (Core)".
func redHatRelease(file, line string) Distribution {
	found := releaseLine().FindStringSubmatch(line)
	if found == nil {
		return Distribution{Name: "RedHat", Family: "RedHat", File: file}
	}
	name := found[1]
	switch {
	case strings.HasPrefix(name, "CentOS"):
		name = "CentOS"
	case strings.HasPrefix(name, "Red Hat"):
		name = "RedHat"
	}
	return Distribution{ID: strings.ToLower(name), Name: name, Version: found[2], Release: found[3], Family: "RedHat", File: file}
}

func inParentheses(s string) string {
	_, s, _ = strings.Cut(s, "(")
	s, _, _ = strings.Cut(s, ")")
	return s
}

// keyValues reads lines of KEY=value, with the shell's quotes around values, as
// os-release(5) has them.
func keyValues(text string) map[string]string {
	values := map[string]string{}
	for _, line := range strings.Split(text, "\n") {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(key, "#") {
			continue
		}
		if s, err := strconv.Unquote(value); err == nil {
			value = s
		}
		values[key] = strings.Trim(value, `'"`)
	}
	return values
}

func collectDistribution(_ context.Context, g *gatherer) {
	d := g.distribution()
	g.facts["distribution"] = d.Name
	g.facts["distribution_version"] = d.Version
	g.facts["distribution_major_version"] = d.Major()
	g.facts["distribution_release"] = d.Release
	g.facts["os_family"] = d.Family
	if d.File != "" {
		g.facts["distribution_file_path"] = d.File
		g.facts["distribution_file_variety"] = d.Family
		g.facts["distribution_file_parsed"] = true
	}
	if _, minor, ok := strings.Cut(d.Version, "."); ok && d.Name == "Debian" {
		g.facts["distribution_minor_version"] = minor
	}
}

// collectLSB gives what lsb_release would say, from the files it reads.
func collectLSB(_ context.Context, g *gatherer) {
	lsb := keyValues(g.read("/etc/lsb-release"))
	os := keyValues(g.read("/etc/os-release"))
	d := g.distribution()
	values := map[string]string{
		"id":          either(lsb["DISTRIB_ID"], d.Name),
		"release":     either(lsb["DISTRIB_RELEASE"], os["VERSION_ID"]),
		"description": either(lsb["DISTRIB_DESCRIPTION"], os["PRETTY_NAME"]),
		"codename":    either(lsb["DISTRIB_CODENAME"], os["VERSION_CODENAME"]),
	}
	values["major_release"], _, _ = strings.Cut(values["release"], ".")
	for k, v := range values {
		if v == "" {
			delete(values, k)
		}
	}
	if len(lsb) == 0 && !g.exists("/usr/bin/lsb_release") {
		values = map[string]string{}
	}
	g.facts["lsb"] = values
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
