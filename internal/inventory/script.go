package inventory

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"fleet/internal/source"
)

// scriptTimeout bounds how long an inventory script may run.
const scriptTimeout = 10 * time.Minute

// isScript reports whether a file is a program that prints an inventory.
func isScript(file string, data []byte) bool {
	if bytes.HasPrefix(data, []byte("#!")) {
		return true
	}
	info, err := os.Stat(file)
	return err == nil && info.Mode()&0o111 != 0 && bytes.HasPrefix(data, []byte("\x7fELF"))
}

// script runs an inventory script and reads what it prints: for --list all groups,
// and for --host the variables of a host where --list has not brought them in _meta.
func (r *reader) script(file string) {
	if info, err := os.Stat(file); err != nil || info.Mode()&0o111 == 0 {
		r.fail(source.Errorf(source.Pos{File: file}, "the inventory script cannot be run").WithHint("make it executable: chmod +x %s", file))
		return
	}
	doc, ok := r.printed(file, "--list")
	if !ok {
		return
	}
	if !doc.IsMap() {
		r.fail(source.Errorf(source.Pos{File: file}, "the inventory script has to print a JSON object for --list, not %s", kind(doc)))
		return
	}
	before := len(r.inv.hostList)
	meta := r.groups(doc, true)
	if meta.Get("hostvars").Exists() {
		return
	}
	for _, h := range r.inv.hostList[before:] {
		vars, ok := r.printed(file, "--host", h.Name)
		if !ok {
			return
		}
		r.hostVars(h, vars)
	}
}

// printed returns what a script prints for arguments, with the values decrypted
// where they are read.
func (r *reader) printed(file string, args ...string) (source.Node, bool) {
	call := file + " " + strings.Join(args, " ")
	out, err := runScript(file, args)
	if err == nil {
		docs, perr := r.Files.Parse(call, out)
		var doc source.Node
		if doc, err = single(docs, perr); err == nil && doc.Exists() {
			unwrap(doc.Node, 0)
			return doc, true
		}
		if err == nil {
			return r.inFile(&yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}), true
		}
	}
	r.fail(err)
	return source.Node{}, false
}

func runScript(file string, args []string) ([]byte, error) {
	ctx, stop := context.WithTimeout(context.Background(), scriptTimeout)
	defer stop()
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	var stdout, stderr source.Output
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	pos := source.Pos{File: file}
	var exit *exec.ExitError
	var start *fs.PathError
	switch {
	case stdout.Over() || stderr.Over():
		return nil, source.Errorf(pos, "the inventory script prints more than %d MiB for %s", source.MaxOutput>>20, strings.Join(args, " "))
	case ctx.Err() != nil:
		return nil, source.Errorf(pos, "the inventory script has not ended within %d minutes for %s", scriptTimeout/time.Minute, strings.Join(args, " "))
	case errors.Is(err, exec.ErrWaitDelay):
		return nil, source.Errorf(pos, "the inventory script has ended, but a program that it started still holds its output").WithHint(source.HeldHint)
	case errors.As(err, &exit):
		e := source.Errorf(pos, "the inventory script ended with %s for %s", exit.ProcessState, strings.Join(args, " "))
		if said := strings.TrimSpace(stderr.String()); said != "" {
			e.Hint = "it said: " + said[strings.LastIndexByte(said, '\n')+1:]
		}
		return nil, e
	case errors.As(err, &start):
		return nil, source.Errorf(pos, "cannot run the inventory script: %w", start.Err).
			WithHint("it starts with #! and the path of a program that is there, or is a program for this machine; chmod -x makes it a file that is read")
	case err != nil:
		return nil, source.Errorf(pos, "cannot run the inventory script: %w", err)
	}
	return stdout.Bytes(), nil
}

// unwrap makes what Ansible writes into JSON for encrypted and unsafe values into
// what YAML has for them.
func unwrap(n *yaml.Node, depth int) {
	if depth > maxNesting {
		return
	}
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[1].Kind == yaml.ScalarNode {
		tag := map[string]string{"__ansible_vault": "!vault", "__ansible_unsafe": "!unsafe"}[n.Content[0].Value]
		if tag != "" {
			*n = yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Style: yaml.TaggedStyle, Value: n.Content[1].Value, Line: n.Line, Column: n.Column}
			return
		}
	}
	for _, c := range n.Content {
		unwrap(c, depth+1)
	}
}
