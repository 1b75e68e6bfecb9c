package ssh

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"

	"fleet/internal/source"
)

// knownHosts are the known_hosts files as they were read.
type knownHosts struct {
	db    *knownhosts.HostKeyDB
	stamp string // sizes and times of the files
}

// plainKeys are the kinds of host keys that are asked for when nothing is known
// of the host. Certificates are not: without an authority they prove nothing.
var plainKeys = []string{ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
	ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}

// known reads the target's known_hosts files, or returns what was read of them
// if they are as they were.
func (d *Dialer) known(t *target) (*knownhosts.HostKeyDB, error) {
	var files []string
	var stamp strings.Builder
	for _, f := range append(slices.Clone(t.knownHosts), t.globalHosts...) {
		info, err := os.Stat(f)
		if err != nil || info.IsDir() {
			continue
		}
		files = append(files, f)
		fmt.Fprintf(&stamp, "%d %d ", info.Size(), info.ModTime().UnixNano())
	}
	key := strings.Join(files, "\n")
	d.mu.Lock()
	defer d.mu.Unlock()
	if k := d.knownHosts[key]; k != nil && k.stamp == stamp.String() {
		return k.db, nil
	}
	db, err := knownhosts.NewDB(files...)
	if err != nil {
		return nil, source.Errorf(source.Pos{}, "cannot read known_hosts: %s", strings.TrimPrefix(err.Error(), "knownhosts: ")).
			WithHint("remove that line, or make the file readable")
	}
	if d.knownHosts == nil {
		d.knownHosts = map[string]*knownHosts{}
	}
	d.knownHosts[key] = &knownHosts{db, stamp.String()}
	return db, nil
}

// hostKeyAlgorithms returns the kinds of keys to ask the host for: those that
// are known of it, so that it does not answer with another one.
func (l *login) hostKeyAlgorithms() ([]string, error) {
	if l.t.checking == Off {
		return nil, nil
	}
	db, err := l.d.known(l.t)
	if err != nil {
		return nil, err
	}
	if algorithms := db.HostKeyAlgorithms(l.t.keyAddr()); len(algorithms) > 0 {
		return algorithms, nil
	}
	return plainKeys, nil
}

// checkHostKey is the ssh.HostKeyCallback.
func (l *login) checkHostKey(_ string, remote net.Addr, key ssh.PublicKey) error {
	err := l.hostKeyError(remote, key)
	l.mu.Lock()
	l.sawHost = true
	l.hostKey = err
	l.mu.Unlock()
	return err
}

func (l *login) hostKeyError(remote net.Addr, key ssh.PublicKey) error {
	if l.t.checking == Off {
		return nil
	}
	db, err := l.d.known(l.t)
	if err != nil {
		return setup(l.t.String(), err)
	}
	err = db.HostKeyCallback()(l.t.keyAddr(), remote, key)
	switch {
	case err == nil:
		return nil
	case knownhosts.IsHostUnknown(err) && l.t.checking == AcceptNew:
		return l.d.record(l.t, remote, key)
	}
	return l.t.hostKeyError(err, key)
}

// hostKeyError says why the key is refused.
func (t *target) hostKeyError(err error, key ssh.PublicKey) error {
	e := &Error{Reason: HostKey, Host: t.String(), Err: err}
	var changed *xknownhosts.KeyError
	var revoked *xknownhosts.RevokedError
	switch {
	case errors.As(err, &revoked):
		e.Msg = fmt.Sprintf("the host's key %s is revoked (%s:%d)", describe(key), revoked.Revoked.Filename, revoked.Revoked.Line)
	case errors.As(err, &changed) && len(changed.Want) > 0:
		want := nearest(changed.Want, key)
		e.Msg = fmt.Sprintf("the host's key has changed: it shows %s, and %s:%d has %s",
			describe(key), want.Filename, want.Line, describe(want.Key))
		e.Hint = fmt.Sprintf("someone may be in between; if the host was set up anew: ssh-keygen -f %q -R %q",
			want.Filename, knownhosts.Normalize(t.keyAddr()))
	case errors.As(err, &changed):
		e.Msg = fmt.Sprintf("the host's key %s is not known", describe(key))
		e.Hint = fmt.Sprintf("compare it on the host's console, then ssh %s once; or choose host key checking accept-new", t.sshArgs())
	default:
		e.Msg = "the host's key is refused: " + strings.TrimPrefix(err.Error(), "ssh: ")
	}
	return e
}

// nearest returns the known key of the same kind, or the first one.
func nearest(want []xknownhosts.KnownKey, key ssh.PublicKey) xknownhosts.KnownKey {
	for _, w := range want {
		if w.Key.Type() == key.Type() {
			return w
		}
	}
	return want[0]
}

// record adds the key to the first known_hosts file. Where that cannot be
// written, the key is taken for this time, with a warning, as OpenSSH does.
func (d *Dialer) record(t *target, remote net.Addr, key ssh.PublicKey) error {
	if len(t.knownHosts) == 0 {
		return nil
	}
	d.recording.Lock()
	defer d.recording.Unlock()
	file := t.knownHosts[0]
	unlock, f, err := lockAppend(file)
	if err != nil {
		d.warn(fmt.Sprintf("the key of %s cannot be recorded: %v", t, err))
		return nil
	}
	defer unlock()
	// Another login, or another program, may have recorded a key in the meantime.
	db, err := d.known(t)
	if err != nil {
		return setup(t.String(), err)
	}
	if err := db.HostKeyCallback()(t.keyAddr(), remote, key); err == nil {
		return nil
	} else if !knownhosts.IsHostUnknown(err) {
		return t.hostKeyError(err, key)
	}
	name := knownhosts.Normalize(t.keyAddr())
	if t.hashHosts {
		name = xknownhosts.HashHostname(name)
	}
	line := name + " " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) + "\n"
	if !endsInNewline(f) {
		line = "\n" + line
	}
	if _, err := f.WriteString(line); err != nil {
		d.warn(fmt.Sprintf("the key of %s cannot be recorded: %v", t, err))
	}
	return nil
}

// lockAppend opens the file to add lines, and locks it against other programs.
func lockAppend(file string) (unlock func(), f *os.File, err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, nil, err
	}
	f, err = os.OpenFile(file, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("cannot lock %s: %w", file, err)
	}
	return func() { f.Close() }, f, nil
}

func endsInNewline(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return true
	}
	last := make([]byte, 1)
	_, err = f.ReadAt(last, info.Size()-1)
	return err != nil || bytes.Equal(last, []byte("\n"))
}
