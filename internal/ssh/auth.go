package ssh

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"fleet/internal/source"
)

// maxPasswords is how often the user is asked for one host's password.
const maxPasswords = 3

// login is one attempt to log in.
type login struct {
	d     *Dialer
	t     *target
	ctx   context.Context
	clock *clock // stands still while the user is asked

	agentConn net.Conn // or nil

	mu       sync.Mutex
	tried    []string         // for the error, in order
	badKeys  []error          // why keys could not be used
	offered  map[*keyFile]int // signers of each file
	ways     int              // signers and passwords, all together
	ended    error            // why the key that the host wanted could not be used
	others   bool             // there are ways besides that key
	hostKey  error            // why the host's key was refused
	sawHost  bool             // the host has shown its key
	password string           // the last one the user gave
}

// close ends what the login alone needs.
func (l *login) close() {
	if l.agentConn != nil {
		l.agentConn.Close()
	}
}

func (l *login) keyError(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.ContainsFunc(l.badKeys, func(e error) bool { return e.Error() == err.Error() }) {
		l.badKeys = append(l.badKeys, err)
	}
}

// endedBy notes that the login ends because the host takes a key that cannot be
// used.
func (l *login) endedBy(k *keyFile, err error) {
	l.keyError(err)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended, l.others = err, k.unusable(l.t.passphrase) != nil && l.ways > l.offered[k]
}

func (l *login) try(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.tried, what) {
		l.tried = append(l.tried, what)
	}
}

// methods returns the ways to log in, in the order in which they are tried.
func (l *login) methods() ([]ssh.AuthMethod, error) {
	signers, err := l.signers()
	if err != nil {
		return nil, err
	}
	l.ways = len(signers)
	if l.t.password != "" || l.d.Password != nil {
		l.ways++
	}
	var methods []ssh.AuthMethod
	if len(signers) > 0 {
		methods = append(methods, ssh.PublicKeys(signers...))
	}
	switch {
	case l.t.password != "":
		methods = append(methods, ssh.PasswordCallback(l.givePassword), ssh.KeyboardInteractive(l.answer))
	case l.d.Password != nil:
		methods = append(methods, ssh.RetryableAuthMethod(ssh.PasswordCallback(l.askPassword), maxPasswords),
			ssh.RetryableAuthMethod(ssh.KeyboardInteractive(l.answer), maxPasswords))
	}
	return methods, nil
}

// signers returns the keys in OpenSSH's order: those that were named, the
// agent's, the files that ssh_config or OpenSSH itself name. Where a key is in
// the agent, the agent signs.
func (l *login) signers() ([]ssh.Signer, error) {
	var named, listed, locked []ssh.Signer
	take := func(to *[]ssh.Signer, k *keyFile) {
		if err := k.unusable(l.t.passphrase); err != nil {
			l.keyError(err)
			locked = append(locked, lazySigner{l, k}) // the agent may have it
		} else {
			*to = append(*to, l.file(k)...)
		}
	}
	for _, path := range l.t.keyFiles {
		switch k := l.d.key(path); {
		case k.err == nil:
			take(&named, k)
		case k.encrypted():
			l.keyError(k.err)
		default:
			return nil, k.err
		}
	}
	for _, path := range l.t.configKeys {
		if k := l.d.key(path); k.err == nil {
			take(&listed, k)
		} else if source.HintOf(k.err) != "" { // not one that is just absent
			l.d.warn(k.err.Error() + ": the key is not used")
			l.keyError(k.err)
		}
	}
	fromAgent := l.agentSigners()
	if l.t.identitiesOnly {
		fromAgent = slices.DeleteFunc(fromAgent, func(s ssh.Signer) bool {
			return !has(named, s) && !has(listed, s) && !has(locked, s)
		})
	}
	var all []ssh.Signer
	add := func(signers []ssh.Signer) {
		for _, s := range signers {
			if !has(all, s) {
				all = append(all, s)
			}
		}
	}
	add(preferAgent(named, fromAgent))
	add(fromAgent)
	add(listed)
	return all, nil
}

// preferAgent replaces the signers that the agent has too.
func preferAgent(signers, fromAgent []ssh.Signer) []ssh.Signer {
	out := slices.Clone(signers)
	for i, s := range out {
		if j := index(fromAgent, s); j >= 0 {
			out[i] = fromAgent[j]
		}
	}
	return out
}

func index(signers []ssh.Signer, s ssh.Signer) int {
	blob := string(s.PublicKey().Marshal())
	return slices.IndexFunc(signers, func(o ssh.Signer) bool { return string(o.PublicKey().Marshal()) == blob })
}

func has(signers []ssh.Signer, s ssh.Signer) bool { return index(signers, s) >= 0 }

func (l *login) file(k *keyFile) []ssh.Signer {
	signer := k.signer
	if signer == nil {
		signer = lazySigner{l, k}
	}
	l.try(fmt.Sprintf("key %s (%s)", k.path, describe(k.pub)))
	signers := append(certified(signer, k.path, l.t.certificates), signer)
	if l.offered == nil {
		l.offered = map[*keyFile]int{}
	}
	l.offered[k] = len(signers)
	return signers
}

// agentSigners returns the agent's keys. An agent that does not answer has none.
func (l *login) agentSigners() []ssh.Signer {
	if l.t.agent == "" {
		return nil
	}
	conn, err := (&net.Dialer{}).DialContext(l.ctx, "unix", l.t.agent)
	if err != nil {
		l.d.warn(fmt.Sprintf("the SSH agent at %s cannot be reached: %v", l.t.agent, err))
		return nil
	}
	l.agentConn = conn
	defer context.AfterFunc(l.ctx, func() { conn.Close() })()
	signers, err := agent.NewClient(conn).Signers()
	if err != nil {
		l.d.warn(fmt.Sprintf("the SSH agent at %s has no keys to give: %v", l.t.agent, err))
		return nil
	}
	for _, s := range signers {
		l.try("agent key " + describe(s.PublicKey()))
	}
	return signers
}

func (l *login) givePassword() (string, error) {
	l.try("the given password")
	return l.t.password, nil
}

// askPassword asks the user, but for one host and user once in a run.
func (l *login) askPassword() (string, error) {
	l.clock.pause()
	defer l.clock.resume()
	l.d.asking.Lock()
	defer l.d.asking.Unlock()
	l.d.mu.Lock()
	known, ok := l.d.passwords[l.t.String()]
	l.d.mu.Unlock()
	if ok && l.password == "" {
		l.password = known
		return known, nil
	}
	given, err := l.d.Password(l.ctx, l.t.String()+"'s password: ")
	if err != nil {
		return "", err
	}
	l.try("the password that was typed")
	l.password = given
	return given, nil
}

// keepPassword keeps the typed password for the next login on the same host.
func (l *login) keepPassword() {
	if l.password == "" {
		return
	}
	l.d.mu.Lock()
	defer l.d.mu.Unlock()
	if l.d.passwords == nil {
		l.d.passwords = map[string]string{}
	}
	l.d.passwords[l.t.String()] = l.password
}

// answer answers keyboard-interactive questions: the one for the password, and
// through the user those for anything else.
func (l *login) answer(_, _ string, questions []string, echos []bool) ([]string, error) {
	answers := make([]string, len(questions))
	for i, q := range questions {
		var err error
		switch asksPassword := !echos[i] && strings.Contains(strings.ToLower(q), "password"); {
		case asksPassword && l.t.password != "":
			answers[i], err = l.givePassword()
		case asksPassword && l.d.Password != nil:
			answers[i], err = l.askPassword()
		default:
			answers[i], err = l.askUser(q)
		}
		if err != nil {
			return nil, err
		}
	}
	return answers, nil
}

func (l *login) askUser(question string) (string, error) {
	if l.d.Password == nil {
		return "", fmt.Errorf("the host asks %q, and nobody can be asked", question)
	}
	l.clock.pause()
	defer l.clock.resume()
	l.d.asking.Lock()
	defer l.d.asking.Unlock()
	return l.d.Password(l.ctx, l.t.String()+": "+strings.TrimSpace(question)+" ")
}

// refused says why the host let nobody in, and which keys were not shown to it.
func (l *login) refused(cause error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	unused, next := l.unused()
	e := &Error{Reason: Auth, Host: l.t.String(), Err: cause,
		Hint: cmp.Or(next, fmt.Sprintf("ssh-copy-id %s lets your key in; -k asks for a password", l.t.sshArgs()))}
	switch {
	case len(l.tried) > 0 && unused != "":
		e.Msg = "the host refused the login: it did not take " + strings.Join(l.tried, ", ") + "; not used: " + unused
	case len(l.tried) > 0:
		e.Msg = "the host refused the login: it did not take " + strings.Join(l.tried, ", ")
	case unused != "":
		e.Msg, e.Hint = unused, next
	default:
		e.Msg = "the host accepts no key and no password: nothing was there to try"
	}
	if l.t.password != "" {
		e.Hint = "check ansible_password, or what was typed for -k"
	}
	if strings.Contains(cause.Error(), "oo many authentication failures") {
		e.Hint = "name the right key with --private-key or IdentityFile, and set IdentitiesOnly in ssh_config: the host counts every key that is tried"
	}
	return e
}

// unused names the keys that could not be used, with the reason for each, and
// what to do about the first one for which that is known.
func (l *login) unused() (keys, hint string) {
	var said []string
	for _, err := range l.badKeys {
		said = append(said, err.Error())
		hint = cmp.Or(hint, source.HintOf(err))
	}
	return strings.Join(said, ", "), hint
}

// sshArgs returns how the host is named on the command line of ssh.
func (t *target) sshArgs() string {
	if t.port == 22 {
		return t.user + "@" + t.host
	}
	return fmt.Sprintf("-p %d %s@%s", t.port, t.user, t.host)
}
