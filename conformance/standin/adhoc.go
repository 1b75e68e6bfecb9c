package standin

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// adHoc is ansible: a play of one task, and a line or an object for each host.
func adHoc(args []string) error {
	if slices.Contains(args, "--version") {
		return call("version")
	}
	a, err := parseAdHoc(args)
	if err != nil {
		return err
	}
	file, err := a.playbook()
	if err != nil {
		return err
	}
	defer os.Remove(file)
	rest := append([]string{"run", file}, a.rest...)
	if a.listHosts {
		return call(append(rest, "--list-hosts")...)
	}
	return follow(append(rest, "--json"), a.take)
}

// A singleTask is what ansible was asked to do.
type singleTask struct {
	pattern, module, args, folder string
	poll, background, timeout     string
	oneLine, listHosts            bool
	rest                          []string // flags that fleet has too
}

// words are the flags with a value that have a meaning here, and where it goes.
func (a *singleTask) words() map[string]*string {
	return map[string]*string{
		"-m": &a.module, "--module-name": &a.module, "-a": &a.args, "--args": &a.args,
		"--playbook-dir": &a.folder, "-B": &a.background, "--background": &a.background,
		"-P": &a.poll, "--poll": &a.poll, "--task-timeout": &a.timeout,
	}
}

// withValue are fleet's flags whose value is the next argument.
const withValue = " -i --inventory --inventory-file -e --extra-vars -l --limit -u --user -c --connection -f --forks -T --timeout --private-key --key-file --become-user --become-method --vault-id --vault-password-file --vault-pass-file --connection-password-file --become-password-file -M --module-path -t --tree "

func parseAdHoc(args []string) (singleTask, error) {
	a := singleTask{module: "command", folder: ".", oneLine: os.Getenv("ANSIBLE_STDOUT_CALLBACK") == "oneline"}
	words := a.words()
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		name, value, joined := strings.Cut(arg, "=")
		if !strings.HasPrefix(arg, "--") && len(arg) > 2 && words[arg[:min(2, len(arg))]] != nil && arg[0] == '-' {
			name, value, joined = arg[:2], arg[2:], true
		}
		switch {
		case words[name] != nil || strings.Contains(withValue, " "+arg+" "):
			if !joined && len(args) == 0 {
				return a, fmt.Errorf("%s needs a value", arg)
			}
			if !joined {
				value, args = args[0], args[1:]
			}
			if to := words[name]; to != nil {
				*to = value
			} else {
				a.rest = append(a.rest, arg, value)
			}
		case arg == "-o" || arg == "--one-line":
			a.oneLine = true
		case arg == "--list-hosts":
			a.listHosts = true
		case strings.HasPrefix(arg, "-") && arg != "-":
			a.rest = append(a.rest, fleetFlag(arg))
		case a.pattern == "":
			a.pattern = arg
		default:
			return a, fmt.Errorf("unexpected argument %q", arg)
		}
	}
	if a.pattern == "" {
		return a, errors.New("no hosts are named")
	}
	return a, nil
}

// playbook writes the play into the folder that ansible takes for the
// playbook's, and returns its path.
func (a singleTask) playbook() (string, error) {
	var args any = a.args
	if strings.HasPrefix(strings.TrimSpace(a.args), "{") && !strings.HasPrefix(strings.TrimSpace(a.args), "{{") {
		args = jsonText(a.args)
	}
	task := map[string]any{a.module: args}
	if a.args == "" {
		task[a.module] = nil
	}
	for key, value := range map[string]string{"async": a.background, "poll": a.poll, "timeout": a.timeout} {
		if value != "" {
			task[key] = value
		}
	}
	play := []any{map[string]any{"name": "Ansible Ad-Hoc", "hosts": a.pattern, "gather_facts": false, "tasks": []any{task}}}
	f, err := os.CreateTemp(a.folder, "adhoc-*.yml")
	if err != nil {
		return "", err
	}
	defer f.Close()
	_, err = f.WriteString(dump(play, "  ") + "\n")
	return filepath.Clean(f.Name()), err
}

// take prints a host's result.
func (a singleTask) take(e event) {
	if e.Event != "task_done" {
		return
	}
	word := map[string]string{"ok": "SUCCESS", "changed": "CHANGED", "skipped": "SKIPPED", "failed": "FAILED!", "unreachable": "UNREACHABLE!"}[e.Outcome]
	rc, ran := e.Result.Data["rc"].(float64)
	switch {
	case ran && strings.Contains(" command shell raw script ", " "+e.Task.Module+" "):
		stdout, _ := e.Result.Data["stdout"].(string)
		stderr, _ := e.Result.Data["stderr"].(string)
		msg, _ := e.Result.Data["msg"].(string)
		fmt.Printf("%s | %s | rc=%d >>\n%s\n", e.Host, strings.TrimSuffix(word, "!"), int(rc), stdout+stderr+msg)
	case a.oneLine:
		fmt.Printf("%s | %s => %s\n", e.Host, word, dump(e.shown(0), ""))
	default:
		fmt.Printf("%s | %s => %s\n", e.Host, word, dump(e.shown(0), "    "))
	}
}
