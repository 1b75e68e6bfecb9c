package facts

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"fleet/internal/tasks/sys"
)

// statTimeout is how long the file systems have to say how full they are. One
// of a server that is gone would hold the call for ever.
const statTimeout = time.Second

func collectMounts(ctx context.Context, g *gatherer) {
	uuids := linkNames(g.m.Path("/dev/disk/by-uuid"))
	mounts := []map[string]any{}
	seen := map[string]bool{}
	var points []string
	for _, line := range strings.Split(g.read("/proc/mounts"), "\n") {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "/") && !strings.Contains(f[0], ":/") || f[2] == "none" {
			continue
		}
		device, point := unescape(f[0]), unescape(f[1])
		if seen[point] {
			continue
		}
		seen[point] = true
		uuid := "N/A"
		if id := uuids[filepath.Base(device)]; id != "" {
			uuid = id
		}
		mounts = append(mounts, map[string]any{"device": device, "mount": point, "fstype": f[2], "options": f[3], "uuid": uuid})
		points = append(points, point)
	}
	for i, usage := range Usage(ctx, g.m, points, statTimeout) {
		if usage == nil {
			usage = map[string]any{"note": "Could not get extra information due to timeout"}
		}
		maps.Copy(mounts[i], usage)
	}
	g.facts["mounts"] = mounts
}

// statfs asks in a goroutine of its own, which stays behind where the file
// system does not answer. The channel gives one value, or is closed without.
func statfs(point string) chan syscall.Statfs_t {
	answer := make(chan syscall.Statfs_t, 1)
	go func() {
		defer close(answer)
		var st syscall.Statfs_t
		if err := syscall.Statfs(point, &st); err == nil {
			answer <- st
		}
	}()
	return answer
}

// Usage says how full the file systems at these points are, by the names of Ansible's
// facts. It is empty for a point that is not there, and nil for one that does not
// answer in time. A limit of 0 is none but ctx.
func Usage(ctx context.Context, m *sys.Machine, points []string, limit time.Duration) []map[string]any {
	if limit > 0 {
		limited, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		ctx = limited
	}
	answers := make([]chan syscall.Statfs_t, len(points))
	for i, point := range points {
		answers[i] = statfs(m.Path(point))
	}
	out := make([]map[string]any, len(points))
	for i, answer := range answers {
		select {
		case st, ok := <-answer:
			if out[i] = map[string]any{}; ok {
				addUsage(out[i], st)
			}
		case <-ctx.Done():
		}
	}
	return out
}

// DiskUUID returns the UUID of the file system on a device, or nothing.
func DiskUUID(m *sys.Machine, device string) string {
	return linkNames(m.Path("/dev/disk/by-uuid"))[filepath.Base(device)]
}

func addUsage(mount map[string]any, st syscall.Statfs_t) {
	size := st.Frsize
	mount["block_size"], mount["block_total"], mount["block_available"] = st.Bsize, st.Blocks, st.Bavail
	mount["block_used"] = st.Blocks - min(st.Bavail, st.Blocks)
	mount["inode_total"], mount["inode_available"], mount["inode_used"] = st.Files, st.Ffree, st.Files-st.Ffree
	mount["size_total"], mount["size_available"] = int64(st.Blocks)*size, int64(st.Bavail)*size
}

// unescape replaces the octal signs that the kernel writes for white space.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// linkNames maps what the links of a folder point to (its last part) to their names.
func linkNames(folder string) map[string]string {
	names := map[string]string{}
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		if to, err := os.Readlink(filepath.Join(folder, e.Name())); err == nil {
			names[filepath.Base(to)] = e.Name()
		}
	}
	return names
}

func collectDevices(_ context.Context, g *gatherer) {
	uuids, labels := linkNames(g.m.Path("/dev/disk/by-uuid")), linkNames(g.m.Path("/dev/disk/by-label"))
	devices := map[string]any{}
	blocks, _ := os.ReadDir(g.m.Path("/sys/block"))
	for _, block := range blocks {
		name := block.Name()
		folder := "/sys/block/" + name
		sectors, sectorSize := g.read(folder+"/size"), either(g.read(folder+"/queue/logical_block_size"), "512")
		virtual := 0
		if to, err := os.Readlink(g.m.Path(folder)); err == nil && strings.Contains(to, "/virtual/") {
			virtual = 1
		}
		devices[name] = map[string]any{
			"virtual": virtual, "vendor": orNull(g.read(folder + "/device/vendor")), "model": orNull(g.read(folder + "/device/model")),
			"removable": g.read(folder + "/removable"), "rotational": g.read(folder + "/queue/rotational"),
			"support_discard": either(g.read(folder+"/queue/discard_granularity"), "0"),
			"scheduler_mode":  inBrackets(g.read(folder + "/queue/scheduler")),
			"sectors":         sectors, "sectorsize": sectorSize, "size": sizeOf(sectors),
			"holders": names(g.m.Path(folder + "/holders")), "host": "", "links": links(name, uuids, labels),
			"partitions": partitions(g, name, uuids, labels),
		}
	}
	g.facts["devices"] = devices
}

func partitions(g *gatherer, device string, uuids, labels map[string]string) map[string]any {
	parts := map[string]any{}
	for _, name := range names(g.m.Path("/sys/block/" + device)) {
		folder := "/sys/block/" + device + "/" + name
		if !strings.HasPrefix(name, device) || !g.exists(folder+"/partition") {
			continue
		}
		sectors := g.read(folder + "/size")
		parts[name] = map[string]any{"start": g.read(folder + "/start"), "sectors": sectors, "sectorsize": 512,
			"size": sizeOf(sectors), "uuid": orNull(uuids[name]), "holders": names(g.m.Path(folder + "/holders")),
			"links": links(name, uuids, labels)}
	}
	return parts
}

func links(name string, uuids, labels map[string]string) map[string][]string {
	of := func(m map[string]string) []string {
		if m[name] == "" {
			return []string{}
		}
		return []string{m[name]}
	}
	return map[string][]string{"ids": {}, "masters": {}, "uuids": of(uuids), "labels": of(labels)}
}

func names(folder string) []string {
	all := []string{}
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func inBrackets(s string) string {
	_, after, ok := strings.Cut(s, "[")
	if !ok {
		return s
	}
	in, _, _ := strings.Cut(after, "]")
	return in
}

// sizeOf writes a number of sectors, which the kernel counts in 512 bytes, for people.
func sizeOf(sectors string) string {
	n, err := strconv.ParseFloat(sectors, 64)
	if err != nil {
		return "0.00 Bytes"
	}
	n *= 512
	for _, unit := range []string{"Bytes", "KB", "MB", "GB", "TB"} {
		if n < 1024 {
			return fmt.Sprintf("%.2f %s", n, unit)
		}
		n /= 1024
	}
	return fmt.Sprintf("%.2f PB", n)
}
