package inside

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Inventory is the inventory that ansible-test makes.
const Inventory = "[testgroup]\ntesthost ansible_connection=\"local\" ansible_pipelining=\"yes\" ansible_python_interpreter=\"/usr/bin/python3\"\n"

// prepare gives the target a tree of the checkout's files that it may write to,
// beside the inventory and the empty settings that ansible-test makes.
func (r run) prepare() error {
	upper := work + "/written"
	for _, folder := range []string{r.tree, upper} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	// The overlay's own layers must not lie on another overlay, which the machine's root is.
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "mode=0755", "conformance", upper).CombinedOutput(); err != nil {
		return fmt.Errorf("mount: %w: %s", err, out)
	}
	for _, folder := range []string{"upper", "work"} {
		if err := os.Mkdir(filepath.Join(upper, folder), 0o755); err != nil {
			return err
		}
	}
	layers := fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work", checkout, upper, upper)
	if out, err := exec.Command("mount", "-t", "overlay", "-o", layers, "overlay", r.tree).CombinedOutput(); err != nil {
		return fmt.Errorf("mount: %w: %s", err, out)
	}
	files := map[string]string{
		"inventory":       Inventory,
		"integration.cfg": "# No settings.\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(r.integration(), name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return r.link()
}

// environment is all that the target's commands have, as ansible-test gives it.
func (r run) environment() []string {
	env := []string{
		"HOME=/root", "LC_ALL=en_US.UTF-8", "PAGER=/bin/cat",
		"PATH=" + r.binaries() + ":" + links + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"PYTHONPATH=" + checkout + "/lib", "PYTHONDONTWRITEBYTECODE=1",
		"ANSIBLE_FORCE_COLOR=false", "ANSIBLE_FORCE_HANDLERS=true", "ANSIBLE_HOST_PATTERN_MISMATCH=error",
		"ANSIBLE_INVENTORY=/dev/null", "ANSIBLE_DEPRECATION_WARNINGS=false", "ANSIBLE_HOST_KEY_CHECKING=false",
		"ANSIBLE_RETRY_FILES_ENABLED=false", "ANSIBLE_CONFIG=" + filepath.Join(r.integration(), "integration.cfg"),
		"ANSIBLE_LIBRARY=/dev/null", "ANSIBLE_DEVEL_WARNING=false",
		"ANSIBLE_PYTHON_INTERPRETER=/set/ansible_python_interpreter/in/inventory",
		"ANSIBLE_TEST_ANSIBLE_LIB_ROOT=" + checkout + "/lib/ansible", "ANSIBLE_TEST_CI=", "ANSIBLE_TEST_COVERAGE=",
		"ANSIBLE_TEST_PYTHON_VERSION=3", "ANSIBLE_TEST_PYTHON_INTERPRETER=/usr/bin/python3",
		"OUTPUT_DIR=" + r.output, "INVENTORY_PATH=" + filepath.Join(r.integration(), "inventory"),
		"JUNIT_OUTPUT_DIR=" + work + "/junit",
	}
	return env
}

// Play is the playbook of a target that is a role, and lies in that folder.
func Play(name, targets, output string) []byte { return play(name, aliases(targets, name), output) }

func play(name string, all aliasList, output string) []byte {
	play := []map[string]any{{
		"hosts": "testhost", "gather_facts": !all.has("gather_facts/no"), "vars_files": []string{},
		"vars": map[string]string{"output_dir": output}, "roles": []string{name},
	}}
	text, err := json.MarshalIndent(play, "", "    ")
	if err != nil {
		return nil // strings, lists and maps of them have a form in JSON
	}
	return append(text, '\n')
}

// An aliasList is the lines of a target's aliases file, without comments.
type aliasList []string

func aliases(targets, name string) aliasList {
	text, err := os.ReadFile(filepath.Join(targets, name, "aliases"))
	if err != nil {
		return nil // a target needs no such file
	}
	var list aliasList
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

func (l aliasList) has(alias string) bool { return slices.Contains(l, alias) }

// values returns what follows the prefix in the lines that have it.
func (l aliasList) values(prefix string) []string {
	var found []string
	for _, line := range l {
		if v, ok := strings.CutPrefix(line, prefix); ok {
			found = append(found, v)
		}
	}
	return found
}
