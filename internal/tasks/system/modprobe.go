package system

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// Modprobe loads a module into the kernel or takes it out, now, and on request
// each time the machine starts.
//
// Example:
//
//	tasks:
//	  - name: Filter what crosses bridges
//	    modprobe:
//	      name: br_netfilter
//	      persistent: present
var Modprobe = sys.Define(spec.Module{
	Name:  "modprobe",
	Names: []string{"community.general.modprobe"},
}, modprobe)

type modprobeArgs struct {
	// The module.
	Name string `arg:"name,required"`
	// Whether it should be loaded now.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// Its parameters, as "numdummies=2".
	Params string `arg:"params"`
	// Whether it is loaded when the machine starts: disabled leaves that as it is.
	Persistent string `arg:"persistent" choices:"absent,disabled,present" default:"disabled"`
}

type modprobeResult struct {
	// The module.
	Name string `json:"name"`
	// Its parameters.
	Params string `json:"params"`
	// What was asked for.
	State string `json:"state"`
}

const (
	loadFolder   = "/etc/modules-load.d"
	optionFolder = "/etc/modprobe.d"
)

func modprobe(ctx context.Context, m *sys.Machine, a *modprobeArgs) (any, error) {
	res := &modprobeResult{a.Name, a.Params, a.State}
	loaded, err := moduleLoaded(m, a.Name)
	if err != nil {
		return res, err
	}
	switch {
	case a.State == "present" && !loaded:
		err = m.Perform(ctx, "load "+a.Name, slices.Concat([]string{"modprobe", a.Name}, strings.Fields(a.Params))...)
	case a.State == "absent" && loaded:
		err = m.Perform(ctx, "unload "+a.Name, "modprobe", "-r", a.Name)
	}
	if err != nil {
		return res, err
	}
	switch a.Persistent {
	case "present":
		err = a.persist(ctx, m)
	case "absent":
		err = a.forget(ctx, m, loadFolder, a.loadLine())
		if err == nil {
			err = a.forget(ctx, m, optionFolder, a.optionLine())
		}
	}
	return res, err
}

// moduleLoaded looks for a module among the loaded ones and those that are a
// part of the kernel. For the kernel - and _ are the same.
func moduleLoaded(m *sys.Machine, name string) (bool, error) {
	name = strings.ReplaceAll(name, "-", "_")
	text, _, err := m.ReadText("/proc/modules")
	if err != nil {
		return false, err
	}
	for _, line := range sys.Lines(text) {
		if loaded, _, _ := strings.Cut(line, " "); loaded == name {
			return true, nil
		}
	}
	release, _, err := m.ReadText("/proc/sys/kernel/osrelease")
	if err != nil {
		return false, err
	}
	builtin, _, err := m.ReadText(filepath.Join("/lib/modules", strings.TrimSpace(release), "modules.builtin"))
	for _, line := range sys.Lines(builtin) {
		file := strings.TrimSuffix(filepath.Base(strings.TrimSpace(line)), ".ko")
		if strings.ReplaceAll(file, "-", "_") == name {
			return true, err
		}
	}
	return false, err
}

// loadLine matches a line that has the module loaded.
func (a *modprobeArgs) loadLine() *regexp.Regexp {
	return regexp.MustCompile(`^\s*` + regexp.QuoteMeta(a.Name) + `\s*([#;].*)?$`)
}

// optionLine matches a line with the module's parameters.
func (a *modprobeArgs) optionLine() *regexp.Regexp {
	return regexp.MustCompile(`^\s*options\s+` + regexp.QuoteMeta(a.Name) + `\s+(.*?)\s*$`)
}

func (a *modprobeArgs) persist(ctx context.Context, m *sys.Machine) error {
	if len(linesLike(m, loadFolder, a.loadLine())) == 0 {
		if err := writeConf(ctx, m, loadFolder, a.Name, a.Name+"\n"); err != nil {
			return err
		}
	}
	found := linesLike(m, optionFolder, a.optionLine())
	same := len(found) == 1 && a.optionLine().FindStringSubmatch(found[0])[1] == a.Params
	if same || len(found) == 0 && a.Params == "" {
		return nil
	}
	if err := a.forget(ctx, m, optionFolder, a.optionLine()); err != nil || a.Params == "" {
		return err
	}
	return writeConf(ctx, m, optionFolder, a.Name, "options "+a.Name+" "+a.Params+"\n")
}

func confFiles(m *sys.Machine, folder string) []string {
	files, _ := filepath.Glob(filepath.Join(m.Path(folder), "*.conf"))
	for i, f := range files {
		files[i] = filepath.Join(folder, filepath.Base(f))
	}
	return files
}

// linesLike returns the lines of a folder's files that match.
func linesLike(m *sys.Machine, folder string, re *regexp.Regexp) []string {
	var found []string
	for _, file := range confFiles(m, folder) {
		text, _, err := m.ReadText(file)
		if err != nil {
			continue
		}
		for _, line := range sys.Lines(text) {
			if line = strings.TrimRight(line, "\n"); re.MatchString(line) {
				found = append(found, line)
			}
		}
	}
	return found
}

// forget makes comments of the lines that match.
func (a *modprobeArgs) forget(ctx context.Context, m *sys.Machine, folder string, re *regexp.Regexp) error {
	for _, file := range confFiles(m, folder) {
		text, _, err := m.ReadText(file)
		if err != nil {
			return err
		}
		lines := sys.Lines(text)
		for i, line := range lines {
			if re.MatchString(strings.TrimRight(line, "\n")) {
				lines[i] = "#" + line
			}
		}
		if _, err := m.Write(ctx, sys.Write{Path: file, Content: sys.Bytes([]byte(strings.Join(lines, "")))}); err != nil {
			return err
		}
	}
	return nil
}

func writeConf(ctx context.Context, m *sys.Machine, folder, name, text string) error {
	if _, err := os.Stat(m.Path(folder)); err != nil {
		if _, err := m.MakeDir(ctx, folder, sys.Perms{Mode: "0755"}); err != nil {
			return err
		}
	}
	_, err := m.Write(ctx, sys.Write{Path: filepath.Join(folder, name+".conf"), Content: sys.Bytes([]byte(text)), NewMode: 0o644})
	return err
}
