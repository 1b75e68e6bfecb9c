package ssh

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"fleet/internal/source"
)

// maxIncludes bounds how deep Include may go, as in OpenSSH.
const maxIncludes = 16

// value is one value in an ssh_config file.
type value struct {
	text string
	pos  source.Pos
}

// config is what ssh_config files say for one host: per keyword, in lower case,
// the first value that applies (ssh_config(5)), or all of them for the keywords
// that add up.
type config struct {
	host      string // as the user wrote it
	user      string // as the user gave it, or empty
	localUser string
	home      string
	values    map[string][]value
	warn      func(string)
}

// adds are the keywords whose values add up.
var adds = []string{"identityfile", "certificatefile"}

// get returns the first value of the keyword, or "".
func (c *config) get(keyword string) string {
	if v := c.values[keyword]; len(v) > 0 {
		return v[0].text
	}
	return ""
}

// all returns all values of a keyword that adds up.
func (c *config) all(keyword string) []string {
	var texts []string
	for _, v := range c.values[keyword] {
		texts = append(texts, v.text)
	}
	return texts
}

// read reads a file. One that is not there is empty. active says whether its
// lines apply until its first Host or Match.
func (c *config) read(file string, active bool, depth int) error {
	data, err := source.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return source.Errorf(source.Pos{File: file}, "cannot read: %w", errors.Unwrap(err))
	}
	pos := source.Pos{File: file}
	lines := bufio.NewScanner(strings.NewReader(string(data)))
	applies := active
	for lines.Scan() {
		pos.Line++
		keyword, args, err := splitLine(lines.Text())
		if err != nil {
			return source.Errorf(pos, "%w", err)
		}
		switch keyword {
		case "":
		case "host":
			applies = active && matchList(args, c.host)
		case "match":
			applies = active && c.match(args, pos)
		case "include":
			if err := c.include(file, args, applies, depth, pos); err != nil {
				return err
			}
		default:
			if applies {
				c.set(keyword, args, pos)
			}
		}
	}
	return lines.Err()
}

func (c *config) set(keyword string, args []string, pos source.Pos) {
	if !Honours(keyword) {
		return
	}
	if len(c.values[keyword]) == 0 || slices.Contains(adds, keyword) {
		c.values[keyword] = append(c.values[keyword], value{strings.Join(args, " "), pos})
	}
}

func (c *config) include(file string, globs []string, applies bool, depth int, pos source.Pos) error {
	if depth >= maxIncludes {
		return source.Errorf(pos, "more than %d files include each other", maxIncludes)
	}
	for _, glob := range globs {
		glob = expandHome(glob, c.home)
		if !filepath.IsAbs(glob) {
			folder := filepath.Join(c.home, ".ssh")
			if strings.HasPrefix(file, "/etc/ssh/") {
				folder = "/etc/ssh"
			}
			glob = filepath.Join(folder, glob)
		}
		files, err := filepath.Glob(glob)
		if err != nil {
			return source.Errorf(pos, "Include %s: %w", glob, err)
		}
		for _, f := range files {
			if err := c.read(f, applies, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// match evaluates a Match line. A criterion that fleet cannot evaluate makes the
// block not apply, with a warning.
func (c *config) match(args []string, pos source.Pos) bool {
	applies := true
	for i := 0; i < len(args); i++ {
		criterion, negated := strings.CutPrefix(strings.ToLower(args[i]), "!")
		var is bool
		switch criterion {
		case "all":
			is = true
		case "canonical", "final":
			is = false // fleet reads the files once
		case "host", "originalhost", "user", "localuser":
			if i++; i >= len(args) {
				c.warn(fmt.Sprintf("%s: Match %s has no pattern: the block is ignored", pos, criterion))
				return false
			}
			is = matchList(strings.Split(args[i], ","), c.subject(criterion))
		default:
			c.warn(fmt.Sprintf("%s: fleet does not know Match %s: the block is ignored", pos, criterion))
			return false
		}
		applies = applies && is != negated
	}
	return applies
}

// subject returns what a Match criterion looks at.
func (c *config) subject(criterion string) string {
	switch criterion {
	case "host":
		if name := c.get("hostname"); name != "" {
			return strings.ReplaceAll(name, "%h", c.host)
		}
	case "user":
		if c.user != "" {
			return c.user
		}
		if user := c.get("user"); user != "" {
			return user
		}
		return c.localUser
	case "localuser":
		return c.localUser
	}
	return c.host
}

// matchList reports whether a pattern matches and none that starts with "!" does.
func matchList(patterns []string, name string) bool {
	found := false
	for _, p := range patterns {
		p, negated := strings.CutPrefix(p, "!")
		if !matchPattern(strings.ToLower(p), strings.ToLower(name)) {
			continue
		}
		if negated {
			return false
		}
		found = true
	}
	return found
}

// matchPattern knows * and ? only: brackets stand for themselves.
func matchPattern(pattern, name string) bool {
	quoted := strings.NewReplacer(`\`, `\\`, "[", `\[`).Replace(pattern)
	// A slash is no separator here.
	ok, err := path.Match(strings.ReplaceAll(quoted, "/", "\x00"), strings.ReplaceAll(name, "/", "\x00"))
	return ok && err == nil
}

// splitLine returns the keyword in lower case and its arguments: "keyword arg …"
// or "keyword=arg", with double quotes around arguments that have blanks.
func splitLine(line string) (keyword string, args []string, err error) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", nil, nil
	}
	end := strings.IndexAny(line, " \t=\"")
	if end < 0 {
		return "", nil, fmt.Errorf("%q has no value", line)
	}
	keyword = strings.ToLower(line[:end])
	rest := strings.TrimLeft(line[end:], " \t")
	if after, ok := strings.CutPrefix(rest, "="); ok {
		rest = strings.TrimLeft(after, " \t")
	}
	if keyword == "proxycommand" || keyword == "localcommand" || keyword == "remotecommand" {
		return keyword, []string{rest}, nil // for a shell, quotes and all
	}
	args, err = splitArgs(rest)
	if err == nil && len(args) == 0 {
		err = fmt.Errorf("%q has no value", line)
	}
	return keyword, args, err
}

func splitArgs(s string) ([]string, error) {
	var args []string
	for s = strings.TrimLeft(s, " \t"); s != "" && s[0] != '#'; s = strings.TrimLeft(s, " \t") {
		if s[0] != '"' {
			end := strings.IndexAny(s+" ", " \t")
			args, s = append(args, s[:end]), s[end:]
			continue
		}
		end := strings.IndexByte(s[1:], '"')
		if end < 0 {
			return nil, errors.New("a quote is not closed")
		}
		args, s = append(args, s[1:end+1]), s[end+2:]
	}
	return args, nil
}
