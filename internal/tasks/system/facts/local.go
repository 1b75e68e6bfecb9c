package facts

import (
	"bufio"
	"context"
	"encoding/json"
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
		if err != nil {
			local[name] = "error loading facts from " + file + ": " + err.Error()
			continue
		}
		local[name] = parseLocal(text)
	}
}

func (g *gatherer) localText(ctx context.Context, file string) (string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	if info.Mode()&0o111 == 0 {
		data, err := os.ReadFile(file)
		return string(data), err
	}
	ctx, cancel := context.WithTimeout(ctx, localTimeout)
	defer cancel()
	out, err := g.m.Run(ctx, sys.Command{Argv: []string{file}})
	if err == nil && out.Code != 0 {
		err = &sys.ExitError{Argv: []string{file}, Output: out}
	}
	return out.Stdout, err
}

// parseLocal returns the value of a JSON text, the sections of an ini text by
// name, or the text itself.
func parseLocal(text string) any {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err == nil {
		return v
	}
	sections := map[string]map[string]string{}
	var section map[string]string
	sc := bufio.NewScanner(strings.NewReader(text))
	for sc.Scan() {
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
			return text
		}
		// Ansible's reader makes keys lower case too.
		section[strings.ToLower(strings.TrimSpace(line[:i]))] = strings.TrimSpace(line[i+1:])
	}
	if len(sections) == 0 {
		return text
	}
	return sections
}
