package docker

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/moby/api/types/registry"

	"fleet/internal/tasks/docker/reference"
	"fleet/internal/tasks/sys"
)

// hub is the name under which Docker keeps the login of its own registry.
const hub = "https://index.docker.io/v1/"

// logins is Docker's file of registry logins, ~/.docker/config.json. Entries
// that this package does not know are kept as they are. The format is that of
// the docker command.
type logins struct {
	m       *sys.Machine
	path    string
	entries map[string]json.RawMessage
	auths   map[string]json.RawMessage
	helpers map[string]string // by registry
	store   string            // the helper for all other registries
}

// loginEntry is one entry of the file's auths.
type loginEntry struct {
	Auth          string `json:"auth,omitempty"`
	IdentityToken string `json:"identitytoken,omitempty"`
}

// readLogins reads the file at path, or where Docker keeps it if path is empty.
// A file that does not exist holds no logins.
func readLogins(m *sys.Machine, path string) (*logins, error) {
	if path == "" {
		path = "~/.docker/config.json"
		if dir := variable(m, "DOCKER_CONFIG"); dir != "" {
			path = filepath.Join(dir, "config.json")
		}
	}
	path, err := m.Expand(path)
	if err != nil {
		return nil, err
	}
	l := &logins{m: m, path: path, entries: map[string]json.RawMessage{}, auths: map[string]json.RawMessage{}}
	data, err := m.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the registry logins cannot be read: %w", err)
	}
	if len(strings.TrimSpace(string(data))) == 0 {
		return l, nil
	}
	if err := json.Unmarshal(data, &l.entries); err != nil {
		return nil, fmt.Errorf("%s is not a file of Docker logins: %w", path, err)
	}
	for key, into := range map[string]any{"auths": &l.auths, "credHelpers": &l.helpers, "credsStore": &l.store} {
		if raw, ok := l.entries[key]; ok {
			if err := json.Unmarshal(raw, into); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", path, key, err)
			}
		}
	}
	if l.auths == nil {
		l.auths = map[string]json.RawMessage{}
	}
	return l, nil
}

// find returns the login for a registry, which is false where there is none.
func (l *logins) find(ctx context.Context, server string) (registry.AuthConfig, bool, error) {
	if helper := l.helper(server); helper != "" {
		return l.fromHelper(ctx, helper, server)
	}
	for _, key := range []string{server, "https://" + server, "http://" + server, "https://" + server + "/v1/", "https://" + server + "/v2/"} {
		raw, ok := l.auths[key]
		if !ok {
			continue
		}
		var entry loginEntry
		if err := json.Unmarshal(raw, &entry); err != nil {
			return registry.AuthConfig{}, false, fmt.Errorf("%s: the login of %s: %w", l.path, key, err)
		}
		auth, err := entry.decode(server)
		if err != nil {
			return auth, false, fmt.Errorf("%s: the login of %s: %w", l.path, key, err)
		}
		return auth, auth.Username != "" || auth.IdentityToken != "", nil
	}
	return registry.AuthConfig{}, false, nil
}

func (entry loginEntry) decode(server string) (registry.AuthConfig, error) {
	auth := registry.AuthConfig{ServerAddress: server, IdentityToken: entry.IdentityToken}
	plain, err := base64.StdEncoding.DecodeString(entry.Auth)
	if err != nil {
		return auth, errors.New("it is not base64")
	}
	auth.Username, auth.Password, _ = strings.Cut(strings.TrimRight(string(plain), "\x00"), ":")
	return auth, nil
}

// set puts a login into the entries; save writes them.
func (l *logins) set(server string, auth registry.AuthConfig) error {
	entry := loginEntry{
		Auth:          base64.StdEncoding.EncodeToString([]byte(auth.Username + ":" + auth.Password)),
		IdentityToken: auth.IdentityToken,
	}
	raw, err := json.Marshal(entry)
	if err == nil {
		l.auths[server] = raw
	}
	return err
}

// save writes the file, readable by its owner alone.
func (l *logins) save() error {
	raw, err := json.Marshal(l.auths)
	if err != nil {
		return err
	}
	l.entries["auths"] = raw
	data, err := json.MarshalIndent(l.entries, "", "\t")
	if err != nil {
		return err
	}
	return writePrivate(l.m.Path(l.path), append(data, '\n'))
}

// writePrivate replaces the file at path, through a temporary name beside it.
func writePrivate(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".config.json-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already where all went well
	_, err = f.Write(data)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// registryOf returns the key of the registry that an image name belongs to.
func registryOf(ref reference.Name) string {
	if domain := ref.Domain; domain != "docker.io" {
		return domain
	}
	return hub
}

// serverKey returns the key under which Docker keeps the login of a registry.
func serverKey(url string) string {
	host := strings.TrimPrefix(strings.TrimPrefix(url, "https://"), "http://")
	host, _, _ = strings.Cut(host, "/")
	switch host {
	case "", "docker.io", "index.docker.io", "registry-1.docker.io":
		return hub
	}
	return host
}

// authHeader returns the login for an image as the engine's API takes it, or "".
func authHeader(ctx context.Context, l *logins, ref reference.Name) (string, error) {
	auth, ok, err := l.find(ctx, registryOf(ref))
	if err != nil || !ok {
		return "", err
	}
	if auth.IdentityToken != "" {
		auth.Password = ""
	}
	data, err := json.Marshal(auth)
	if err != nil {
		return "", err
	}
	return base64.URLEncoding.EncodeToString(data), nil
}
