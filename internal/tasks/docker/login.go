package docker

import (
	"context"
	"fmt"
	"os"

	"github.com/moby/moby/api/types/registry"

	"fleet/internal/spec"
	"fleet/internal/tasks/docker/client"
	"fleet/internal/tasks/sys"
)

// Login logs the target's user in to a registry and out of it. The engine asks
// the registry whether the login is good, and it is kept where the docker
// command keeps it, so that docker and all modules of this kind use it. The
// password is sent to the helper alone: it is in no command's arguments, and
// the file is readable by its owner only. Where the same login is there, the
// registry is not asked.
//
// Example:
//
//	tasks:
//	  - docker_login:
//	      registry_url: registry.example.com
//	      username: "{{ registry_user }}"
//	      password: "{{ registry_password }}"
var Login = sys.Define(spec.Module{
	Name:  "docker_login",
	Names: []string{"community.docker.docker_login", "community.general.docker_login"},
}, login)

type dockerLoginArgs struct {
	engineArgs
	// The registry, as a host name with an optional port, or as a URL.
	RegistryURL string `arg:"registry_url" alias:"registry,url" default:"https://index.docker.io/v1/"`
	// The user. Needed unless state is absent.
	Username string `arg:"username"`
	// The password or access token. Needed unless state is absent.
	Password string `arg:"password,secret"`
	// Ask the registry again although the login is there.
	Reauthorize bool `arg:"reauthorize" alias:"reauth" default:"false"`
	// Docker's file of logins.
	ConfigPath string `arg:"config_path" alias:"dockercfg_path" type:"path"`
	// Whether the login is to be there (present) or not (absent).
	State string `arg:"state" choices:"present,absent" default:"present"`
}

type dockerLoginResult struct {
	// What the registry said of the login, without the password.
	LoginResults *loginResults `json:"login_results,omitempty"`
	// What did not stop the task but should be known.
	Warnings []string `json:"warnings,omitempty"`
}

type loginResults struct {
	ServerAddress string `json:"serveraddress"`
	Username      string `json:"username"`
	Status        string `json:"Status,omitempty"`
}

func login(ctx context.Context, m *sys.Machine, a *dockerLoginArgs) (any, error) {
	stored, err := readLogins(m, a.ConfigPath)
	if err != nil {
		return nil, err
	}
	server := serverKey(a.RegistryURL)
	if a.State == "absent" {
		return nil, logout(ctx, m, stored, server)
	}
	if a.Username == "" || a.Password == "" {
		return nil, fmt.Errorf("arguments \"username\" and \"password\" are needed to log in to %s", server)
	}
	result := &dockerLoginResult{LoginResults: &loginResults{ServerAddress: server, Username: a.Username}}
	have, found, err := stored.find(ctx, server)
	if err != nil {
		return nil, err
	}
	// A token stands for a password that is not kept and cannot be compared.
	same := found && have.Username == a.Username && (have.Password == a.Password || have.IdentityToken != "")
	if same && !a.Reauthorize {
		return result, stored.protect(ctx)
	}
	e, err := connect(ctx, m, &a.engineArgs)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	result.Warnings = e.warnings
	if same {
		_, status, err := authenticate(ctx, e, a, server)
		result.LoginResults.Status = status
		return result, err
	}
	err = m.Change(ctx, sys.Change{
		What: fmt.Sprintf("log in to %s as %s", server, a.Username),
		Do: func(ctx context.Context) error {
			auth, status, err := authenticate(ctx, e, a, server)
			if err != nil {
				return err
			}
			result.LoginResults.Status = status
			return stored.keep(ctx, server, auth)
		},
	})
	return result, err
}

// authenticate has the engine try the login at the registry.
func authenticate(ctx context.Context, e *engine, a *dockerLoginArgs, server string) (registry.AuthConfig, string, error) {
	auth := registry.AuthConfig{ServerAddress: server, Username: a.Username, Password: a.Password}
	answer, err := ask(ctx, e, func(ctx context.Context) (registry.AuthResponse, error) { return e.Login(ctx, auth) })
	if err != nil {
		return auth, "", loginError(server, a.Username, err)
	}
	if token := answer.IdentityToken; token != "" {
		auth.IdentityToken, auth.Password = token, ""
	}
	return auth, answer.Status, nil
}

func loginError(server, user string, err error) error {
	text := err.Error()
	switch {
	case client.IsUnauthorized(err) || containsAny(text, "401 Unauthorized", "unauthorized"):
		return fmt.Errorf("registry %s refused the login of user %q: %s\nhint: check the user name and the password", server, user, text)
	case containsAny(text, untrusted...):
		return fmt.Errorf("registry %s cannot be trusted: %s\nhint: put its certificate authority into /etc/docker/certs.d/%s/ca.crt, "+
			"or name it under insecure-registries in /etc/docker/daemon.json", server, text, server)
	case unreached(text):
		return fmt.Errorf("registry %s cannot be reached: %s\nhint: check its name, and the way to it from this machine", server, text)
	}
	return fmt.Errorf("log in to registry %s: %w", server, err)
}

// keep stores a login where this user's logins are kept.
func (l *logins) keep(ctx context.Context, server string, auth registry.AuthConfig) error {
	if helper := l.helper(server); helper != "" {
		return l.toHelper(ctx, helper, server, auth)
	}
	if err := l.set(server, auth); err != nil {
		return err
	}
	if err := l.save(); err != nil {
		return fmt.Errorf("the login is good but cannot be stored: %w", err)
	}
	return nil
}

// protect takes the file from others where they could read it.
func (l *logins) protect(ctx context.Context) error {
	path := l.m.Path(l.path)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return nil // a login of a credential helper needs no file
	}
	return l.m.Change(ctx, sys.Change{
		What: fmt.Sprintf("take %s from others: its mode is %04o", l.path, info.Mode().Perm()),
		Do:   func(context.Context) error { return os.Chmod(path, 0o600) },
	})
}

func logout(ctx context.Context, m *sys.Machine, l *logins, server string) error {
	_, found, err := l.find(ctx, server)
	if err != nil || !found {
		return err
	}
	return m.Change(ctx, sys.Change{
		What: "log out of " + server,
		Do: func(ctx context.Context) error {
			if helper := l.helper(server); helper != "" {
				return l.eraseHelper(ctx, helper, server)
			}
			for key := range l.auths {
				if serverKey(key) == server {
					delete(l.auths, key)
				}
			}
			return l.save()
		},
	})
}
