package vault

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	format "fleet/internal/jinja/vault"
	"fleet/internal/reason"
	"fleet/internal/source"
)

// Sources say where passwords come from, in Ansible's order: first IDs, then
// Files, then the operator.
type Sources struct {
	IDs   []string // "label@source" or "source": a file, a script, or "prompt"
	Files []string
	Ask   bool // asks the operator for one more
	New   bool // passwords to encrypt with are asked for twice

	// Prompt asks the operator for a line that is not shown. It may be nil.
	Prompt func(ctx context.Context, text string) (string, error)
	// Warn takes why a source gave no password, where another did. It may be nil.
	Warn func(string)
}

// Empty reports whether no source is named.
func (s Sources) Empty() bool { return len(s.IDs)+len(s.Files) == 0 && !s.Ask }

// Fill adds the passwords of all sources to the ring. A source that has none is
// an error only where no other has one either.
func (r *Ring) Fill(ctx context.Context, from Sources) error {
	specs := slices.Clone(from.IDs)
	for _, f := range from.Files {
		specs = append(specs, DefaultID+"@"+f)
	}
	before := len(r.Secrets)
	var failed []error
	for _, spec := range specs {
		id, place := split(spec)
		if err := r.load(ctx, id, place, from); err != nil {
			failed = append(failed, sourceError(cmp.Or(id, DefaultID), err))
		}
	}
	if from.Ask {
		if err := r.ask(ctx, "", from); err != nil {
			return err
		}
	}
	if len(r.Secrets) == before {
		return errors.Join(failed...)
	}
	for _, err := range failed {
		if from.Warn != nil {
			from.Warn(err.Error())
		}
	}
	return nil
}

// sourceError says, as Ansible does, which password's source gave none.
func sourceError(id string, err error) error {
	what := "Error in vault password file loading"
	if errors.Is(err, fs.ErrNotExist) {
		what = "Error getting vault password file"
	}
	return &source.Error{Msg: fmt.Sprintf("%s (%s): %v", what, id, err), Hint: source.HintOf(err), Err: err}
}

// split takes "label@source" apart; without a label it is the default one.
func split(spec string) (id, place string) {
	id, place, ok := strings.Cut(spec, "@")
	if !ok {
		return "", spec
	}
	return id, place
}

func (r *Ring) load(ctx context.Context, id, place string, from Sources) error {
	if strings.Contains(id, ";") {
		return &source.Error{Msg: fmt.Sprintf("the vault id %q holds a semicolon", id)}
	}
	if place == "prompt" || place == "prompt_ask_vault_pass" {
		return r.ask(ctx, id, from)
	}
	word, err := r.fromFile(ctx, id, place)
	if err != nil {
		return err
	}
	return r.add(id, word, "from "+place)
}

// add takes a password into the ring. It must not be shown either.
func (r *Ring) add(id string, word []byte, where string) error {
	if len(word) == 0 {
		return &source.Error{Msg: "the vault password " + where + " is empty"}
	}
	if id == "" {
		id = DefaultID
	}
	if r.Hide != nil {
		r.Hide(string(word))
	}
	r.Secrets = append(r.Secrets, Secret{ID: id, Password: word})
	return nil
}

// ask asks the operator; twice for a password to encrypt with.
func (r *Ring) ask(ctx context.Context, id string, from Sources) error {
	if from.Prompt == nil {
		return &source.Error{Msg: "there is no terminal to ask for the vault password on", Hint: "give it with --vault-password-file"}
	}
	about := ""
	if id != "" {
		about = " (" + id + ")"
	}
	prompts := []string{"Vault password" + about + ": "}
	if from.New {
		prompts = []string{"New vault password" + about + ": ", "Confirm new vault password" + about + ": "}
	}
	var first string
	for i, p := range prompts {
		word, err := from.Prompt(ctx, p)
		if err != nil {
			return &source.Error{Msg: "no vault password was entered: " + err.Error(), Err: err}
		}
		if word = strings.TrimSpace(word); i == 0 {
			first = word
		} else if word != first {
			return &source.Error{Msg: "the two vault passwords differ"}
		}
	}
	return r.add(id, []byte(first), "that was entered")
}

// ReadPassword returns a password from a file, decrypted where it is a vault, or
// from a script. It must not be shown.
func (r *Ring) ReadPassword(ctx context.Context, file string) (string, error) {
	word, err := r.fromFile(ctx, "", file)
	if err == nil && r.Hide != nil {
		r.Hide(string(word))
	}
	return string(word), err
}

// fromFile returns the password in a file, or what a script prints.
func (r *Ring) fromFile(ctx context.Context, id, name string) ([]byte, error) {
	path := source.ExpandPath(name)
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, unreadable(name, err)
	case info.IsDir():
		return nil, &source.Error{Msg: fmt.Sprintf("the password file %s is a folder", name)}
	case info.Mode()&0o111 != 0:
		return script(ctx, id, path)
	}
	data, err := source.ReadFile(path)
	if err != nil {
		return nil, unreadable(name, err)
	}
	data = bytes.TrimSpace(data)
	if !format.IsVault(string(data)) {
		return data, nil
	}
	plain, err := r.Decrypt(string(data), true)
	if err != nil {
		return nil, &source.Error{Msg: fmt.Sprintf("cannot decrypt the password file %s: %v", name, err), Hint: source.HintOf(err), Err: err}
	}
	return bytes.Trim(plain, "\r\n"), nil
}

func unreadable(name string, err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &source.Error{Msg: fmt.Sprintf("cannot read the password file %s: %v", name, err), Err: err}
}

// script runs a script for its password. One whose name ends in -client is told
// the id.
func script(ctx context.Context, id, path string) ([]byte, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	var args []string
	if name := strings.TrimSuffix(path, filepath.Ext(path)); strings.HasSuffix(name, "-client") && id != "" {
		args = []string{"--vault-id", id}
	}
	cmd := exec.CommandContext(ctx, abs, args...)
	cmd.Stderr = os.Stderr // where a script asks the operator
	var out source.Output
	cmd.Stdout = &out
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case out.Over():
		return nil, &source.Error{Msg: fmt.Sprintf("the password script %s prints more than %d MiB", path, source.MaxOutput>>20)}
	case errors.As(err, &exit) && exit.ExitCode() == 2 && args != nil:
		return nil, &source.Error{Msg: fmt.Sprintf("the password script %s knows no password with the id %q", path, id)}
	case errors.As(err, &exit):
		return nil, &source.Error{Msg: fmt.Sprintf("the password script %s ended with %s", path, exit.ProcessState)}
	case err != nil:
		return nil, &source.Error{Msg: fmt.Sprintf("cannot run the password script %s: %s", path, cause(err)), Err: err,
			Hint: "where it is no script, take its executable bit away: chmod -x " + path}
	}
	return bytes.Trim(out.Bytes(), "\r\n"), nil
}

// cause returns why a script cannot be started.
func cause(err error) string {
	text, _ := reason.Of(err, nil)
	return text
}
