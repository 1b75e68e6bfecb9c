package facts

import (
	"context"
	"encoding/json"
	"time"

	"fleet/internal/tasks/sys"
)

// pythonTimeout bounds how long python3 may take to tell about itself.
const pythonTimeout = 10 * time.Second

// pythonAsks lets Python tell about itself, in the form of Ansible's fact.
const pythonAsks = `import sys, json
v = list(sys.version_info)
try:
    from ssl import SSLContext
    ssl = True
except ImportError:
    ssl = False
print(json.dumps({"executable": sys.executable, "type": sys.implementation.name, "has_sslcontext": ssl, "version_info": v,
    "version": dict(zip(("major", "minor", "micro", "releaselevel", "serial"), v))}))`

// collectPython tells of the Python that modules of the user's own would run
// with. A machine without one has no such facts.
func collectPython(ctx context.Context, g *gatherer) {
	if !g.m.Has("python3") {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, pythonTimeout)
	defer cancel()
	out, err := g.m.Run(ctx, sys.Command{Argv: []string{"python3", "-c", pythonAsks}})
	if err != nil || out.Code != 0 {
		return
	}
	var about map[string]any
	if json.Unmarshal([]byte(out.Stdout), &about) != nil {
		return
	}
	version, _ := about["version"].(map[string]any)
	g.facts["python"] = about
	g.facts["python_version"] = versionText(version)
}

func versionText(v map[string]any) string {
	text := ""
	for i, part := range []string{"major", "minor", "micro"} {
		number, _ := json.Marshal(v[part]) // a number can be encoded
		if i > 0 {
			text += "."
		}
		text += string(number)
	}
	return text
}
