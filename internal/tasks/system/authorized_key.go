package system

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// AuthorizedKey adds the SSH keys with which a user may log in, or removes them.
//
// Example:
//
//	tasks:
//	  - name: The operators' keys, and no others
//	    authorized_key:
//	      user: ops
//	      key: "{{ lookup('file', 'keys/ops.pub') }}"
//	      exclusive: true
var AuthorizedKey = sys.Define(spec.Module{
	Name:  "authorized_key",
	Names: []string{"ansible.posix.authorized_key"},
	Gets:  []string{"key"},
}, authorizedKey)

type authorizedKeyArgs struct {
	// Whose keys they are.
	User string `arg:"user,required"`
	// The public keys, a line each, or an http or https address of them.
	Key string `arg:"key,required"`
	// Whether the keys should be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// The file; the default is .ssh/authorized_keys in the user's home folder.
	Path string `arg:"path" type:"path"`
	// Make the folder of the file where it is missing, with the right owner.
	ManageDir bool `arg:"manage_dir" default:"true"`
	// Options to put before the keys, as sshd(8) has them.
	KeyOptions *string `arg:"key_options"`
	// Whether the server's certificate is checked, where the keys are downloaded.
	ValidateCerts bool `arg:"validate_certs" default:"true"`
	// Remove all other keys.
	Exclusive bool `arg:"exclusive"`
	// The comment of the keys in place of their own.
	Comment *string `arg:"comment"`
	// Write where a symbolic link points to, instead of replacing it.
	Follow bool `arg:"follow"`
}

type authorizedKeyResult struct {
	// Whose keys they are.
	User string `json:"user"`
	// The keys that were given.
	Key string `json:"key"`
	// The file.
	Keyfile string `json:"keyfile,omitempty"`
	// What was asked for.
	State string `json:"state"`
	// What should be known and is no failure.
	Warnings []string `json:"warnings,omitempty"`
}

func authorizedKey(ctx context.Context, m *sys.Machine, a *authorizedKeyArgs) (any, error) {
	res := &authorizedKeyResult{User: a.User, Key: a.Key, State: a.State}
	keys, err := a.keys(ctx, m)
	if err != nil {
		return res, err
	}
	u, err := m.LookupUser(a.User)
	if errors.Is(err, sys.ErrNoAccount) && m.Check {
		res.Warnings = []string{err.Error() + " now: this works only if an earlier step creates it"}
		return res, m.Change(ctx, sys.Change{What: "change the keys of " + a.User})
	}
	if err != nil {
		return res, err
	}
	res.Keyfile = a.Path
	if res.Keyfile == "" {
		res.Keyfile = filepath.Join(u.Home, ".ssh", "authorized_keys")
	} else if res.Keyfile, err = m.Expand(res.Keyfile); err != nil {
		return res, err
	}
	old, err := m.ReadFile(res.Keyfile)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return res, err
	}
	text := editKeys(string(old), keys, a.State == "present", a.Exclusive)
	if text == string(old) {
		return res, nil
	}
	owner := sys.Perms{Owner: fmt.Sprint(u.UID), Group: fmt.Sprint(u.GID)}
	if a.ManageDir {
		folder := owner
		folder.Mode = "0700"
		if _, err := m.MakeDir(ctx, filepath.Dir(res.Keyfile), folder); err != nil {
			return res, err
		}
	}
	owner.Mode = "0600" // also of a file that others could read
	_, err = m.Write(ctx, sys.Write{Path: res.Keyfile, Content: sys.Bytes([]byte(text)), Perms: owner, Follow: a.Follow})
	return res, err
}

// keys returns the keys that the arguments give.
func (a *authorizedKeyArgs) keys(ctx context.Context, m *sys.Machine) ([]sshKey, error) {
	text := a.Key
	if strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") {
		var err error
		if text, err = downloadText(ctx, m, sys.Address{URL: text, Unverified: !a.ValidateCerts}); err != nil {
			return nil, err
		}
	}
	var keys []sshKey
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, ok := parseSSHKey(line)
		if !ok {
			return nil, fmt.Errorf("argument %q: %q is no public SSH key", "key", line)
		}
		if a.KeyOptions != nil {
			key.options = *a.KeyOptions
		}
		if a.Comment != nil {
			key.comment = *a.Comment
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 && !a.Exclusive {
		return nil, fmt.Errorf("argument %q holds no key", "key")
	}
	return keys, nil
}

// maxKeys bounds keys that are downloaded, in bytes.
const maxKeys = 1 << 20

func downloadText(ctx context.Context, m *sys.Machine, a sys.Address) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	body, err := m.Get(ctx, a)
	if err != nil {
		return "", err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxKeys))
	return string(data), err
}

// sshKey is a line of an authorized_keys file.
type sshKey struct{ options, kind, blob, comment string }

func (k sshKey) String() string {
	var words []string
	for _, word := range []string{k.options, k.kind, k.blob, k.comment} {
		if word != "" {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

func isKeyKind(word string) bool {
	word = strings.TrimSuffix(word, "-cert-v01@openssh.com")
	switch word {
	case "ssh-rsa", "ssh-dss", "ssh-ed25519", "sk-ssh-ed25519", "sk-ssh-ed25519@openssh.com",
		"sk-ecdsa-sha2-nistp256", "sk-ecdsa-sha2-nistp256@openssh.com":
		return true
	}
	return strings.HasPrefix(word, "ecdsa-sha2-nistp")
}

// parseSSHKey reads a line of authorized_keys (sshd(8)). Options hold spaces only
// between double quotes.
func parseSSHKey(line string) (sshKey, bool) {
	var k sshKey
	word, rest := cutWord(line)
	if !isKeyKind(word) {
		k.options = word
		word, rest = cutWord(rest)
	}
	k.kind = word
	k.blob, k.comment = cutWord(rest)
	return k, isKeyKind(k.kind) && k.blob != ""
}

// cutWord returns the text up to the first white space outside of quotes, and
// what is behind it.
func cutWord(s string) (word, rest string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case ' ', '\t':
			if !quoted {
				return s[:i], strings.TrimSpace(s[i:])
			}
		}
	}
	return s, ""
}

// editKeys returns a file's text with the keys, or without them. A key that is
// there with another comment or other options is replaced in its place.
func editKeys(text string, keys []sshKey, present, exclusive bool) string {
	var lines []string
	done := make([]bool, len(keys))
	for _, line := range strings.SplitAfter(text, "\n") {
		old, ok := parseSSHKey(strings.TrimSpace(line))
		if !ok || strings.HasPrefix(strings.TrimSpace(line), "#") {
			if !(exclusive && present) || line == "" {
				lines = append(lines, line)
			}
			continue
		}
		i := slices.IndexFunc(keys, func(k sshKey) bool { return k.kind == old.kind && k.blob == old.blob })
		switch {
		case i < 0 && exclusive && present, i >= 0 && !present, i >= 0 && done[i]:
			continue
		case i >= 0:
			done[i] = true
			if keys[i] != old {
				line = keys[i].String() + "\n"
			}
		}
		lines = append(lines, line)
	}
	out := strings.Join(lines, "")
	for i, key := range keys {
		if !present || done[i] {
			continue
		}
		if out != "" && !strings.HasSuffix(out, "\n") {
			out += "\n"
		}
		out += key.String() + "\n"
	}
	return out
}
