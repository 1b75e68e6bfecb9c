package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/moby/moby/api/types/registry"

	"fleet/internal/tasks/sys"
)

// helper returns the name of the credential helper that keeps the login of a
// registry, or "". Its protocol is that of docker-credential-helpers: a verb as
// argument, everything else on stdin and stdout.
func (l *logins) helper(server string) string {
	if name, ok := l.helpers[server]; ok {
		return name
	}
	return l.store
}

// helperEntry is how a credential helper writes a login.
type helperEntry struct {
	ServerURL, Username, Secret string
}

// tokenUser is the user name that says that the secret is an identity token.
const tokenUser = "<token>"

func (l *logins) fromHelper(ctx context.Context, helper, server string) (registry.AuthConfig, bool, error) {
	out, err := l.runHelper(ctx, helper, "get", []byte(server))
	if err != nil {
		return registry.AuthConfig{}, false, err
	}
	if out.Code != 0 {
		if strings.Contains(out.Stdout+out.Stderr, "credentials not found") {
			return registry.AuthConfig{}, false, nil
		}
		return registry.AuthConfig{}, false, helperError(helper, "get", out)
	}
	var entry helperEntry
	if err := json.Unmarshal([]byte(out.Stdout), &entry); err != nil {
		return registry.AuthConfig{}, false, fmt.Errorf("docker-credential-%s answered what is no login: %w", helper, err)
	}
	auth := registry.AuthConfig{ServerAddress: server, Username: entry.Username, Password: entry.Secret}
	if entry.Username == tokenUser {
		auth.Password, auth.IdentityToken = "", entry.Secret
	}
	return auth, entry.Username != "", nil
}

// toHelper stores a login in a credential helper.
func (l *logins) toHelper(ctx context.Context, helper, server string, auth registry.AuthConfig) error {
	entry := helperEntry{ServerURL: server, Username: auth.Username, Secret: auth.Password}
	if auth.IdentityToken != "" {
		entry.Username, entry.Secret = tokenUser, auth.IdentityToken
	}
	data, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	out, err := l.runHelper(ctx, helper, "store", data)
	if err == nil && out.Code != 0 {
		err = helperError(helper, "store", out)
	}
	return err
}

// eraseHelper removes a login from a credential helper.
func (l *logins) eraseHelper(ctx context.Context, helper, server string) error {
	out, err := l.runHelper(ctx, helper, "erase", []byte(server))
	if err == nil && out.Code != 0 {
		err = helperError(helper, "erase", out)
	}
	return err
}

func (l *logins) runHelper(ctx context.Context, helper, verb string, stdin []byte) (sys.Output, error) {
	out, err := l.m.Run(ctx, sys.Command{Argv: []string{"docker-credential-" + helper, verb}, Stdin: stdin})
	if err != nil {
		err = fmt.Errorf("%s keeps its logins in docker-credential-%s, which cannot be run: %w", l.path, helper, err)
	}
	return out, err
}

func helperError(helper, verb string, out sys.Output) error {
	return fmt.Errorf("docker-credential-%s %s: exit code %d: %s", helper, verb, out.Code, strings.TrimSpace(out.Stdout+out.Stderr))
}
