package facts

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fleet/internal/tasks/sys"
)

// localTimeout bounds one of the operator's own fact programs.
const localTimeout = 10 * time.Second

// collectLocal reads the operator's own facts: *.fact files that hold JSON or an
// ini file, or that are programs which print one of them.
func collectLocal(ctx context.Context, g *gatherer) {
	local := map[string]any{}
	g.facts["local"] = local
	if g.opts.LocalDir == "" {
		return
	}
	files, _ := filepath.Glob(filepath.Join(g.m.Path(g.opts.LocalDir), "*.fact"))
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".fact")
		text, err := g.localText(ctx, file)
		if err == nil {
			local[name], err = parseLocal(text, file)
		}
		if err != nil {
			local[name] = err.Error()
		}
	}
}

// localText returns a file's text, or what the program prints. Its errors are the
// facts' values: they begin as Ansible's do, which playbooks look for.
func (g *gatherer) localText(ctx context.Context, file string) (string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", sys.Messagef("Could not stat fact (%s): %w", file, err)
	}
	if info.Mode()&0o111 == 0 {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("error loading facts from %s: %w", file, err)
		}
		return string(data), nil
	}
	ctx, cancel := context.WithTimeout(ctx, localTimeout)
	defer cancel()
	out, err := g.m.Run(ctx, sys.Command{Argv: []string{file}})
	switch {
	case err != nil:
		return "", sys.Messagef("Could not execute fact script (%s): %w", file, err)
	case out.Code != 0:
		return "", sys.Messagef("Failure executing fact script (%s), rc: %d, err: %s", file, out.Code, out.Stderr)
	}
	return out.Stdout, nil
}

// parseLocal returns the value of a JSON text, or the sections of an ini text by
// name.
func parseLocal(text, file string) (any, error) {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err == nil {
		return v, nil
	}
	sections := map[string]map[string]string{}
	var section map[string]string
	sc := bufio.NewScanner(strings.NewReader(text))
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			section = map[string]string{}
			sections[line[1:len(line)-1]] = section
			continue
		}
		i := strings.IndexAny(line, "=:")
		if i < 0 || section == nil {
			return nil, fmt.Errorf("error loading facts as JSON or ini - please check content: %s (line %d)", file, n)
		}
		value, err := percents(strings.TrimSpace(line[i+1:]))
		if err != nil {
			return nil, fmt.Errorf("error loading facts as ini - please check content: %s (line %d: %w)", file, n, err)
		}
		// Ansible's reader makes keys lower case too.
		section[strings.ToLower(strings.TrimSpace(line[:i]))] = value
	}
	return sections, nil
}

// percents reads a value in which a percent sign is written twice, as Python's
// reader of ini files has it; references to other values are not followed.
func percents(value string) (string, error) {
	if left := strings.ReplaceAll(value, "%%", ""); strings.Contains(strings.ReplaceAll(left, "%(", ""), "%") {
		return "", fmt.Errorf("a percent sign is written %%%% in %q", value)
	}
	return strings.ReplaceAll(value, "%%", "%"), nil
}
