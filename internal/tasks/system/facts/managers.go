package facts

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"fleet/internal/tasks/sys"
)

// PackageManager returns the name of the machine's package manager, or "unknown".
func PackageManager(m *sys.Machine) string { return packageManager(m, FindDistribution(m).Family) }

func packageManager(m *sys.Machine, family string) string {
	if family == "RedHat" {
		switch {
		case m.Exists("/run/ostree-booted"):
			return "atomic_container"
		case m.Exists("/usr/bin/dnf5"):
			return "dnf5"
		case m.Exists("/usr/bin/dnf"), m.Exists("/usr/bin/dnf-3"):
			return "dnf"
		case m.Exists("/usr/bin/yum"):
			return "yum"
		case m.Exists("/usr/bin/microdnf"):
			return "dnf"
		}
	}
	for _, try := range []struct{ file, name string }{
		{"/usr/bin/apt-get", "apt"}, {"/usr/bin/zypper", "zypper"}, {"/sbin/apk", "apk"}, {"/usr/bin/apk", "apk"},
		{"/usr/bin/pacman", "pacman"}, {"/usr/bin/emerge", "portage"}, {"/usr/bin/xbps-install", "xbps"},
		{"/usr/bin/dnf", "dnf"}, {"/usr/bin/yum", "yum"}, {"/opt/bin/opkg", "opkg"}, {"/bin/opkg", "opkg"},
		{"/run/current-system/sw/bin/nix-env", "nix"}, {"/usr/bin/swupd", "swupd"},
	} {
		if m.Exists(try.file) {
			return try.name
		}
	}
	return "unknown"
}

// ServiceManager returns the name of what manages the machine's services:
// "systemd", "openrc", "sysvinit", "upstart" or the name of process 1.
func ServiceManager(m *sys.Machine) string {
	switch {
	case m.Exists("/run/systemd/system"), m.Exists("/dev/.run/systemd"), m.Exists("/dev/.systemd"):
		return "systemd"
	case m.Exists("/run/openrc"), m.Exists("/sbin/openrc"):
		return "openrc"
	}
	init := path.Base(read(m, "/proc/1/comm"))
	switch {
	case init == "systemd", init == "runit-init" && m.Exists("/etc/systemd/system"):
		return init
	case init == "runit":
		return "runit"
	case init == "init" && m.Exists("/etc/init"):
		return "upstart"
	case strings.HasSuffix(target(m, "/sbin/init"), "systemd"):
		return "systemd"
	case m.Exists("/etc/init.d"):
		return "sysvinit"
	}
	return "service"
}

// target returns where a symbolic link of the machine points to, or nothing.
func target(m *sys.Machine, file string) string {
	to, err := os.Readlink(m.Path(file))
	if err != nil {
		return ""
	}
	return filepath.Clean(to)
}

func collectPackageManager(_ context.Context, g *gatherer) {
	g.facts["pkg_mgr"] = packageManager(g.m, g.distribution().Family)
}

func collectServiceManager(_ context.Context, g *gatherer) {
	g.facts["service_mgr"] = ServiceManager(g.m)
}

// collectSystemd tells of the systemd that manages the machine: of its version, and
// of what it was built with.
func collectSystemd(ctx context.Context, g *gatherer) {
	if !g.m.Has("systemctl") || ServiceManager(g.m) != "systemd" {
		return
	}
	out, err := g.m.Run(ctx, sys.Command{Argv: []string{"systemctl", "--version"}, Env: []string{"LC_ALL=C"}})
	first, features, _ := strings.Cut(out.Stdout, "\n")
	words := strings.Fields(first) // "systemd 252 (252.38-1~deb12u1)"
	if err != nil || out.Code != 0 || len(words) < 2 {
		return
	}
	if version, err := strconv.Atoi(words[1]); err == nil {
		g.facts["systemd"] = map[string]any{"version": version, "features": strings.TrimSpace(features)}
	}
}

func collectAppArmor(_ context.Context, g *gatherer) {
	status := "disabled"
	if g.exists("/sys/kernel/security/apparmor") {
		status = "enabled"
	}
	g.facts["apparmor"] = map[string]string{"status": status}
}

// SELinux is the state of SELinux.
type SELinux struct {
	Enabled    bool   // the kernel runs with it
	Mode       string // "enforcing" or "permissive", where it is enabled
	ConfigMode string // what the configuration asks for at the next start, or ""
	Type       string // the policy of the configuration: "targeted"
	Version    string // of the policy that is loaded
}

// FindSELinux reads the state of SELinux from the kernel and its configuration.
func FindSELinux(m *sys.Machine) SELinux {
	config := keyValues(read(m, "/etc/selinux/config"))
	s := SELinux{ConfigMode: strings.ToLower(config["SELINUX"]), Type: config["SELINUXTYPE"]}
	switch read(m, "/sys/fs/selinux/enforce") {
	case "1":
		s.Enabled, s.Mode = true, "enforcing"
	case "0":
		s.Enabled, s.Mode = true, "permissive"
	}
	s.Version = read(m, "/sys/fs/selinux/policyvers")
	return s
}

func collectSELinux(_ context.Context, g *gatherer) {
	s := FindSELinux(g.m)
	g.facts["selinux_python_present"] = true
	if !s.Enabled {
		g.facts["selinux"] = map[string]string{"status": "disabled"}
		return
	}
	g.facts["selinux"] = map[string]string{"status": "enabled", "mode": s.Mode, "policyvers": s.Version,
		"config_mode": either(s.ConfigMode, "unknown"), "type": either(s.Type, "unknown")}
}

func collectChroot(_ context.Context, g *gatherer) {
	own, err1 := os.Stat("/")
	first, err2 := os.Stat("/proc/1/root/.")
	chroot := os.Getenv("debian_chroot") != ""
	if err1 == nil && err2 == nil {
		chroot = chroot || !os.SameFile(own, first)
	}
	g.facts["is_chroot"] = chroot
}
