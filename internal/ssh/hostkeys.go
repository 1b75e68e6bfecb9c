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

	"golang.org/x/crypto/ssh"

	"fleet/internal/source"
	"fleet/internal/ssh/knownhosts"
)

// knownHosts are the known_hosts files as they were read.
type knownHosts struct {
	db    *knownhosts.DB
	files []fileStamp
}

// fileStamp tells whether a file is as it was.
type fileStamp struct {
	name  string
	size  int64
	wrote int64 // nanoseconds since 1970
}

// plainKeys are the kinds of host keys that are asked for when nothing is known
// of the host. Certificates are not: without an authority they prove nothing.
var plainKeys = []string{ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
	ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}

// known reads the target's known_hosts files, or returns what was read of them
// if they are as they were.
func (d *Dialer) known(t *target) (*knownHosts, error) {
	var stamps []fileStamp
	var names []string
	for _, f := range slices.Concat(t.knownHosts, t.globalHosts) {
		if stamp, ok := stampOf(f); ok {
			stamps, names = append(stamps, stamp), append(names, f)
		}
	}
	key := strings.Join(names, "\n")
	d.mu.Lock()
	defer d.mu.Unlock()
	if k := d.knownHosts[key]; k != nil && slices.Equal(k.files, stamps) {
		return k, nil
	}
	db, err := knownhosts.Read(names...)
	if err != nil {
		return nil, source.Errorf(source.Pos{}, "cannot read known_hosts: %w", err).
			WithHint("remove that line, or make the file readable")
	}
	if d.knownHosts == nil {
		d.knownHosts = map[string]*knownHosts{}
	}
	k := &knownHosts{db, stamps}
	d.knownHosts[key] = k
	return k, nil
}

func stampOf(file string) (fileStamp, bool) {
	info, err := os.Stat(file)
	if err != nil || info.IsDir() {
		return fileStamp{}, false
	}
	return fileStamp{file, info.Size(), info.ModTime().UnixNano()}, true
}

// added takes over a line of so many bytes that was appended, so that the files
// are not read again for it; unless somebody else has written too.
func (d *Dialer) added(k *knownHosts, file, name string, key ssh.PublicKey, size int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(k.files, func(s fileStamp) bool { return s.name == file })
	if i < 0 {
		return
	}
	now, ok := stampOf(file)
	if ok && now.size == k.files[i].size+int64(size) {
		k.db.Add(file, name, key)
		k.files[i] = now
	}
}

// hostKeyAlgorithms returns the kinds of keys to ask the host for: those that
// are known of it, so that it does not answer with another one.
func (l *login) hostKeyAlgorithms() ([]string, error) {
	if l.t.checking == Off {
		return nil, nil
	}
	k, err := l.d.known(l.t)
	if err != nil {
		return nil, err
	}
	return k.db.Algorithms(l.t.keyAddr(), plainKeys), nil
}

// checkHostKey is the ssh.HostKeyCallback.
func (l *login) checkHostKey(_ string, _ net.Addr, key ssh.PublicKey) error {
	err := l.hostKeyError(key)
	l.mu.Lock()
	l.sawHost = true
	l.hostKey = err
	l.mu.Unlock()
	return err
}

func (l *login) hostKeyError(key ssh.PublicKey) error {
	if l.t.checking == Off {
		return nil
	}
	k, err := l.d.known(l.t)
	if err != nil {
		return setup(l.t.String(), err)
	}
	err = k.db.Check(l.t.keyAddr(), key)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, knownhosts.ErrUnknown) && l.t.checking == AcceptNew:
		return l.d.record(l.t, key)
	}
	return l.t.hostKeyError(err, key)
}

// hostKeyError says why the key is refused.
func (t *target) hostKeyError(err error, key ssh.PublicKey) error {
	e := &Error{Reason: HostKey, Host: t.String(), Err: err}
	var changed *knownhosts.ChangedError
	var revoked *knownhosts.RevokedError
	switch {
	case errors.As(err, &revoked):
		e.Msg = fmt.Sprintf("the host's key %s is revoked (%s:%d)", describe(key), revoked.Entry.File, revoked.Entry.Line)
	case errors.As(err, &changed):
		want := nearest(changed.Want, key)
		e.Msg = fmt.Sprintf("the host's key has changed: it shows %s, and %s:%d has %s",
			describe(key), want.File, want.Line, describe(want.Key))
		e.Hint = fmt.Sprintf("someone may be in between; if the host was set up anew: ssh-keygen -f %q -R %q",
			want.File, t.keyName())
	case errors.Is(err, knownhosts.ErrUnknown):
		e.Msg = fmt.Sprintf("the host's key %s is not known", describe(key))
		e.Hint = fmt.Sprintf("compare it on the host's console, then ssh %s once; or choose host key checking accept-new", t.sshArgs())
	default:
		e.Msg = "the host's key is refused: " + strings.TrimPrefix(err.Error(), "ssh: ")
	}
	return e
}

// nearest returns the known key of the same kind, or the first one.
func nearest(want []knownhosts.Entry, key ssh.PublicKey) knownhosts.Entry {
	for _, w := range want {
		if w.Key.Type() == key.Type() {
			return w
		}
	}
	return want[0]
}

// record adds the key to the first known_hosts file. Where that cannot be
// written, the key is taken for this time, with a warning, as OpenSSH does.
func (d *Dialer) record(t *target, key ssh.PublicKey) error {
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
	k, err := d.known(t)
	if err != nil {
		return setup(t.String(), err)
	}
	if err := k.db.Check(t.keyAddr(), key); err == nil {
		return nil
	} else if !errors.Is(err, knownhosts.ErrUnknown) {
		return t.hostKeyError(err, key)
	}
	name := t.keyName()
	if t.hashHosts {
		name = knownhosts.Hash(name)
	}
	line := knownhosts.Line(name, key) + "\n"
	if !endsInNewline(f) {
		line = "\n" + line
	}
	if _, err := f.WriteString(line); err != nil {
		d.warn(fmt.Sprintf("the key of %s cannot be recorded: %v", t, err))
		return nil
	}
	d.added(k, file, t.keyName(), key, len(line))
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
