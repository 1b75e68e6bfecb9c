package facts

import (
	"bufio"
	"context"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"fleet/internal/tasks/sys"
)

func collectPlatform(_ context.Context, g *gatherer) {
	var uts syscall.Utsname
	if err := syscall.Uname(&uts); err != nil {
		return
	}
	node, machine := cString(uts.Nodename[:]), cString(uts.Machine[:])
	g.facts["system"] = cString(uts.Sysname[:])
	g.facts["kernel"] = cString(uts.Release[:])
	g.facts["kernel_version"] = cString(uts.Version[:])
	g.facts["machine"] = machine
	g.facts["architecture"] = machine
	if len(machine) == 4 && machine[0] == 'i' && strings.HasSuffix(machine, "86") {
		g.facts["architecture"] = "i386"
	}
	g.facts["userspace_bits"] = strconv.Itoa(strconv.IntSize)
	g.facts["userspace_architecture"] = map[string]string{"amd64": "x86_64", "386": "i386", "arm64": "aarch64"}[runtime.GOARCH]
	g.facts["nodename"] = node
	g.facts["hostname"], _, _ = strings.Cut(node, ".")
	fqdn := FQDN(g.m, node)
	g.facts["fqdn"] = fqdn
	_, g.facts["domain"], _ = strings.Cut(fqdn, ".")
	for _, file := range []string{"/var/lib/dbus/machine-id", "/etc/machine-id"} {
		if id := g.read(file); id != "" {
			g.facts["machine_id"] = id
		}
	}
}

// cString returns the text of one of the kernel's fixed fields.
func cString[T int8 | uint8](field []T) string {
	var b strings.Builder
	for _, c := range field {
		if c == 0 {
			break
		}
		b.WriteByte(byte(c))
	}
	return b.String()
}

// FQDN returns the full name of the machine called node: the first name with a
// dot on its line in /etc/hosts, or node itself. Name servers are not asked.
func FQDN(m *sys.Machine, node string) string {
	if strings.Contains(node, ".") {
		return node
	}
	for _, line := range strings.Split(read(m, "/etc/hosts"), "\n") {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 2 || !contains(fields[1:], node) {
			continue
		}
		for _, name := range fields[1:] {
			if strings.Contains(name, ".") {
				return name
			}
		}
	}
	return node
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

func collectDateTime(_ context.Context, g *gatherer) {
	now := time.Now()
	utc := now.UTC()
	zone, _ := now.Zone()
	epoch := strconv.FormatInt(now.Unix(), 10)
	g.facts["date_time"] = map[string]string{
		"year": now.Format("2006"), "month": now.Format("01"), "day": now.Format("02"),
		"hour": now.Format("15"), "minute": now.Format("04"), "second": now.Format("05"),
		"weekday": now.Weekday().String(), "weekday_number": strconv.Itoa(int(now.Weekday())),
		"weeknumber": mondayWeek(now),
		"epoch":      epoch, "epoch_int": epoch,
		"date": now.Format("2006-01-02"), "time": now.Format("15:04:05"),
		"iso8601":             utc.Format("2006-01-02T15:04:05Z"),
		"iso8601_micro":       utc.Format("2006-01-02T15:04:05.000000Z"),
		"iso8601_basic":       strings.Replace(now.Format("20060102T150405.000000"), ".", "", 1),
		"iso8601_basic_short": now.Format("20060102T150405"),
		"tz":                  zone, "tz_dst": summerZone(now, zone), "tz_offset": now.Format("-0700"),
	}
}

// mondayWeek is the week of the year, with weeks from Monday, as strftime's %W.
func mondayWeek(t time.Time) string {
	week := (t.YearDay() + 6 - (int(t.Weekday())+6)%7) / 7
	if week < 10 {
		return "0" + strconv.Itoa(week)
	}
	return strconv.Itoa(week)
}

// summerZone returns the name of the zone's other half of the year, where it has one.
func summerZone(t time.Time, zone string) string {
	for month := range 12 {
		day := time.Date(t.Year(), time.Month(month+1), 1, 12, 0, 0, 0, t.Location())
		if name, _ := day.Zone(); day.IsDST() {
			return name
		}
	}
	return zone
}

func collectEnv(_ context.Context, g *gatherer) {
	env := map[string]string{}
	for _, pair := range os.Environ() {
		key, value, _ := strings.Cut(pair, "=")
		env[key] = value
	}
	for key, value := range g.m.Env {
		env[key] = value
	}
	g.facts["env"] = env
}

func collectUser(_ context.Context, g *gatherer) {
	uid, gid := os.Getuid(), os.Getgid()
	g.facts["user_uid"], g.facts["user_gid"] = uid, gid
	g.facts["real_user_id"], g.facts["real_group_id"] = uid, gid
	g.facts["effective_user_id"], g.facts["effective_group_id"] = os.Geteuid(), os.Getegid()
	g.facts["user_id"] = strconv.Itoa(uid)
	for _, line := range strings.Split(g.read("/etc/passwd"), "\n") {
		f := strings.Split(line, ":")
		if len(f) == 7 && f[2] == strconv.Itoa(uid) {
			g.facts["user_id"], g.facts["user_gecos"], g.facts["user_dir"], g.facts["user_shell"] = f[0], f[4], f[5], f[6]
			return
		}
	}
	// A user of a directory service, which the resolver of this build may not see.
	if u, err := user.Current(); err == nil && g.m.Root == "" {
		g.facts["user_id"], g.facts["user_gecos"], g.facts["user_dir"] = u.Username, u.Name, u.HomeDir
		g.facts["user_shell"] = os.Getenv("SHELL")
	}
}

func collectCmdline(_ context.Context, g *gatherer) {
	single, multi := map[string]any{}, map[string]any{}
	for _, word := range strings.Fields(g.read("/proc/cmdline")) {
		key, value, ok := strings.Cut(word, "=")
		var v any = true
		if ok {
			v = value
		}
		single[key] = v
		switch old := multi[key].(type) {
		case nil:
			multi[key] = v
		case []any:
			multi[key] = append(old, v)
		default:
			multi[key] = []any{old, v}
		}
	}
	g.facts["cmdline"] = single
	for key, v := range multi {
		// A word without a value that comes twice is still only there.
		if _, list := v.([]any); list && single[key] == true {
			multi[key] = true
		}
	}
	g.facts["proc_cmdline"] = multi
}

func collectDNS(_ context.Context, g *gatherer) {
	dns := map[string]any{}
	lists := map[string]string{"search": "search", "sortlist": "sortlist", "nameserver": "nameservers"}
	sc := bufio.NewScanner(strings.NewReader(g.read("/etc/resolv.conf")))
	for sc.Scan() {
		f := strings.Fields(sc.Text())
		if len(f) < 2 || f[0][0] == '#' || f[0][0] == ';' {
			continue
		}
		switch f[0] {
		case "nameserver", "search", "sortlist":
			key := lists[f[0]]
			old, _ := dns[key].([]string)
			dns[key] = append(old, f[1:]...)
		case "domain":
			dns["domain"] = f[1]
		case "options":
			options := map[string]any{}
			for _, option := range f[1:] {
				name, value, ok := strings.Cut(option, ":")
				options[name] = true
				if ok {
					options[name] = value
				}
			}
			dns["options"] = options
		}
	}
	g.facts["dns"] = dns
}

func collectFIPS(_ context.Context, g *gatherer) {
	g.facts["fips"] = g.read("/proc/sys/crypto/fips_enabled") == "1"
}

func collectHostKeys(_ context.Context, g *gatherer) {
	files, _ := filepath.Glob(g.m.Path("/etc/ssh/ssh_host_*_key.pub"))
	for _, file := range files {
		kind := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "ssh_host_"), "_key.pub")
		data, err := os.ReadFile(file)
		if f := strings.Fields(string(data)); err == nil && len(f) >= 2 {
			g.facts["ssh_host_key_"+kind+"_public"] = f[1]
			g.facts["ssh_host_key_"+kind+"_public_keytype"] = f[0]
		}
	}
}
