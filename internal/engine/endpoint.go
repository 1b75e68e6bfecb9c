package engine

import (
	"strings"

	"fleet/internal/jinja"
	"fleet/internal/playbook"
	"fleet/internal/source"
)

// keywords returns the node of a keyword that is in force.
type keywords func(get func(*playbook.Keywords) source.Node) source.Node

// endpoint evaluates how to reach a host: its ansible_... variables win over the
// playbook's keywords, and these over the command line's defaults.
func (e *Engine) endpoint(c *jinja.Context, host string, kw keywords) (Endpoint, error) {
	r := &reader{engine: e, c: c}
	o := &e.Options
	to := Endpoint{Host: host}
	to.Connection = or(r.text("ansible_connection"), func() string {
		return r.keyword(kw(func(k *playbook.Keywords) source.Node { return k.Connection }), o.Connection)
	})
	switch to.Connection {
	case "local", "ansible.builtin.local":
		to.Connection = "local"
	case "", "ssh", "smart", "paramiko", "ansible.builtin.ssh":
		to.Connection = "ssh"
		if to.Connection = e.implicit(host, c, "ssh"); to.Connection == "ssh" {
			e.login(r, kw, &to)
		}
	default:
		return to, source.Errorf(source.Pos{}, "connection %q is not supported", to.Connection).WithHint("use ssh or local")
	}
	e.become(r, kw, &to)
	return to, r.err
}

// implicit returns "local" for a localhost that the inventory does not name.
func (e *Engine) implicit(host string, c *jinja.Context, def string) string {
	if _, ok := c.Scope.Lookup("ansible_connection"); ok {
		return def
	}
	if e.Inventory.Implicit(host) {
		return "local"
	}
	return def
}

func (e *Engine) login(r *reader, kw keywords, to *Endpoint) {
	o := &e.Options
	to.Address = or(r.text("ansible_host", "ansible_ssh_host"), func() string { return to.Host })
	to.Port = r.number("ansible_port")
	if to.Port == 0 {
		if p := r.number("ansible_ssh_port"); p != 0 {
			to.Port = p
		} else if n := kw(func(k *playbook.Keywords) source.Node { return k.Port }); n.Exists() && r.err == nil {
			f, err := e.number(r.c, n, 0)
			to.Port, r.err = int(f), err
		} else {
			to.Port = o.Port
		}
	}
	to.User = or(r.text("ansible_user", "ansible_ssh_user"), func() string {
		return r.keyword(kw(func(k *playbook.Keywords) source.Node { return k.RemoteUser }), o.RemoteUser)
	})
	to.Password = or(r.secret("ansible_password", "ansible_ssh_pass", "ansible_ssh_password"), func() string { return o.Password })
	to.KeyFile = or(r.text("ansible_ssh_private_key_file", "ansible_private_key_file"), func() string { return o.PrivateKey })
	to.Passphrase = r.secret("ansible_ssh_private_key_passphrase")
	to.Args = strings.TrimSpace(o.SSHArgs + " " + or(r.text("ansible_ssh_common_args"), func() string { return o.SSHCommonArgs }) +
		" " + or(r.text("ansible_ssh_extra_args"), func() string { return o.SSHExtraArgs }))
	to.HostKeys = o.HostKeyChecking
	if s := r.text("ansible_host_key_checking", "ansible_ssh_host_key_checking"); s != "" {
		to.HostKeys = hostKeys(s)
	}
	to.Timeout = o.ConnectTimeout
	if n := r.number("ansible_timeout"); n > 0 {
		to.Timeout = lasting(float64(n))
	} else if n := r.number("ansible_ssh_timeout"); n > 0 {
		to.Timeout = lasting(float64(n))
	}
}

// hostKeys maps Ansible's yes and no, and OpenSSH's words, to the ways to check.
func hostKeys(s string) string {
	switch s {
	case "accept-new", "strict", "off":
		return s
	}
	if b, ok := asBool(s); ok && !b {
		return "off"
	}
	return "strict"
}

func (e *Engine) become(r *reader, kw keywords, to *Endpoint) {
	o := &e.Options
	become := r.keywordTruth(kw(func(k *playbook.Keywords) source.Node { return k.Become }), o.Become)
	to.Become = r.truth("ansible_become", become)
	if !to.Become {
		return
	}
	to.BecomeUser = or(r.text("ansible_become_user"), func() string {
		return r.keyword(kw(func(k *playbook.Keywords) source.Node { return k.BecomeUser }), or(o.BecomeUser, func() string { return "root" }))
	})
	to.BecomeMethod = or(r.text("ansible_become_method"), func() string {
		return r.keyword(kw(func(k *playbook.Keywords) source.Node { return k.BecomeMethod }), or(o.BecomeMethod, func() string { return "sudo" }))
	})
	switch to.BecomeMethod = shortName(to.BecomeMethod); to.BecomeMethod {
	case "sudo", "su", "doas":
	default:
		if r.err == nil {
			r.err = source.Errorf(source.Pos{}, "become method %q is not supported", to.BecomeMethod).WithHint("use sudo, su or doas")
		}
	}
	to.BecomePassword = or(r.secret("ansible_become_password", "ansible_become_pass", "ansible_sudo_pass"), func() string { return o.BecomePassword })
	to.BecomeFlags = or(r.text("ansible_become_flags"), func() string {
		return r.keyword(kw(func(k *playbook.Keywords) source.Node { return k.BecomeFlags }), o.BecomeFlags)
	})
	to.BecomeExe = or(r.text("ansible_become_exe"), func() string {
		return r.keyword(kw(func(k *playbook.Keywords) source.Node { return k.BecomeExe }), o.BecomeExe)
	})
}
