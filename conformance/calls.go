package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A call is how a target calls ansible-playbook, as far as it can be read off
// the target's script without running it.
type call struct {
	dir       string
	args, env []string
}

var (
	setting  = regexp.MustCompile(`^(?:export\s+)?(ANSIBLE_\w+)=(\S+)$`)
	playbook = regexp.MustCompile(`((?:[A-Z_][A-Z0-9_]*=\S+\s+)*)ansible-playbook\s+(.*)`)
	// behind the arguments of a call
	ending = regexp.MustCompile(`\s\d?>|\s\||\|\s|&&|;|\)\s*$|\)"|\)\s*[|=]`)
)

// calls reads a script. What depends on the shell's variables is left out.
func calls(script string, known map[string]string) []call {
	text, err := os.ReadFile(script)
	if err != nil {
		return nil
	}
	dir := filepath.Dir(script)
	var found []call
	var env []string
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", " ")) {
		line = strings.TrimSpace(line)
		if m := setting.FindStringSubmatch(line); m != nil {
			env = append(env, m[1]+"="+plain(m[2], known))
		}
		if to, changes := strings.CutPrefix(strings.Replace(line, "pushd ", "cd ", 1), "cd "); changes && !strings.Contains(to, "$") {
			dir = filepath.Join(dir, strings.Trim(to, `"`))
		} else if line == "popd" {
			dir = filepath.Dir(script)
		}
		m := playbook.FindStringSubmatch(line)
		if m == nil || strings.HasPrefix(line, "#") {
			continue
		}
		c := call{dir: dir, env: slices.Clone(env)}
		for _, one := range strings.Fields(m[1]) {
			c.env = append(c.env, plain(one, known))
		}
		c.args = arguments(words(ending.Split(m[2], 2)[0]), known)
		if slices.ContainsFunc(c.args, isPlaybook) {
			found = append(found, c)
		}
	}
	return found
}

// arguments returns those of a call that fleet check takes too.
func arguments(all []string, known map[string]string) []string {
	var args []string
	for i := 0; i < len(all); i++ {
		all[i] = strings.Replace(all[i], "--vault-pass-file", "--vault-password-file", 1)
		name, _, joined := strings.Cut(all[i], "=")
		one := plain(all[i], known)
		switch {
		case slices.Contains([]string{"-i", "--inventory", "-e", "--extra-vars", "-l", "--limit", "-t", "--tags", "--skip-tags", "--vault-password-file", "--vault-id"}, name):
			if joined || i+1 == len(all) {
				args = append(args, one)
				continue
			}
			i++
			if value := plain(all[i], known); !strings.Contains(value, "$") {
				args = append(args, one, value)
			}
		case slices.Contains([]string{"-f", "--forks", "-u", "-c", "-T", "-M", "--start-at-task", "--user", "--connection", "--become-user", "--become-method"}, one):
			i++
		case !strings.HasPrefix(one, "-") && !strings.Contains(one, "$"), strings.HasPrefix(one, "-i") && one[2:] != "":
			args = append(args, one)
		}
	}
	return args
}

func isPlaybook(arg string) bool {
	return slices.Contains([]string{".yml", ".yaml", ".json"}, filepath.Ext(arg)) && !strings.HasPrefix(arg, "@")
}

// words splits a line of a script; quotes hold spaces together.
func words(line string) []string {
	var out []string
	var quote rune
	word, open := "", false
	for _, c := range line {
		switch {
		case c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, open = c, true
		case quote == 0 && (c == ' ' || c == '\t'):
			if open {
				out = append(out, word)
			}
			word, open = "", false
		case quote == 0 && c == '#' && !open:
			return out
		default:
			word, open = word+string(c), true
		}
	}
	if open {
		out = append(out, word)
	}
	return out
}

// plain puts the values of variables in that are known.
func plain(s string, known map[string]string) string {
	s = strings.Trim(s, `"'`)
	for name, value := range known {
		s = strings.NewReplacer("${"+name+"}", value, "$"+name, value).Replace(s)
	}
	return s
}
