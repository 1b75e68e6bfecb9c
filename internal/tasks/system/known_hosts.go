package system

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// KnownHosts adds the host keys that SSH clients of the machine trust, or removes
// them. A host has one key of each kind: another one of the same kind replaces it.
// Lines of @cert-authority and @revoked are added to those that are there.
//
// Example:
//
//	tasks:
//	  - name: Know the server of the sources
//	    known_hosts:
//	      name: git.example.org
//	      key: git.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMBgG2r4OsXExZ5NzDDKfTNT8b6Xujpv+ZQQyQM8XXzV
//	      path: /etc/ssh/ssh_known_hosts
var KnownHosts = sys.Define(spec.Module{
	Name:  "known_hosts",
	Names: []string{"ansible.builtin.known_hosts", "ansible.legacy.known_hosts"},
}, knownHosts)

type knownHostsArgs struct {
	// The host, as [host]:port where the port is not 22.
	Name string `arg:"name,required" alias:"host"`
	// The line of the key, with the host in front. With state absent it may be left
	// out: then all keys of the host go.
	Key string `arg:"key"`
	// The file.
	Path string `arg:"path" type:"path" default:"~/.ssh/known_hosts"`
	// Whether the key should be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// Write a digest in place of the host's name.
	HashHost bool `arg:"hash_host"`
}

type knownHostsResult struct {
	// The host.
	Name string `json:"name"`
	// What was asked for.
	State string `json:"state"`
	// The file.
	Path string `json:"path"`
	// The file's text before and after, always.
	Diff *sys.Diff `json:"diff,omitempty"`
}

func knownHosts(ctx context.Context, m *sys.Machine, a *knownHostsArgs) (any, error) {
	res := &knownHostsResult{Name: a.Name, State: a.State}
	var key hostKey
	if a.Key != "" || a.State == "present" {
		var ok bool
		if key, ok = parseHostKey(strings.TrimSpace(a.Key)); !ok {
			return res, fmt.Errorf("argument %q is no line of a known_hosts file; want: host kind key", "key")
		}
		if strings.Contains(a.Name, ",") {
			return res, sys.Messagef("Comma separated list of names is not supported. Please pass a single name to lookup in the known_hosts file.")
		}
		if !key.names(a.Name) {
			return res, sys.Messagef("Host parameter does not match hashed host field in supplied key\nhint: the key is for %q, not for %q", key.hosts, a.Name)
		}
	}
	var err error
	if res.Path, err = m.Expand(a.Path); err != nil {
		return res, err
	}
	data, err := m.ReadFile(res.Path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return res, err
	}
	text := editKnownHosts(string(data), a, key)
	res.Diff = &sys.Diff{Before: string(data), After: text, BeforeHeader: res.Path, AfterHeader: res.Path}
	if text == string(data) {
		return res, nil
	}
	if _, err := m.MakeDir(ctx, path.Dir(res.Path), sys.Perms{Mode: "0700"}); err != nil {
		return res, err
	}
	_, err = m.Write(ctx, sys.Write{Path: res.Path, Content: sys.Bytes([]byte(text)), NewMode: 0o644, Follow: true})
	return res, err
}

// hostKey is a line of a known_hosts file.
type hostKey struct{ mark, hosts, kind, blob string }

// parseHostKey reads a line of known_hosts (sshd(8)).
func parseHostKey(line string) (hostKey, bool) {
	var k hostKey
	f := strings.Fields(line)
	if len(f) > 0 && strings.HasPrefix(f[0], "@") {
		k.mark, f = f[0], f[1:]
	}
	if len(f) < 3 || strings.HasPrefix(line, "#") {
		return k, false
	}
	k.hosts, k.kind, k.blob = f[0], f[1], f[2]
	return k, isKeyKind(k.kind)
}

// names reports whether the line is for the host: by name, without patterns, or
// by the digest of its name.
func (k hostKey) names(host string) bool {
	salted, ok := strings.CutPrefix(k.hosts, "|1|")
	if !ok {
		return slices.Contains(strings.Split(k.hosts, ","), host)
	}
	salt, sum, _ := strings.Cut(salted, "|")
	rawSalt, err1 := base64.StdEncoding.DecodeString(salt)
	rawSum, err2 := base64.StdEncoding.DecodeString(sum)
	return err1 == nil && err2 == nil && hmac.Equal(hostDigest(rawSalt, host), rawSum)
}

func hostDigest(salt []byte, host string) []byte {
	h := hmac.New(sha1.New, salt)
	h.Write([]byte(host))
	return h.Sum(nil)
}

func hashedHost(host string) string {
	salt := make([]byte, sha1.Size)
	_, _ = rand.Read(salt) // it never fails
	return "|1|" + base64.StdEncoding.EncodeToString(salt) + "|" + base64.StdEncoding.EncodeToString(hostDigest(salt, host))
}

// editKnownHosts returns a file's text with the key, or without it.
func editKnownHosts(text string, a *knownHostsArgs, key hostKey) string {
	var out strings.Builder
	found := false
	for _, line := range strings.SplitAfter(text, "\n") {
		old, ok := parseHostKey(strings.TrimSpace(line))
		if !ok || !old.names(a.Name) || key.kind != "" && (old.kind != key.kind || old.mark != key.mark) {
			out.WriteString(line)
			continue
		}
		same := old.blob == key.blob && a.HashHost == strings.HasPrefix(old.hosts, "|1|")
		switch {
		case a.State == "absent" && (key.blob == "" || old.blob == key.blob):
		case a.State == "absent", key.mark != "" && old.blob != key.blob:
			out.WriteString(line)
		case same && !found:
			found = true
			out.WriteString(line)
		}
	}
	if a.State == "absent" || found {
		return out.String()
	}
	if s := out.String(); s != "" && !strings.HasSuffix(s, "\n") {
		out.WriteString("\n")
	}
	line := strings.TrimSpace(a.Key)
	if a.HashHost {
		line = strings.TrimSpace(strings.Join([]string{key.mark, hashedHost(a.Name), key.kind, key.blob}, " "))
	}
	out.WriteString(line + "\n")
	return out.String()
}
