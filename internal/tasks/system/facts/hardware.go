package facts

import (
	"context"
	"runtime"
	"strconv"
	"strings"
)

func collectHardware(_ context.Context, g *gatherer) {
	collectMemory(g)
	collectProcessor(g)
	collectDMI(g)
	if fields := strings.Fields(g.read("/proc/uptime")); len(fields) > 0 {
		if seconds, err := strconv.ParseFloat(fields[0], 64); err == nil {
			g.facts["uptime_seconds"] = int(seconds)
		}
	}
}

func collectLoad(_ context.Context, g *gatherer) {
	fields := strings.Fields(g.read("/proc/loadavg"))
	load := map[string]float64{}
	for i, key := range []string{"1m", "5m", "15m"} {
		if i < len(fields) {
			load[key], _ = strconv.ParseFloat(fields[i], 64)
		}
	}
	g.facts["loadavg"] = load
}

func collectMemory(g *gatherer) {
	mb := map[string]int{}
	for _, line := range strings.Split(g.read("/proc/meminfo"), "\n") {
		key, rest, _ := strings.Cut(line, ":")
		if f := strings.Fields(rest); len(f) > 0 {
			kb, _ := strconv.Atoi(f[0])
			mb[key] = kb / 1024
		}
	}
	if len(mb) == 0 {
		return
	}
	noCache := mb["MemFree"] + mb["Cached"] + mb["Buffers"]
	g.facts["memtotal_mb"], g.facts["memfree_mb"] = mb["MemTotal"], mb["MemFree"]
	g.facts["swaptotal_mb"], g.facts["swapfree_mb"] = mb["SwapTotal"], mb["SwapFree"]
	g.facts["memory_mb"] = map[string]map[string]int{
		"real":    {"total": mb["MemTotal"], "free": mb["MemFree"], "used": mb["MemTotal"] - mb["MemFree"]},
		"nocache": {"free": noCache, "used": mb["MemTotal"] - noCache},
		"swap": {"total": mb["SwapTotal"], "free": mb["SwapFree"], "used": mb["SwapTotal"] - mb["SwapFree"],
			"cached": mb["SwapCached"]},
	}
}

// collectProcessor reads /proc/cpuinfo, whose blocks stand for one thread each.
func collectProcessor(g *gatherer) {
	processor := []string{}
	sockets := map[string]bool{}
	threads, cores, siblings := 0, 0, 0
	for _, line := range strings.Split(g.read("/proc/cpuinfo"), "\n") {
		key, value, _ := strings.Cut(line, ":")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch key {
		case "processor":
			threads++
			processor = append(processor, value)
		case "model name", "vendor_id", "Processor", "cpu", "Vendor":
			processor = append(processor, value)
		case "physical id":
			sockets[value] = true
		case "cpu cores":
			cores, _ = strconv.Atoi(value)
		case "siblings":
			siblings, _ = strconv.Atoi(value)
		}
	}
	count, perCore := len(sockets), 1
	if count == 0 || cores == 0 { // processors that say nothing of sockets, as arm's
		count, cores = max(threads, 1), 1
	} else if siblings > cores {
		perCore = siblings / cores
	}
	g.facts["processor"] = processor
	g.facts["processor_count"] = count
	g.facts["processor_cores"] = cores
	g.facts["processor_threads_per_core"] = perCore
	g.facts["processor_vcpus"] = count * cores * perCore
	g.facts["processor_nproc"] = runtime.NumCPU()
}

// dmi maps the names of facts to files of the firmware's table. Some of them
// only root can read.
var dmi = map[string]string{
	"bios_date": "bios_date", "bios_vendor": "bios_vendor", "bios_version": "bios_version",
	"board_asset_tag": "board_asset_tag", "board_name": "board_name", "board_serial": "board_serial",
	"board_vendor": "board_vendor", "board_version": "board_version",
	"chassis_asset_tag": "chassis_asset_tag", "chassis_serial": "chassis_serial",
	"chassis_vendor": "chassis_vendor", "chassis_version": "chassis_version", "form_factor": "chassis_type",
	"product_name": "product_name", "product_serial": "product_serial", "product_uuid": "product_uuid",
	"product_version": "product_version", "system_vendor": "sys_vendor",
}

// formFactors are the names of the chassis types, by number, as the SMBIOS
// specification (7.4.1) has them.
var formFactors = []string{"Unknown", "Other", "Unknown", "Desktop", "Low Profile Desktop", "Pizza Box", "Mini Tower",
	"Tower", "Portable", "Laptop", "Notebook", "Hand Held", "Docking Station", "All In One", "Sub Notebook",
	"Space-saving", "Lunch Box", "Main Server Chassis", "Expansion Chassis", "Sub Chassis", "Bus Expansion Chassis",
	"Peripheral Chassis", "RAID Chassis", "Rack Mount Chassis", "Sealed-case PC", "Multi-system", "CompactPCI",
	"AdvancedTCA", "Blade", "Blade Enclosure", "Tablet", "Convertible", "Detachable", "IoT Gateway", "Embedded PC",
	"Mini PC", "Stick PC"}

func collectDMI(g *gatherer) {
	for fact, file := range dmi {
		value := g.read("/sys/devices/virtual/dmi/id/" + file)
		if file == "chassis_type" {
			if i, err := strconv.Atoi(value); err == nil && i >= 0 && i < len(formFactors) {
				value = formFactors[i]
			}
		}
		g.facts[fact] = orNA(value)
	}
}
