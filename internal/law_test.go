// Package internal_test keeps the import law: which package may know which.
package internal_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// law says which of the project's packages each package may import. The arrows
// go one way: cmd → engine → event → source on the controller, target → tasks →
// sys on the target, with wire and spec in between. A package that is not listed
// is refused: whoever adds one decides here what it may know.
var law = map[string]string{
	// Known by both sides.
	"internal/wire":       "",
	"internal/spec":       "",
	"internal/probe":      "reason reason/web",
	"internal/nearest":    "",
	"internal/reason":     "",
	"internal/reason/web": "",
	"internal/archive":    "",
	"internal/charset":    "",
	"internal/crypt":      "",
	"internal/pyre":       "",

	// The controller.
	"internal/source":         "nearest jinja/vault",
	"internal/outfile":        "",
	"internal/vault":          "jinja/vault outfile reason source",
	"internal/settings":       "source",
	"internal/factcache":      "jinja outfile",
	"internal/redact":         "",
	"internal/pool":           "",
	"internal/inventory":      "source",
	"internal/playbook":       "nearest source spec",
	"internal/jinja":          "charset crypt source pyre jinja/csv jinja/ini jinja/ipnet jinja/jmespath jinja/vault",
	"internal/jinja/csv":      "",
	"internal/jinja/ini":      "",
	"internal/jinja/ipnet":    "",
	"internal/jinja/jmespath": "",
	"internal/jinja/vault":    "",
	"internal/jinja/lookup":   "jinja jinja/csv jinja/ini reason reason/web source",
	"internal/vars":           "inventory playbook jinja source redact",
	"internal/event":          "source wire",
	"internal/argument":       "jinja playbook source spec",
	"internal/search":         "source",
	"internal/check":          "argument library pyre search inventory playbook jinja jinja/lookup vars spec source",
	"internal/demand":         "argument search inventory playbook jinja vars spec source",
	"internal/engine":         "archive argument charset library outfile search inventory playbook pool jinja jinja/lookup vars event wire spec source redact",
	"internal/library":        "",
	"internal/catalog":        "engine library pyre spec tasks tasks/sys tasks/system/facts",
	"internal/report":         "event probe redact source wire",
	"internal/session":        "wire source",
	"internal/launch":         "session helper wire source",
	"internal/ssh":            "launch session helper wire source ssh/knownhosts",
	"internal/ssh/knownhosts": "",
	"internal/local":          "launch session helper wire source",
	"internal/helper":         "source",

	// The target.
	"internal/target":                 "wire tasks/sys",
	"internal/tasks":                  "spec tasks/*",
	"internal/tasks/sys":              "reason spec wire",
	"internal/tasks/pattern":          "pyre",
	"internal/tasks/commands":         "spec wire tasks/sys tasks/pattern",
	"internal/tasks/access":           "crypt nearest spec tasks/sys",
	"internal/tasks/archives":         "archive spec wire tasks/sys",
	"internal/tasks/config":           "nearest spec tasks/sys",
	"internal/tasks/crypto":           "spec tasks/sys",
	"internal/tasks/docker":           "spec wire tasks/sys tasks/pattern tasks/docker/client tasks/docker/reference",
	"internal/tasks/docker/client":    "",
	"internal/tasks/docker/reference": "",
	"internal/tasks/files":            "charset spec wire tasks/sys tasks/pattern",
	"internal/tasks/database":         "tasks/sys",
	"internal/tasks/mysql":            "spec tasks/sys tasks/database",
	"internal/tasks/postgresql":       "nearest spec tasks/sys tasks/database",
	"internal/tasks/fetch":            "reason/web tasks/sys",
	"internal/tasks/network":          "spec wire tasks/sys tasks/pattern",
	"internal/tasks/web":              "probe spec wire tasks/sys tasks/fetch",
	"internal/tasks/packages":         "nearest spec wire tasks/sys tasks/pattern tasks/system/facts",
	"internal/tasks/storage":          "nearest spec tasks/sys tasks/system/facts",
	"internal/tasks/repos":            "spec wire tasks/sys",
	"internal/tasks/system":           "nearest spec wire tasks/sys tasks/pattern tasks/system/facts",
	"internal/tasks/system/facts":     "spec wire tasks/sys tasks/pattern",

	// What builds, documents and tests the others.
	"internal/helper/build":                "helper",
	"internal/moduledoc":                   "spec",
	"internal/moduledoc/pages":             "moduledoc spec tasks engine source jinja jinja/lookup playbook settings",
	"internal/moduledoc/gen":               "moduledoc/pages",
	"internal/tasks/sys/systest":           "*",
	"internal/tasks/database/databasetest": "*",
	"internal/fleettest":                   "*",
	"internal/fleettest/distance":          "",
	"docs":                                 "",
	"lab":                                  "",
	"bench":                                "*",
	"bench/containers":                     "",
	"bench/floor":                          "",
	"bench/hosts":                          "",
	"bench/measure":                        "",
	"bench/peers":                          "*",
	"bench/project":                        "",
	"bench/result":                         "",
	"bench/simulate":                       "spec target tasks tasks/sys wire",
	"conformance":                          "*",
	"conformance/inside":                   "*",
	"conformance/standin":                  "",
	"cmd/fleet":                            "*",
	"cmd/fleet-target":                     "target tasks",
}

// outside says which modules the target's packages may import besides the
// standard library and the project. The others import none.
var outside = map[string][]string{
	"internal/tasks/commands":              {"golang.org/x/sys/unix"}, // a terminal of its own for expect
	"internal/tasks/docker":                {"github.com/moby/moby/api", "github.com/docker/go-units"},
	"internal/tasks/docker/client":         {"github.com/moby/moby/api"},
	"internal/tasks/sys/systest":           {"github.com/rogpeppe/go-internal"},
	"internal/tasks/database/databasetest": {"github.com/rogpeppe/go-internal"},
}

// goPackage is what `go list -json` says.
type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

func TestImportLaw(t *testing.T) {
	for _, p := range list(t, "./...") {
		name := strings.TrimPrefix(p.ImportPath, "fleet/")
		if name == "internal" {
			continue
		}
		rule, known := law[name]
		if !known {
			t.Errorf("%s is in no rule: say in internal/law_test.go what it may import", name)
			continue
		}
		for _, imported := range p.Imports {
			if other, ours := strings.CutPrefix(imported, "fleet/"); ours && !allowed(rule, other) {
				t.Errorf("%s imports %s, which the law does not allow", name, other)
			}
		}
	}
}

// TestTargetKeepsToItself: what is pushed to the targets is made of the standard
// library, the target's own packages and the types of Docker's API.
func TestTargetKeepsToItself(t *testing.T) {
	for _, p := range list(t, "-deps", "./cmd/fleet-target") {
		name, ours := strings.CutPrefix(p.ImportPath, "fleet/")
		if !ours {
			continue
		}
		if !onTarget(name) {
			t.Errorf("the helper contains %s", name)
		}
		for _, imported := range p.Imports {
			if strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") && !under(imported, outside[name]) {
				t.Errorf("%s imports %s: the helper has to stay small", name, imported)
			}
		}
	}
}

// TestLeanHelper: the lean helper has the modules of four packages, and brings neither
// HTTP nor TLS. Together that is half of the whole one's size.
func TestLeanHelper(t *testing.T) {
	const move = "move the modules that need it to internal/tasks/table_whole.go"
	modules := []string{"commands", "files", "packages", "pattern", "sys", "system", "system/facts"}
	for _, p := range list(t, "-deps", "-tags=lean", "./cmd/fleet-target") {
		if slices.Contains([]string{"net/http", "crypto/tls", "crypto/x509", "archive/zip"}, p.ImportPath) {
			t.Errorf("the lean helper contains %s: %s", p.ImportPath, move)
		}
		if name, ours := strings.CutPrefix(p.ImportPath, "fleet/internal/tasks/"); ours && !slices.Contains(modules, name) {
			t.Errorf("the lean helper contains the package %s: %s", name, move)
		}
	}
}

func allowed(rule, imported string) bool {
	for word := range strings.FieldsSeq(rule) {
		if word == "*" || "internal/"+word == imported {
			return true
		}
		if folder, ok := strings.CutSuffix(word, "/*"); ok && strings.HasPrefix(imported, "internal/"+folder+"/") {
			return true
		}
	}
	return false
}

func onTarget(name string) bool {
	return slices.Contains([]string{"cmd/fleet-target", "internal/wire", "internal/spec", "internal/probe", "internal/archive", "internal/charset", "internal/crypt", "internal/pyre", "internal/nearest", "internal/reason", "internal/reason/web", "internal/target", "internal/tasks"}, name) ||
		strings.HasPrefix(name, "internal/tasks/")
}

func under(imported string, modules []string) bool {
	return slices.ContainsFunc(modules, func(m string) bool { return imported == m || strings.HasPrefix(imported, m+"/") })
}

// list runs `go list` at the project's root. A package that does not compile is
// listed too.
func list(t *testing.T, args ...string) []goPackage {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-e", "-json=ImportPath,Standard,Imports"}, args...)...)
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatal(err)
		}
		if !p.Standard {
			packages = append(packages, p)
		}
	}
}
