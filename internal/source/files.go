package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"gopkg.in/yaml.v3"

	"fleet/internal/jinja/vault"
)

// Keys decrypts texts in the format of Ansible's vault. It is safe for concurrent
// use.
type Keys interface {
	// Decrypt returns what a vault holds. With hide it may never be shown.
	Decrypt(vault string, hide bool) ([]byte, error)
}

// Files reads the operator's files. With Keys it decrypts those that are vaults,
// and the values in them that are. The zero value refuses both.
type Files struct {
	Keys Keys
	// Duplicate decides about a key that stands twice in a mapping: its error, or nil
	// for the later value. It may be called by many goroutines; nil refuses all.
	Duplicate func(*Error) error
}

// ErrNoVaultPassword says that something is encrypted, and no password is known.
var ErrNoVaultPassword error = &Error{Msg: "Attempting to decrypt but no vault secrets found"}

// Read returns what a file holds, decrypted where it is a vault.
func (f Files) Read(path string) ([]byte, error) {
	data, _, err := f.read(path)
	return data, err
}

func (f Files) read(path string) (data []byte, encrypted bool, err error) {
	data, err = ReadFile(path)
	if err != nil {
		return nil, false, readError(path, err)
	}
	if !isVault(data) {
		return data, false, nil
	}
	data, err = f.decrypt(Pos{File: path}, string(data), false)
	return data, true, err
}

// Open opens a file; where it is a vault, what it holds.
func (f Files) Open(path string) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	start := make([]byte, len(vault.Magic)+1)
	n, _ := file.ReadAt(start, 0) // what cannot be read is said to whoever reads it
	if !isVault(start[:n]) {
		return file, nil
	}
	file.Close()
	data, err := f.Read(path)
	if f.Keys == nil || errors.Is(err, ErrNoVaultPassword) {
		// Ansible's sentence for a file that a task sends.
		e := &Error{Msg: "A vault password or secret must be specified to decrypt " + path, Err: ErrNoVaultPassword}
		err = e.WithHint(VaultHint)
	}
	return io.NopCloser(bytes.NewReader(data)), err
}

// maxEndless bounds what is read of a file that has no size, in bytes.
const maxEndless = 64 << 20

// ReadFile reads a file of the operator's as os.ReadFile does, and gives up on what
// never ends, as some devices.
func ReadFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil || info.Mode().IsRegular() || info.IsDir() {
		return os.ReadFile(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxEndless+1))
	if err == nil && len(data) > maxEndless {
		err = &os.PathError{Op: "read", Path: path, Err: fmt.Errorf("it is no regular file, and holds more than %d MiB", maxEndless>>20)}
	}
	return data, err
}

func isVault(data []byte) bool {
	return vault.IsVault(string(data[:min(len(data), len(vault.Magic)+1)]))
}

// decrypt returns what a vault at pos holds.
func (f Files) decrypt(pos Pos, text string, hide bool) ([]byte, error) {
	if f.Keys == nil {
		return nil, Errorf(pos, "%w", ErrNoVaultPassword).WithHint(VaultHint)
	}
	plain, err := f.Keys.Decrypt(text, hide)
	if err != nil {
		return nil, DecryptError(pos, err)
	}
	return plain, nil
}

// ErrClosed is in the chain of the error where a vault could not be opened with the
// passwords that there are.
var ErrClosed error = &Error{Msg: "Decryption failed"}

// DecryptError says that what stands at pos could not be decrypted, and why.
func DecryptError(pos Pos, err error) error {
	if errors.Is(err, ErrNoVaultPassword) {
		return Errorf(pos, "%w", ErrNoVaultPassword).WithHint("%s", HintOf(err))
	}
	both := fmt.Errorf("%w: %w", ErrClosed, err)
	return &Error{Pos: pos, Msg: both.Error(), Hint: HintOf(err), Err: both}
}

// VaultHint is the next step where a vault's password is missing.
const VaultHint = "give the password with --vault-password-file, --vault-id or --ask-vault-pass"

// YAML is ReadYAML for files that may be vaults.
func (f Files) YAML(path string) ([]Node, error) {
	data, encrypted, err := f.read(path)
	if err != nil {
		return nil, err
	}
	return readable(f.parse(path, data, encrypted))
}

// Parse is ParseYAML for text that may hold encrypted values.
func (f Files) Parse(file string, data []byte) ([]Node, error) {
	return readable(f.parse(file, data, false))
}

// readable refuses documents with tags that mean nothing here.
func readable(docs []Node, err error) ([]Node, error) {
	for _, d := range docs {
		if err == nil {
			err = d.readable()
		}
	}
	return docs, err
}

// Vaulted reports whether the node is an encrypted value.
func (n Node) Vaulted() bool {
	if n.Node == nil || n.Kind != yaml.ScalarNode || n.Style&yaml.TaggedStyle == 0 {
		return false
	}
	tag := n.ShortTag()
	return tag == "!vault" || tag == "!vault-encrypted"
}

// Decrypt returns what an encrypted value holds. It must not be shown.
func (n Node) Decrypt() (string, error) {
	text := strings.TrimSpace(n.Text())
	if !vault.IsVault(text) {
		return "", n.Errorf("the value is tagged %s and is no vault", n.ShortTag()).WithHint(`it starts with "$ANSIBLE_VAULT;"`)
	}
	var keys Keys
	if n.doc != nil {
		keys = n.doc.keys
	}
	plain, err := Files{Keys: keys}.decrypt(n.Pos(), text, true)
	return string(plain), err
}

// Encrypted reports whether the node's whole file was a vault.
func (n Node) Encrypted() bool { return n.doc != nil && n.doc.encrypted }

// readable returns an error for the first node that has a tag which means nothing
// here.
func (n Node) readable() error {
	for _, p := range n.Pairs() {
		if err := p.Value.readable(); err != nil {
			return err
		}
	}
	for _, item := range n.Items() {
		if err := item.readable(); err != nil {
			return err
		}
	}
	if n.Node == nil || n.Style&yaml.TaggedStyle == 0 || n.Vaulted() {
		return nil
	}
	return n.tagged()
}

// ExpandPath returns a path as Ansible reads it on its command line and in its
// settings: ~ is the home folder, and $NAME a variable of the environment.
func ExpandPath(path string) string {
	path = os.Expand(path, func(name string) string {
		if v, ok := os.LookupEnv(name); ok {
			return v
		}
		return "$" + name
	})
	if path == "~" || strings.HasPrefix(path, "~/") {
		if home, err := os.UserHomeDir(); err == nil {
			return home + path[1:]
		}
	}
	return path
}
