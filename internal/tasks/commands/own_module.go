package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// OwnModule runs a module of the user's own, which stands in a folder library
// beside the playbook or in a role, or in one of ANSIBLE_LIBRARY. Fleet calls it
// for every module that is such a file: a playbook names the module itself.
//
// A module is a program in any language. It reads its arguments as it does under
// Ansible: a binary, and a script in which the word WANT_JSON stands, from the
// JSON file that is its first argument; a script with the text
// <<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>> from its own text; and any other script
// from a file of key=value words. It writes its result as JSON. What is built on
// ansible.module_utils needs Ansible and is refused.
//
// In check mode it runs all the same, with _ansible_check_mode among its arguments.
//
// Example:
//
//	tasks:
//	  # The playbook has `turn_on: {lamp: kitchen}`, and library/turn_on.sh beside it. Fleet makes this of it:
//	  - name: Turn the lamp on
//	    own_module:
//	      name: turn_on
//	      style: old
//	      interpreter: [/bin/sh]
//	      arguments: lamp=kitchen
var OwnModule = sys.Define(spec.Module{
	Name:  "own_module",
	Names: []string{"fleet.own_module"},
}, ownModule)

type ownModuleArgs struct {
	// The name of the module.
	Name string `arg:"name,required"`
	// How it gets its arguments.
	Style string `arg:"style,required" choices:"binary,want_json,inline,old"`
	// The command that runs a script.
	Interpreter []string `arg:"interpreter"`
	// The arguments, as the module reads them.
	Arguments string `arg:"arguments,required"`
}

func ownModule(ctx context.Context, m *sys.Machine, a *ownModuleArgs) (any, error) {
	if len(m.Files) != 1 {
		return nil, errors.New("the controller offers no module with this call")
	}
	folder, err := os.MkdirTemp("", "fleet-module-")
	if err != nil {
		return nil, fmt.Errorf("a place for the module: %w", err)
	}
	defer os.RemoveAll(folder)
	argv, err := a.place(ctx, m, folder)
	if err != nil {
		return nil, err
	}
	out, err := m.Run(ctx, sys.Command{Argv: argv})
	if err != nil {
		return nil, fmt.Errorf("module %s: %w", a.Name, err)
	}
	return a.result(out)
}

// place puts the module and its arguments into the folder and returns the
// command.
func (a *ownModuleArgs) place(ctx context.Context, m *sys.Machine, folder string) ([]string, error) {
	module := filepath.Join(folder, filepath.Base(m.Files[0].Name))
	if err := fetchScript(ctx, m, module); err != nil {
		return nil, err
	}
	argv := []string{module}
	if a.Style != "binary" {
		interpreter, err := a.program(m)
		if err != nil {
			return nil, err
		}
		argv = append(interpreter, module)
	}
	if a.Style == "inline" {
		return argv, nil
	}
	arguments := filepath.Join(folder, "args")
	if err := os.WriteFile(arguments, []byte(a.Arguments), 0o600); err != nil {
		return nil, fmt.Errorf("the module's arguments: %w", err)
	}
	return append(argv, arguments), nil
}

// program returns the interpreter as it is called on this machine: where there is
// no python, python3 may be.
func (a *ownModuleArgs) program(m *sys.Machine) ([]string, error) {
	if len(a.Interpreter) == 0 {
		return nil, errors.New("no interpreter is named")
	}
	first := a.Interpreter[0]
	names := []string{first}
	if strings.HasPrefix(path.Base(first), "python") {
		names = append(names, "python3", "python", "/usr/libexec/platform-python")
	}
	search, _ := m.Getenv("PATH")
	for _, name := range names {
		if found, err := lookPath(name, "", search); err == nil {
			return append([]string{found}, a.Interpreter[1:]...), nil
		}
	}
	return nil, fmt.Errorf("module %s needs %s, which this machine does not have", a.Name, first)
}

// failure is the result of a module that did not answer as it should.
type failure struct {
	// What it wrote.
	Stdout string `json:"module_stdout"`
	// What it wrote to its standard error.
	Stderr string `json:"module_stderr"`
	// Its exit code.
	RC int `json:"rc"`
}

// result reads what the module wrote: a JSON object, in front of and behind which
// other lines may stand.
func (a *ownModuleArgs) result(out sys.Output) (any, error) {
	text, junk := jsonLines(out.Stdout)
	fields := map[string]any{}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&fields); err != nil {
		return failure{out.Stdout, out.Stderr, out.Code}, errors.New("MODULE FAILURE: the module " + a.Name +
			" wrote no JSON object\nSee stdout/stderr for the exact error")
	}
	if junk != "" {
		warnings, _ := fields["warnings"].([]any)
		fields["warnings"] = append(warnings, "Module invocation had junk after the JSON data: "+junk)
	}
	if code, given := fields["rc"]; given && fmt.Sprint(code) != "0" {
		if _, said := fields["failed"]; !said {
			fields["failed"] = true
		}
	}
	if _, given := fields["changed"]; !given {
		fields["changed"] = false
	}
	for _, stream := range []string{"stdout", "stderr"} {
		said, isText := fields[stream].(string)
		if _, given := fields[stream+"_lines"]; isText && !given {
			fields[stream+"_lines"] = lines(said)
		}
	}
	return fields, nil
}

// jsonLines returns the lines from the first that starts with a brace to the last
// that ends with one, and what stands behind them.
func jsonLines(text string) (object, junk string) {
	all := strings.SplitAfter(text, "\n")
	from := 0
	for from < len(all) && !strings.HasPrefix(strings.TrimSpace(all[from]), "{") {
		from++
	}
	to := len(all)
	for to > from && !bytes.HasSuffix(bytes.TrimSpace([]byte(all[to-1])), []byte("}")) {
		to--
	}
	return strings.Join(all[from:to], ""), strings.TrimSpace(strings.Join(all[to:], ""))
}
