package crypto

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"

	"fleet/internal/spec"
	"fleet/internal/tasks/sys"
)

// OpensshKeypair makes a key of SSH: the private one in a file, the public one
// beside it with ".pub" at its end.
//
// A key of another type or size is made anew unless regenerate says otherwise. A
// public key that is missing or another's is written anew.
//
// Example:
//
//	tasks:
//	  - openssh_keypair:
//	      path: /home/deploy/.ssh/id_ed25519
//	      type: ed25519
//	      comment: deploy@web1
//	    become: true
//	    become_user: deploy
var OpensshKeypair = sys.Define(spec.Module{
	Name:  "openssh_keypair",
	Names: []string{"community.crypto.openssh_keypair", "community.general.openssh_keypair"},
}, opensshKeypair)

type opensshKeypairArgs struct {
	// The file of the private key.
	Path string `arg:"path,required" type:"path"`
	// Whether the key shall be there.
	State string `arg:"state" choices:"absent,present" default:"present"`
	// The algorithm.
	Type string `arg:"type" choices:"ecdsa,ed25519,rsa" default:"rsa"`
	// The size in bits: 4096 for rsa where none is given; 256, 384 or 521 for ecdsa.
	Size int `arg:"size"`
	// Makes the key anew although it is as asked.
	Force bool `arg:"force"`
	// The comment in the public key. Without it a new key has none, and an existing
	// one keeps its own.
	Comment *string `arg:"comment"`
	// What the private key is encrypted with. A new one is then written as
	// private_key_format says, which has to be pkcs1 or pkcs8. That the passphrase
	// is the right one of a key in OpenSSH's own format is not tested.
	Passphrase string `arg:"passphrase,secret"`
	// How a new private key is written; auto is ssh.
	PrivateKeyFormat string `arg:"private_key_format" choices:"auto,pkcs1,pkcs8,ssh" default:"auto"`
	// When an existing key is made anew. never: not at all; fail: the task fails
	// where the key is not as asked; partial_idempotence: where it is not as asked,
	// and the task fails where it cannot be read; full_idempotence: in both cases;
	// always: each time.
	Regenerate string `arg:"regenerate" choices:"always,fail,full_idempotence,never,partial_idempotence" default:"partial_idempotence"`
	// Taken and not used: there is one implementation.
	Backend string `arg:"backend" choices:"auto,cryptography,opensshbin" default:"auto"`
	sys.Perms
}

type opensshKeypairResult struct {
	// The size in bits.
	Size int `json:"size"`
	// The algorithm.
	Type string `json:"type"`
	// The file of the private key.
	Filename string `json:"filename"`
	// The digest of the key, as ssh-keygen -l shows it.
	Fingerprint string `json:"fingerprint"`
	// The public key, as authorized_keys has it.
	PublicKey string `json:"public_key"`
	// The comment in it.
	Comment string `json:"comment"`
}

func opensshKeypair(ctx context.Context, m *sys.Machine, a *opensshKeypairArgs) (any, error) {
	if err := a.size(); err != nil {
		return nil, err
	}
	private, err := open(m, &fileArgs{Path: a.Path, Perms: a.Perms})
	if err != nil {
		return nil, err
	}
	public, err := open(m, &fileArgs{Path: a.Path + ".pub", Perms: a.Perms})
	if err != nil {
		return nil, err
	}
	private.secret = true
	res := &opensshKeypairResult{Size: a.Size, Type: a.Type, Filename: private.Path}
	if a.State == "absent" {
		if err := private.remove(ctx); err != nil {
			return res, err
		}
		return res, public.remove(ctx)
	}
	have, err := a.examine(private)
	if err != nil {
		return nil, err
	}
	if have == nil {
		have, err = a.generate(ctx, private)
	} else {
		err = a.comment(ctx, private, have, public.data)
	}
	if err != nil {
		return nil, err
	}
	if have != nil {
		res.Fingerprint, res.PublicKey, res.Comment = have.public.fingerprint(), have.public.String(), have.public.comment
	}
	return res, publish(ctx, public, have)
}

// size completes and checks the size.
func (a *opensshKeypairArgs) size() error {
	switch {
	case a.Type == "ed25519":
		a.Size = 256
	case a.Size == 0 && a.Type == "rsa":
		a.Size = 4096
	case a.Size == 0:
		a.Size = 256
	case a.Type == "rsa" && a.Size < 1024:
		return fmt.Errorf("argument \"size\" is %d: a key of type rsa has at least 1024 bits", a.Size)
	case a.Type == "ecdsa" && a.Size != 256 && a.Size != 384 && a.Size != 521:
		return fmt.Errorf("argument \"size\" is %d: a key of type ecdsa has 256, 384 or 521 bits", a.Size)
	}
	return nil
}

// examine returns the existing key; nil where it has to be made.
func (a *opensshKeypairArgs) examine(f *file) (*sshPrivate, error) {
	if f.data == nil || a.Force || a.Regenerate == "always" {
		return nil, nil
	}
	have, err := parseSSH(f.data, a.Passphrase)
	switch {
	case err != nil && a.Regenerate == "full_idempotence":
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("the key in %q cannot be read: %w\nhint: regenerate: full_idempotence makes it anew", f.Path, err)
	}
	kind, size := have.public.about()
	switch {
	case a.Regenerate == "never", kind == a.Type && size == a.Size:
		return have, nil
	case a.Regenerate == "fail":
		return nil, fmt.Errorf("the key in %q is %s of %d bits, not %s of %d\nhint: regenerate: partial_idempotence makes it anew", f.Path, kind, size, a.Type, a.Size)
	}
	return nil, nil
}

// generate makes a new key. It returns nil in check mode.
func (a *opensshKeypairArgs) generate(ctx context.Context, f *file) (*sshPrivate, error) {
	if a.Passphrase != "" && (a.PrivateKeyFormat == "auto" || a.PrivateKeyFormat == "ssh") {
		return nil, errors.New("a key with a passphrase cannot be written in OpenSSH's own format\nhint: private_key_format: pkcs8, which OpenSSH reads too")
	}
	var made *sshPrivate
	err := f.replace(ctx, func(context.Context) ([]byte, error) {
		private, err := a.newKey()
		if err != nil {
			return nil, err
		}
		made = &sshPrivate{key: private}
		if made.public, err = sshPublicOf(private, a.words("")); err != nil {
			return nil, err
		}
		if a.PrivateKeyFormat == "pkcs1" || a.PrivateKeyFormat == "pkcs8" {
			return encode(private, a.PrivateKeyFormat, a.Passphrase)
		}
		return encodeSSH(private, made.public.comment)
	})
	return made, err
}

func (a *opensshKeypairArgs) newKey() (crypto.PrivateKey, error) {
	if a.Type == "ecdsa" {
		curve := map[int]elliptic.Curve{256: elliptic.P256(), 384: elliptic.P384(), 521: elliptic.P521()}[a.Size]
		return ecdsa.GenerateKey(curve, rand.Reader)
	}
	return newKey(map[string]string{"rsa": "RSA", "ed25519": "Ed25519"}[a.Type], a.Size, "")
}

// words returns the comment that the key shall have.
func (a *opensshKeypairArgs) words(own string) string {
	if a.Comment != nil {
		return *a.Comment
	}
	return own
}

// comment gives a key that is there its comment, and its file the permissions.
func (a *opensshKeypairArgs) comment(ctx context.Context, f *file, have *sshPrivate, public []byte) error {
	own := have.public.comment
	if p, err := parseSSHPublic(string(public)); err == nil && string(p.blob) == string(have.public.blob) {
		own = p.comment
	}
	have.public.comment = a.words(own)
	inside, err := parseSSH(f.data, a.Passphrase)
	if err != nil || inside.encrypted || have.key == nil || !isOwnFormat(f.data) || inside.public.comment == have.public.comment {
		return f.keep(ctx)
	}
	return f.replace(ctx, func(context.Context) ([]byte, error) { return encodeSSH(have.key, have.public.comment) })
}

// publish brings the public key's file to what belongs to the private one.
func publish(ctx context.Context, f *file, have *sshPrivate) error {
	if have == nil {
		return f.replace(ctx, nil)
	}
	p, err := parseSSHPublic(string(f.data))
	if err == nil && p.String() == have.public.String() {
		return f.keep(ctx)
	}
	return f.replace(ctx, func(context.Context) ([]byte, error) { return []byte(have.public.String() + "\n"), nil })
}
