package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"fleet/internal/source"
)

// maxPassphrases is how often the user is asked for one key.
const maxPassphrases = 3

// keyFile is one private key. It is read once in a run, and asks for its
// passphrase once, when a host is ready to take the key.
type keyFile struct {
	path string
	load sync.Once
	err  error // why it cannot be used
	pub  ssh.PublicKey
	data []byte // where it is encrypted

	mu     sync.Mutex
	signer ssh.Signer
	locked map[string]error // why it could not be decrypted, by the passphrase that was given
}

// key returns the key in the file.
func (d *Dialer) key(path string) *keyFile {
	d.mu.Lock()
	if d.keys == nil {
		d.keys = map[string]*keyFile{}
	}
	k := d.keys[path]
	if k == nil {
		k = &keyFile{path: path}
		d.keys[path] = k
	}
	d.mu.Unlock()
	k.load.Do(func() { k.err = k.read() })
	return k
}

func (k *keyFile) read() error {
	info, err := os.Stat(k.path)
	if err != nil {
		return k.unreadable(err)
	}
	data, err := source.ReadFile(k.path)
	if err != nil {
		return k.unreadable(err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && ownedByMe(info) && bytes.Contains(data, []byte("PRIVATE KEY")) {
		return source.Errorf(source.Pos{File: k.path}, "the private key has mode %04o: others can read it", mode).
			WithHint("chmod 600 %s", k.path)
	}
	signer, err := ssh.ParsePrivateKey(data)
	var missing *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &missing):
		k.data = data
		return k.readPublic(missing.PublicKey)
	case err != nil:
		e := source.Errorf(source.Pos{File: k.path}, "not a private key: %s", strings.TrimPrefix(err.Error(), "ssh: "))
		if bytes.HasPrefix(data, []byte("ssh-")) || bytes.HasPrefix(data, []byte("ecdsa-")) {
			e.Hint = "this is a public key: name the file without .pub"
		}
		return e
	}
	k.signer, k.pub = signer, signer.PublicKey()
	return nil
}

func (k *keyFile) unreadable(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return source.Errorf(source.Pos{File: k.path}, "cannot read the private key: %w", err)
}

// readPublic finds the public half of an encrypted key: old formats have it
// only in the file beside.
func (k *keyFile) readPublic(known ssh.PublicKey) error {
	if known != nil {
		k.pub = known
		return nil
	}
	data, err := source.ReadFile(k.path + ".pub")
	if err == nil {
		k.pub, _, _, _, err = ssh.ParseAuthorizedKey(data)
	}
	if err != nil {
		return source.Errorf(source.Pos{File: k.path}, "the private key is encrypted, and %s.pub is not there to know it by", k.path).
			WithHint("ssh-keygen -y -f %s > %s.pub", k.path, k.path)
	}
	return nil
}

// unusable returns why the key could not be decrypted before with this passphrase
// given, or nil.
func (k *keyFile) unusable(given string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.signer != nil {
		return nil
	}
	return k.locked[given]
}

// encrypted reports whether the file has to be decrypted.
func (k *keyFile) encrypted() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.data != nil
}

// unlock returns the decrypted key. The first time it takes the given
// passphrase, if there is one and it fits, and asks for it otherwise.
func (k *keyFile) unlock(ctx context.Context, d *Dialer, given string) (ssh.Signer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.signer != nil || k.locked[given] != nil {
		return k.signer, k.locked[given]
	}
	if given != "" && k.decrypt(given) {
		return k.signer, nil
	}
	if d.Passphrase == nil && given != "" {
		return nil, k.lock(given, source.Errorf(source.Pos{File: k.path}, "wrong passphrase for the private key").
			WithHint("check ansible_ssh_private_key_passphrase"))
	}
	if d.Passphrase == nil {
		return nil, k.lock(given, source.Errorf(source.Pos{File: k.path}, "the private key is encrypted, and nobody can be asked for its passphrase").
			WithHint("ssh-add %s", k.path))
	}
	for range maxPassphrases {
		d.asking.Lock()
		phrase, err := d.Passphrase(ctx, k.path)
		d.asking.Unlock()
		if err != nil {
			return nil, err
		}
		if k.decrypt(phrase) {
			return k.signer, nil
		}
	}
	return nil, k.lock(given, source.Errorf(source.Pos{File: k.path}, "wrong passphrase for the private key"))
}

func (k *keyFile) lock(given string, why error) error {
	if k.locked == nil {
		k.locked = map[string]error{}
	}
	k.locked[given] = why
	return why
}

// decrypt reports whether the passphrase fits, and keeps the decrypted key.
func (k *keyFile) decrypt(passphrase string) bool {
	signer, err := ssh.ParsePrivateKeyWithPassphrase(k.data, []byte(passphrase))
	if err != nil {
		return false
	}
	k.signer, k.data = signer, nil
	return true
}

// lazySigner is a key that is decrypted when a host is ready to take it.
type lazySigner struct {
	l *login
	k *keyFile
}

func (s lazySigner) PublicKey() ssh.PublicKey { return s.k.pub }

func (s lazySigner) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	return s.SignWithAlgorithm(rand, data, "")
}

func (s lazySigner) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	s.l.clock.pause()
	signer, err := s.k.unlock(s.l.ctx, s.l.d, s.l.t.passphrase)
	s.l.clock.resume()
	if err != nil {
		s.l.endedBy(s.k, err)
		return nil, err
	}
	if as, ok := signer.(ssh.AlgorithmSigner); ok && algorithm != "" {
		return as.SignWithAlgorithm(rand, data, algorithm)
	}
	return signer.Sign(rand, data)
}

// certified returns signers for the certificates that belong to the key: the
// file beside it and those that ssh_config names.
func certified(signer ssh.Signer, path string, certificates []string) []ssh.Signer {
	var out []ssh.Signer
	for _, file := range append([]string{path + "-cert.pub"}, certificates...) {
		data, err := source.ReadFile(file)
		if err != nil {
			continue
		}
		pub, _, _, _, err := ssh.ParseAuthorizedKey(data)
		cert, ok := pub.(*ssh.Certificate)
		if err != nil || !ok {
			continue
		}
		if s, err := ssh.NewCertSigner(cert, signer); err == nil {
			out = append(out, s)
		}
	}
	return out
}

func describe(pub ssh.PublicKey) string {
	return fmt.Sprintf("%s %s", pub.Type(), ssh.FingerprintSHA256(pub))
}
