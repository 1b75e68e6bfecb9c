package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

func printMachine() {
	model := "unknown processor"
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
		f.Close()
	}
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		load = []byte("unknown")
	}
	fmt.Printf("%d × %s, load %s. The hosts share the machine, its processors and one home.\n",
		runtime.NumCPU(), model, strings.Join(strings.Fields(string(load))[:1], ""))
}

// say prints one run.
func (c *contest) say(p player, s sample) {
	if c.each {
		fmt.Printf("  %-28s      %9.3fs %9.3fs %7d MB %9.2fs\n", p.name, s.wall.Seconds(), s.cpu.Seconds(), s.memory>>20, s.hosts.Seconds())
	}
}

// print prints the medians of the players, each beside fleet's.
func (c *contest) print(title string, samples [][]sample) {
	fmt.Printf("\n%s\n  %-28s %4s %10s %10s %10s %10s   %s\n", title, "", "runs", "wall", "cpu", "memory", "hosts' cpu",
		"wall, cpu, memory, hosts' cpu against fleet")
	fleet := median(samples[c.against])
	for i, p := range c.players {
		m := median(samples[i])
		fmt.Printf("  %-28s %4d %9.2fs %9.2fs %7d MB %9.2fs", p.name, len(samples[i]), m.wall.Seconds(), m.cpu.Seconds(), m.memory>>20, m.hosts.Seconds())
		if i != c.against {
			fmt.Printf("   %.1f ×, %.1f ×, %.1f ×, %.1f ×", ratio(m.wall, fleet.wall), ratio(m.cpu, fleet.cpu),
				ratio(m.memory, fleet.memory), ratio(m.hosts, fleet.hosts))
		}
		fmt.Println()
	}
	if fleet.helper > 0 {
		fmt.Printf("  a helper on a host: at most %.1f MB\n", float64(fleet.helper)/(1<<20))
	}
}

func ratio[N int64 | time.Duration](a, b N) float64 { return float64(a) / float64(b) }

// printSizes prints what fleet weighs. The helpers lie where "make build" puts
// them, under the folder in which fleet's own folder lies.
func (l *lab) printSizes(fleet string) error {
	info, err := os.Stat(fleet)
	if err != nil {
		return err
	}
	fmt.Printf("\nsize\n  %-28s %6.1f MB\n", "fleet", float64(info.Size())/(1<<20))
	const dist = "internal/helper/dist/"
	data, err := os.ReadFile(dist + "manifest.json")
	if err != nil {
		fmt.Println("  helpers: none were built here")
		return nil
	}
	var rows []struct {
		OS, Arch, File string
		Size           int64
	}
	if err := json.Unmarshal(data, &rows); err != nil {
		return err
	}
	for _, r := range rows {
		packed, err := os.Stat(dist + r.File)
		if err != nil {
			return err
		}
		fmt.Printf("  %-28s %6.1f MB, compressed %.2f MB\n", "helper "+r.OS+"/"+r.Arch, float64(r.Size)/(1<<20), float64(packed.Size())/(1<<20))
	}
	return nil
}
