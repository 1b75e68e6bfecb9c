package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/library"
)

// maxOwnModule bounds the size of a module of the user's own, in bytes.
const maxOwnModule = 256 << 20

// runOwnModule runs a module of the user's own: the target's module own_module
// gets its file and its arguments, and runs it there.
func runOwnModule(ctx context.Context, a *attempt, args *jinja.Map) (*taskResult, error) {
	file := a.spec.File
	if file == "" {
		return nil, a.task.Action.Errorf("own_module is fleet's part in modules of your own: name the module itself")
	}
	info, err := os.Stat(file)
	if err == nil && info.Size() > maxOwnModule {
		err = fmt.Errorf("the module %s has more than %d MiB", file, maxOwnModule>>20)
	}
	if err != nil {
		return nil, a.at("", err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, a.at("", err)
	}
	program, err := library.Read(a.spec.Name, text)
	if err != nil {
		return nil, a.at("", err)
	}
	data, err := a.ownArguments(program, args)
	if err != nil {
		return nil, err
	}
	program.Fill(data)
	interpreter, err := a.interpreter(program)
	if err != nil {
		return nil, a.at("", err)
	}
	call := jinja.NewMap("name", a.spec.Name, "style", string(program.Style), "interpreter", list(interpreter), "arguments", string(data))
	return a.module(ctx, "own_module", call, inline(filepath.Base(file), program.Text))
}

// ownArguments writes the arguments as the module reads them, with those that
// Ansible adds to tell of the run.
func (a *attempt) ownArguments(p *library.Program, args *jinja.Map) ([]byte, error) {
	all := args.Clone()
	for _, about := range []struct {
		name  string
		value any
	}{
		{"_ansible_check_mode", a.check}, {"_ansible_diff", a.diff}, {"_ansible_no_log", a.noLog}, {"_ansible_debug", false},
		{"_ansible_verbosity", 0}, {"_ansible_version", "2.16.0"}, {"_ansible_module_name", a.spec.Name},
		{"_ansible_keep_remote_files", false}, {"_ansible_socket", nil}, {"_ansible_shell_executable", "/bin/sh"},
		{"_ansible_syslog_facility", "LOG_USER"}, {"_ansible_remote_tmp", "~/.ansible/tmp"}, {"_ansible_tmpdir", nil},
	} {
		all.Set(about.name, about.value)
	}
	if p.Style != library.Old {
		return jinja.ToJSON(all)
	}
	var words strings.Builder
	for name, value := range all.All() {
		words.WriteString(jinja.Str(name) + "=" + shellWord(jinja.Str(value)) + " ")
	}
	return []byte(words.String()), nil
}

// shellWord quotes a word where a shell needs that, as Python's shlex does.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_@%+=:,./-", r)
	}
	if s != "" && strings.TrimFunc(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'"'"'`) + "'"
}

// interpreter returns the words that start a script: those that the host's
// variable for the language gives, or those of its first line.
func (a *attempt) interpreter(p *library.Program) ([]string, error) {
	language := p.Language()
	if language == "" {
		return nil, nil
	}
	r := &reader{engine: a.engine, c: a.c}
	named := r.text("ansible_" + language + "_interpreter")
	if r.err != nil || named == "" || language == "python" && strings.HasPrefix(named, "auto") {
		return p.Interpreter, r.err
	}
	return append(strings.Fields(named), p.Interpreter[1:]...), nil
}
